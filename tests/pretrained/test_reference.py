"""From what the user names to a verified model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import mmgen
from mmgen.catalogue import catalogue
from mmgen.catalogue_index import write_toml
from mmgen.errors import (
    InputError,
    ModelFileError,
    UnknownNameError,
    UnsupportedOperationError,
)
from mmgen.families import API_VERSION, Format
from mmgen.hookspecs import hookimpl
from mmgen.hub.verdicts import file_sha256
from mmgen.interfaces import Generator, Model
from mmgen.pretrained import build, from_pretrained, load_folder, reference
from mmgen.pretrained.reference import read_device, read_dtype
from mmgen.testing import temporary_plugin


@pytest.mark.parametrize("form", [str, Path])
def test_a_folder_is_named_by_its_path(saved: Path, form: Any) -> None:
    model = from_pretrained(form(saved))
    assert isinstance(model, Generator)
    assert model.origin is not None
    assert (model.origin.name, model.origin.source) == (str(saved), "folder")
    assert set(model.origin.sha256) == {
        "config.json",
        "model.safetensors",
        "label/config.json",
        "label/model.safetensors",
        "text/config.json",
        "text/model.safetensors",
    }
    assert model.origin.sha256["config.json"] == file_sha256(saved / "config.json")
    assert mmgen.from_pretrained is from_pretrained


@pytest.mark.parametrize("name", ["./model", Path("model"), Path("./model")])
def test_a_folder_here_is_named_with_a_slash_or_a_path(
    saved: Path, monkeypatch: pytest.MonkeyPatch, name: str | Path
) -> None:
    monkeypatch.chdir(saved.parent)
    model = from_pretrained(name)
    assert model.origin is not None
    assert model.origin.name == "./model"


def test_a_folder_named_without_a_slash_is_pointed_out(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    with pytest.raises(UnknownNameError, match=r"a folder is named with a slash: \./model"):
        from_pretrained("model")


def test_a_run_is_its_model(saved: Path) -> None:
    assert from_pretrained(saved.parent).identity.architecture == "tiny-net"


@pytest.mark.parametrize("name", ["./no-such-folder", "/no/such/folder", "~/no-such-folder-here"])
def test_a_folder_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        from_pretrained(name)


@pytest.mark.parametrize("name", ["a b/c", "a/b/c", "a/b@", "@/x"])
def test_what_is_neither_folder_nor_repository_is_refused(name: str) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        from_pretrained(name)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown model 'no-such-model'"):
        from_pretrained("no-such-model")


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (None, torch.float32),
        ("bfloat16", torch.bfloat16),
        ("float16", torch.float16),
        (torch.bfloat16, torch.bfloat16),
    ],
)
def test_the_type_is_as_asked(saved: Path, dtype: Any, expected: torch.dtype) -> None:
    assert from_pretrained(saved, dtype=dtype, device="cpu").dtype == expected


@pytest.mark.parametrize("dtype", ["int8", "float64", "bf16", torch.int8, torch.float64])
def test_other_types_are_refused_before_anything_is_read(dtype: Any) -> None:
    with pytest.raises(InputError, match="dtype must be one of float32, float16, bfloat16"):
        from_pretrained("/no/such/folder", dtype=dtype)
    assert read_dtype("float32") is torch.float32


@pytest.mark.parametrize("device", ["gpu", "cuda:x", ""])
def test_a_word_that_is_no_device_is_refused(device: str) -> None:
    with pytest.raises(UnsupportedOperationError, match=r"is cpu, cuda, cuda:1, mps, …$"):
        from_pretrained("/no/such/folder", device=device)


@pytest.mark.parametrize("device", ["cuda:99", "meta", "xpu:7"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(UnsupportedOperationError, match=r"is not available here .*; use cpu"):
        from_pretrained("/no/such/folder", device=device)
    assert read_device("cpu") == torch.device("cpu")


@pytest.fixture
def in_catalogue(saved: Path, tmp_path: Path) -> Iterator[Path]:
    """A plugin that brings the saved model as 'tiny-pets'."""
    files = [
        {"path": p.relative_to(saved).as_posix(), "sha256": file_sha256(p), "bytes": 1}
        for p in sorted(saved.rglob("*"))
        if p.is_file()
    ]
    entry = {
        "name": "tiny-pets",
        "kind": "generator",
        "family": "tiny",
        "architecture": "tiny-net",
        "summary": "pets",
        "tasks": ["unconditional-image-generation"],
        "parameters": 1,
        "bytes": 1,
        "data": "made up",
        "licence": {"code": "Apache-2.0"},
        "folder": "model",
        "files": files,
    }
    path = tmp_path / "registry.toml"
    path.write_text(write_toml({"schema": 1, "plugin": "mmgen-plugin-pets", "models": [entry]}))

    class Pets:
        MMGEN_API = API_VERSION

        @hookimpl
        def mmgen_models(self) -> str:
            return str(path)

    with temporary_plugin(Pets(), "pets"):
        yield saved


def test_only_files_that_nobody_writes_to_are_mapped(
    in_catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def watched(folder: Path, *, mapped: bool) -> Model:
        asked.append(mapped)
        return load_folder(folder, mapped=mapped)

    monkeypatch.setattr(reference, "load_folder", watched)
    from_pretrained("tiny-pets")
    from_pretrained(in_catalogue)
    assert asked == [True, False]


def test_a_zoo_name_is_found_in_the_catalogue(in_catalogue: Path) -> None:
    model = from_pretrained("tiny-pets")
    assert model.origin is not None
    assert (model.origin.name, model.origin.source, model.origin.revision) == (
        "tiny-pets",
        "package",
        "0",
    )
    assert catalogue().find("tiny-pets").installed


@pytest.mark.parametrize("name", ["model.safetensors", "label/config.json"])
def test_a_file_that_is_not_the_one_published_is_refused(in_catalogue: Path, name: str) -> None:
    path = in_catalogue / name
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ModelFileError, match=r"is not the file that was published: sha256"):
        from_pretrained("tiny-pets")


def test_a_file_that_is_missing_from_a_published_model_is_named(in_catalogue: Path) -> None:
    (in_catalogue / "label" / "model.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"label/model\.safetensors is missing"):
        from_pretrained("tiny-pets")


def test_weights_that_are_missing_from_the_package_say_what_to_reinstall(
    in_catalogue: Path,
) -> None:
    in_catalogue.rename(in_catalogue.with_name("gone"))
    with pytest.raises(ModelFileError, match="pip install --force-reinstall mmgen-plugin-pets"):
        from_pretrained("tiny-pets")


def test_a_revision_is_for_repositories(in_catalogue: Path) -> None:
    with pytest.raises(InputError, match="'tiny-pets' is a zoo name"):
        from_pretrained("tiny-pets", revision="main")


READER: dict[str, Any] = {}


def read_other_zoo(folder: Path) -> Model | None:
    """Read what another library wrote, if it did."""
    data = json.loads((folder / "config.json").read_text())
    if data.get("model_type") != "other":
        return None
    if READER.get("fails"):
        raise KeyError("weights")
    return build("tiny-net", {})


class OtherZoo:
    MMGEN_API = API_VERSION

    @hookimpl
    def mmgen_formats(self) -> list[Format]:
        return [Format(name="other-zoo", summary="x", reader=f"{__name__}:read_other_zoo")]


def test_a_folder_of_another_library_is_read_by_the_plugin_that_knows_it(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "config.json").write_text('{"model_type": "other"}')
    with pytest.raises(ModelFileError, match="not written by mmgen"):
        from_pretrained(foreign)
    with temporary_plugin(OtherZoo(), "other"):
        model = from_pretrained(foreign)
        assert not model.training
        assert model.origin is not None
        assert from_pretrained(saved).identity.architecture == "tiny-net"
        monkeypatch.setitem(READER, "fails", True)
        with pytest.raises(ModelFileError, match="mmgen-plugin-other could not read it as"):
            from_pretrained(foreign)
        (foreign / "config.json").write_text('{"model_type": "third"}')
        with pytest.raises(ModelFileError, match="not written by mmgen"):
            from_pretrained(foreign)
