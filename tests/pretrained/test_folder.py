"""Models in folders: what is saved is what is loaded; what is written is whole."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.errors import ModelFileError, OptionError, OutputError, UnsupportedOperationError
from mmgen.families import API_VERSION, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Conditioner, Generator, LabelEmbedding, Model
from mmgen.pretrained import build, folder, load_folder, save
from mmgen.testing import perturb, temporary_plugin
from mmgen.testing.keeping import demand_same_model
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import TinyConfig


def everything(path: Path) -> dict[str, bytes]:
    return {
        item.relative_to(path).as_posix(): item.read_bytes()
        for item in path.rglob("*")
        if item.is_file()
    }


def test_what_is_saved_is_what_is_loaded(model: Generator, saved: Path) -> None:
    loaded = load_folder(saved)
    assert isinstance(loaded, Generator)
    demand_same_model(model, loaded)
    assert not loaded.training
    assert loaded.conditioner.dropout == 0.25
    assert torch.equal(loaded.generate(2, seed=0).images, model.generate(2, seed=0).images)


def test_a_model_has_the_files_that_it_should(saved: Path) -> None:
    assert sorted(everything(saved)) == [
        "config.json",
        "label/config.json",
        "label/model.safetensors",
        "model.safetensors",
        "text/config.json",
        "text/model.safetensors",
    ]
    config = json.loads((saved / "config.json").read_text())
    assert config["plugin"] == {"name": "mmgen-plugin-tiny", "version": "0"}
    assert config["parts"] == ["label", "text"]


def test_saving_again_gives_the_same_bytes(model: Generator, saved: Path, tmp_path: Path) -> None:
    assert everything(load_folder(saved).save(tmp_path / "again")) == everything(saved)
    assert everything(model.save(saved)) == everything(saved)


def test_a_part_loads_alone(model: Generator, saved: Path) -> None:
    demand_same_model(model.conditioner.encoders["label"], load_folder(saved / "label"))  # type: ignore[arg-type]


def test_loaded_weights_can_be_trained_and_have_memory_of_their_own(saved: Path) -> None:
    loaded = load_folder(saved)
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    (saved / "model.safetensors").write_bytes(b"")
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter.add_(1)


def test_loading_leaves_torchs_random_numbers_alone(saved: Path) -> None:
    state = torch.get_rng_state()
    load_folder(saved)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_in_the_file_becomes_the_models_type(
    model: Generator, tmp_path: Path, dtype: torch.dtype
) -> None:
    loaded = load_folder(model.save(tmp_path / "half", dtype=dtype))
    assert loaded.dtype == torch.float32
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.to(dtype).float())
    assert model.dtype == torch.float32


@pytest.mark.parametrize("mapped", [False, True])
def test_pictures_are_the_same_however_the_weights_came(tmp_path: Path, mapped: bool) -> None:
    made = build("tiny-net", {"height": 33, "width": 31, "hidden": 257})
    assert isinstance(made, Generator)
    perturb(made)
    loaded = load_folder(made.save(tmp_path / "model"), mapped=mapped)
    assert isinstance(loaded, Generator)
    demand_same_model(made, loaded)
    assert torch.equal(loaded.generate(3, seed=0).images, made.generate(3, seed=0).images)
    again = load_folder(loaded.save(tmp_path / "model"), mapped=mapped)
    demand_same_model(loaded, again)


@pytest.mark.parametrize("mapped", [False, True])
def test_mapped_weights_can_be_trained_too(tmp_path: Path, mapped: bool) -> None:
    made = build("tiny-net", {"height": 100, "width": 100})
    folder = made.save(tmp_path / "model")
    before = everything(folder)
    loaded = load_folder(folder, mapped=mapped)
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter.add_(1)
    assert everything(folder) == before
    demand_same_model(made, load_folder(folder))


def test_further_files_are_saved_along(model: Generator, tmp_path: Path) -> None:
    save(model, tmp_path / "model", extra={"training.json": {"steps": 5}})
    assert json.loads((tmp_path / "model" / "training.json").read_text()) == {"steps": 5}


def test_parts_may_be_shared_and_unconditional_models_have_none(tmp_path: Path) -> None:
    plain = build("tiny-net", {})
    loaded = load_folder(plain.save(tmp_path / "plain"))
    demand_same_model(plain, loaded)
    assert sorted(everything(tmp_path / "plain")) == ["config.json", "model.safetensors"]


class TiedNet(TinyNet):
    """Has one weight under two names."""

    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.again = nn.Linear(config.hidden, self.decoder.out_features)
        self.again.weight = self.decoder.weight
        self.twice = self.hidden
        self.recurrent = nn.GRU(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.recurrent.weight_hh_l0.requires_grad_(False)


class Painter(TinyNet):
    """Is made of another model."""

    def __init__(self, config: Any, *, base: Model, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.base = base


class Greedy(TinyNet):
    """Fails for a config that its class takes."""

    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        if config.hidden == 13:
            raise ArithmeticError("thirteen")


class OddFamily:
    MMGEN_API = API_VERSION

    @hookimpl
    def mmgen_families(self) -> list[Family]:
        networks = (TiedNet, Painter, Greedy)
        return [
            Family(
                name="odd",
                summary="odd networks",
                architectures=tuple(
                    tiny.architecture(f"odd-{net.__name__.lower()}", f"{__name__}:{net.__name__}")
                    for net in networks
                ),
            )
        ]


@pytest.fixture
def _odd_family() -> Any:
    with temporary_plugin(OddFamily(), "odd"):
        yield


@pytest.mark.usefixtures("_odd_family")
def test_tied_weights_are_saved_once_and_stay_tied(tmp_path: Path) -> None:
    made = build("odd-tiednet", {})
    loaded = load_folder(made.save(tmp_path / "tied"))
    assert isinstance(loaded, TiedNet)
    assert loaded.again.weight is loaded.decoder.weight
    assert loaded.twice is loaded.hidden
    given = torch.ones(4, 1, 2)
    assert torch.equal(loaded.recurrent(given)[0], made.recurrent(given)[0])  # type: ignore[operator]
    assert loaded.num_parameters == made.num_parameters
    demand_same_model(made, loaded)


@pytest.mark.usefixtures("_odd_family")
def test_models_of_models_are_saved_whole(model: Generator, tmp_path: Path) -> None:
    label = build("label-embedding", {"classes": ("x", "y")})
    conditioner = Conditioner({"label": label}, width=3)  # type: ignore[dict-item]
    made = build("odd-painter", {}, conditioner=conditioner, parts={"base": model})
    loaded = load_folder(made.save(tmp_path / "painter"))
    demand_same_model(made, loaded)
    demand_same_model(model, load_folder(tmp_path / "painter" / "base"))
    assert (tmp_path / "painter" / "base" / "text" / "config.json").is_file()


@pytest.mark.usefixtures("_odd_family")
def test_a_part_that_an_architecture_has_not_is_refused(model: Generator) -> None:
    with pytest.raises(OptionError, match=r"'denoiser' of 'tiny-net'; it has none"):
        build("tiny-net", {}, parts={"denoiser": model})
    with pytest.raises(OptionError, match=r"'bases' of 'odd-painter'.*'base'.*; it has base"):
        build("odd-painter", {}, parts={"bases": model})


@pytest.mark.usefixtures("_odd_family")
def test_a_config_that_fits_no_network_is_named(tmp_path: Path) -> None:
    build("odd-greedy", {}).save(tmp_path / "greedy")
    path = tmp_path / "greedy" / "config.json"
    data = json.loads(path.read_text())
    data["config"]["hidden"] = 13
    path.write_text(json.dumps(data))
    with pytest.raises(ModelFileError, match=r"config\.json: .*cannot be built.*thirteen"):
        load_folder(tmp_path / "greedy")


@pytest.mark.parametrize("changes", [{"novel": 1}, {"hidden": 31}])
def test_what_another_version_of_the_plugin_wrote_is_said_where_it_does_not_fit(
    saved: Path, changes: dict[str, Any]
) -> None:
    path = saved / "config.json"
    stated = json.loads(path.read_text())
    version = stated["plugin"]["version"]
    stated["plugin"]["version"] = "9.0"
    path.write_text(json.dumps(stated))
    load_folder(saved)  # what fits is loaded, whoever wrote it
    stated["config"] |= changes
    path.write_text(json.dumps(stated))
    with pytest.raises(ModelFileError, match=r"it was saved with \S+ '9.0', installed is"):
        load_folder(saved)
    stated["plugin"]["version"] = version
    path.write_text(json.dumps(stated))
    with pytest.raises(ModelFileError) as error:
        load_folder(saved)
    assert "it was saved with" not in str(error.value)


def test_a_model_made_by_hand_is_recognised_by_its_class(tmp_path: Path) -> None:
    encoder = LabelEmbedding(LabelEmbeddingConfig(classes=("a",), width=2))
    made = TinyNet(TinyConfig(), conditioner=Conditioner({"label": encoder}, width=3))
    loaded = load_folder(made.save(tmp_path / "model"))
    assert loaded.identity.architecture == "tiny-net"
    assert loaded.parts()["label"][1].identity.architecture == "label-embedding"


def test_a_model_that_nobody_registers_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedOperationError, match="no plugin registers it"):
        TiedNet(TinyConfig()).save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_older_model_is_replaced_whole(saved: Path) -> None:
    (saved / "README.md").write_text("of the older one")
    plain = build("tiny-net", {})
    plain.save(saved)
    assert sorted(everything(saved)) == ["config.json", "model.safetensors"]
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_model_is_not_replaced(model: Generator, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "mine"
    if kind == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    else:
        target.write_text("mine")
    with pytest.raises(OutputError, match=r"holds no model|is a file"):
        model.save(target)
    assert (target / "notes.txt" if kind == "folder" else target).read_text() == "mine"


def test_an_empty_folder_is_filled(model: Generator, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert load_folder(model.save(tmp_path / "empty"))


def test_the_current_folder_can_be_meant(
    model: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    model.save(".")
    assert load_folder(tmp_path / "here")


def test_a_full_disk_leaves_the_older_model(
    model: Generator, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(saved)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder, "write_weights", refuse)
    with pytest.raises(OutputError, match="the disk is full"):
        model.save(saved)
    with pytest.raises(OutputError, match="the disk is full"):
        model.save(saved.parent / "new")
    assert everything(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from mmgen.errors import OutputError
from mmgen.pretrained import build
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
model = build("label-embedding", {"classes": ["a", "b"], "width": 10_000})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    model.save(sys.argv[1])
except OutputError as error:
    print("refused")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_system_that_refuses_to_write_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "refused"
    assert list(tmp_path.iterdir()) == []


def test_large_models_are_cut_into_shards_that_load(
    model: Generator, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = folder.write_weights
    monkeypatch.setattr(folder, "write_weights", lambda *args: write(*args, max_bytes=500))
    sharded = model.save(saved.parent / "sharded")
    names = sorted(path.name for path in sharded.glob("model*"))
    assert len(names) > 2
    assert names[0] == f"model-00001-of-{len(names) - 1:05d}.safetensors"
    assert names[-1] == "model.safetensors.index.json"
    demand_same_model(model, load_folder(sharded))


def test_parts_nested_without_end_are_refused(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    config["parts"] = [*config["parts"], "loop"]
    (saved / "config.json").write_text(json.dumps(config))
    (saved / "loop").symlink_to(saved, target_is_directory=True)
    with pytest.raises(ModelFileError, match="nested more than 8 deep"):
        load_folder(saved)


def test_parts_beside_each_other_without_end_are_refused(saved: Path) -> None:
    names = [f"part-{number}" for number in range(20)]
    config = json.loads((saved / "label" / "config.json").read_text())
    (saved / "label" / "config.json").write_text(json.dumps(config | {"parts": names}))
    leaf = saved / "leaf"
    shutil.copytree(saved / "text", leaf)
    data = json.loads((leaf / "config.json").read_text())
    (leaf / "config.json").write_text(json.dumps(data | {"parts": names}))
    end = saved / "end"
    shutil.copytree(saved / "text", end)
    for name in names:
        (saved / "label" / name).symlink_to(leaf, target_is_directory=True)
        (leaf / name).symlink_to(end, target_is_directory=True)
    with pytest.raises(ModelFileError, match="made of 200 models at most"):
        load_folder(saved)
