"""Small files that a network needs beside its config and weights."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.errors import CorruptFileError, DataError, ModelFileError, OptionError
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.hub.locate import ModelFiles, verify
from mmgen.hub.model_files import model_files
from mmgen.interfaces import Embedding, Encoder
from mmgen.options import Options, option
from mmgen.plugins import Plugin, manager
from mmgen.pretrained import build_encoder, from_pretrained, load_folder
from mmgen.publishing.entry import describe_model


@dataclass(frozen=True, kw_only=True)
class AlphabetConfig(Options):
    """What can be set about the alphabet."""

    width: int = option(3, minimum=1, help="of a letter's vector")


class Alphabet(Encoder):
    """A vector for each letter that the data has."""

    modality = "text"

    def __init__(self, config: AlphabetConfig, *, assets: Mapping[str, str]) -> None:
        super().__init__(config)
        self.width = config.width
        self.letters = assets["letters.txt"]
        self.vectors = nn.Embedding(len(self.letters) + 1, config.width)

    @classmethod
    def from_data(cls, config: AlphabetConfig, values: Sequence[str]) -> "Alphabet":
        letters = "".join(sorted(set("".join(values))))
        if not letters:
            raise DataError("the texts have no letters")
        return cls(config, assets={"letters.txt": letters})

    def assets(self) -> dict[str, str]:
        return {"letters.txt": self.letters}

    def prepare(self, values: Any) -> dict[str, Tensor]:
        places = [[self.letters.find(text[:1]) + 1] for text in values]
        return {"places": torch.tensor(places)}

    def forward(self, *, places: Tensor) -> Embedding:  # type: ignore[override]
        tokens = self.vectors(places)
        return Embedding(tokens, torch.ones_like(places, dtype=torch.bool), tokens.mean(dim=1))


@pytest.fixture(autouse=True)
def alphabet() -> Iterator[None]:
    """Register the encoder."""
    module = ModuleType("alphabet_plugin")

    @hookimpl
    def mmgen_families() -> list[Family]:
        found = Architecture(
            name="alphabet",
            summary="for tests",
            kind="encoder",
            network=f"{__name__}:Alphabet",
            config=AlphabetConfig,
        )
        return [Family(name="letters", summary="for tests", architectures=(found,))]

    module.MMGEN_API = API_VERSION  # type: ignore[attr-defined]
    module.mmgen_families = mmgen_families  # type: ignore[attr-defined]
    plugin = Plugin("letters", "mmgen-letters", "1.0", module)
    manager().add(plugin)
    assert plugin.status == "ok"
    yield
    manager().block(plugin, "the test is over")
    manager().plugins.remove(plugin)


@pytest.fixture
def model() -> Encoder:
    """An encoder with letters of two scripts, and a break of lines."""
    return build_encoder("alphabet", {}, ["bäh", "数\r\n"])


def test_what_the_data_gives_is_saved_and_read_again(model: Encoder, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    assert json.loads((folder / "config.json").read_text())["assets"] == ["letters.txt"]
    again = load_folder(folder)
    assert again.assets() == {"letters.txt": "\n\rbhä数"}
    assert isinstance(again, Alphabet)
    assert torch.equal(again(**again.prepare(["数"])).pooled, model(**model.prepare(["数"])).pooled)


def test_most_encoders_take_nothing_from_the_data() -> None:
    encoder = build_encoder("label-embedding", {"classes": ["a", "b"]}, torch.zeros(3))
    assert encoder.assets() == {}
    assert encoder.identity.architecture == "label-embedding"


def test_a_generator_is_no_encoder_of_values() -> None:
    with pytest.raises(OptionError, match="an encoder is needed; 'tiny-net' is a generator"):
        build_encoder("tiny-net", {}, [])


def test_assets_are_files_of_the_model(model: Encoder, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    (folder / "notes.txt").write_text("not the model's")
    names = {"config.json", "model.safetensors", "letters.txt"}
    assert model_files(folder) == names
    assert {file["path"] for file in describe_model(model, folder)["files"]} == names
    assert set(from_pretrained(folder).origin.sha256) == names  # type: ignore[union-attr]


def test_an_asset_is_held_to_its_hash(model: Encoder, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    files = ModelFiles(name="x", folder=folder, source="folder", sha256={})
    pinned = ModelFiles(name="x", folder=folder, source="folder", sha256=verify(files))
    (folder / "letters.txt").write_text("abcdef")
    with pytest.raises(CorruptFileError, match=r"letters\.txt is not the file"):
        verify(pinned)


def test_a_missing_asset_is_named(model: Encoder, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    (folder / "letters.txt").unlink()
    with pytest.raises(ModelFileError, match=r"letters.txt is missing; config.json names it"):
        load_folder(folder)


def test_an_asset_is_text_in_utf_8(model: Encoder, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    (folder / "letters.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelFileError, match=r"letters.txt is no text in UTF-8"):
        load_folder(folder)


def test_a_huge_asset_is_not_read(
    model: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model.save(tmp_path / "model")
    monkeypatch.setattr("mmgen.pretrained.folder.MAX_ASSET_BYTES", 3)
    with pytest.raises(ModelFileError, match=r"letters.txt is larger than .*small texts"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("assets", "words"),
    [
        ([], r"cannot be built from it|has the assets letters.txt; got none"),
        (["letters.txt", "more.txt"], "more.txt is missing"),
        (["../letters.txt"], "is not the name of a file beside it"),
        (["letters.bin"], "must be a file of its own that ends in .json or .txt"),
        (["config.json"], "must be a file of its own"),
        (["letters.txt", "letters.txt"], "must not name one thing twice"),
    ],
)
def test_a_config_that_names_other_assets_is_refused(
    model: Encoder, tmp_path: Path, assets: list[str], words: str
) -> None:
    folder = model.save(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "assets": assets}))
    with pytest.raises(ModelFileError, match=words):
        load_folder(folder)


def test_assets_that_a_network_does_not_know_are_refused(model: Encoder, tmp_path: Path) -> None:
    folder = build_encoder("label-embedding", {"classes": ["a", "b"]}, None).save(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "assets": ["letters.txt"]}))
    (folder / "letters.txt").write_text("ab")
    with pytest.raises(ModelFileError, match="cannot be built from it"):
        load_folder(folder)


def test_models_of_other_assets_are_other_models(model: Encoder, tmp_path: Path) -> None:
    from mmgen.pretrained.folder import is_same

    again = load_folder(model.save(tmp_path / "model"))
    assert is_same(model, again)
    assert isinstance(again, Alphabet)
    again.letters = again.letters[::-1]
    assert not is_same(model, again)
