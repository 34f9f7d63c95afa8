"""What can be published, and what is refused before anything is sent."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hub_commands import changes, hearing, publish, run, writes
from hub_server import Answer, ClientError, Hub, serve
from hub_user import User, user
from safetensors.torch import load_file, save_file

from mmgen.catalogue import ModelEntry, read_registry
from mmgen.catalogue_index import write_toml

TRAINING = {
    "architecture": "tiny-net",
    "data": {"name": "org/squares", "num_train": 9000, "num_held_out": 1000},
    "config": {"trainer": {"noise": 0.1}, "training": {"steps": 300}},
    "steps": 300,
    "evaluation": {
        "step": 300,
        "figures": {"error": 0.25, "odd": float("nan")},
        "standard_errors": {"error": 0.01, "odd": float("nan")},
        "num_pictures": 1000,
    },
}


def read_entry(done: dict[str, Any], folder: Path) -> ModelEntry:
    """Read the entry of a publication as the catalogue reads it."""
    path = folder / "registry.toml"
    path.write_text(write_toml({"schema": 1, "plugin": "p", "models": [done["entry"]]}))
    (entry,) = read_registry(path).models
    return entry


def is_refused(words: str, hub: Hub, publisher: User, source: object, **about: Any) -> None:
    with pytest.raises(ClientError, match=words) as error:
        publish(publisher, source, "org/refused", about=about)
    assert "MmgenError" in error.value.kinds, error.value
    assert writes(hub) == 0


def test_a_run(hub: Hub, publisher: User, model: Path, repo: str, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "run" / "model")
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "run" / "model" / "training.json").write_text(json.dumps(TRAINING))
    (tmp_path / "run" / "model" / ".secret.json").write_text("{}")
    (tmp_path / "run" / "model" / "optimizer.bin").write_bytes(b"-")
    done = publish(publisher, tmp_path / "run", repo)
    assert set(changes(done)["added"]) == {
        "README.md",
        "config.json",
        "model.safetensors",
        "samples.png",
        "training.json",
    }
    entry = read_entry(done, tmp_path)
    assert (entry.repo, entry.revision) == (repo, hub.head(repo))
    assert entry.data == "org/squares"
    (figure,) = entry.figures  # one that is no number is left out
    assert (figure.name, figure.value, figure.standard_error) == ("error", 0.25, 0.01)
    assert figure.protocol == "1000 held-out pictures of org/squares, after 300 steps"
    files = hub.files(repo)
    assert entry.files
    for file in entry.files:
        assert len(files[file.path]) == file.bytes


def test_a_model_in_memory(hub: Hub, publisher: User, puller: User, model: Path, repo: str) -> None:
    code = """
model = mmgen.from_pretrained(folder)
pushed = model.push_to_hub(repo, tag="v1").commit
again = mmgen.publish(model, repo).commit
[pushed, again, mmgen.publish(Path(folder), repo).commit]
"""
    commits = publisher.run(code, folder=str(model), repo=repo)
    assert set(commits) == {hub.head(repo, "v1")}
    assert puller.load(f"{repo}@v1").pictures == publisher.load(str(model)).pictures


PUSH = """
model = mmgen.from_pretrained(name)
exec(change)
from dataclasses import asdict
asdict(model.push_to_hub(to, **settings))
"""


def push(
    user: User, name: object, to: str, change: str = "", settings: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Load a model, change it and push it; return the publication and what was heard."""
    with hearing(user) as heard:
        done = user.run(PUSH, name=str(name), to=to, change=change, settings=settings or {})
    return done, heard


def test_a_model_in_memory_takes_the_record_of_its_training_along(
    hub: Hub, publisher: User, model: Path, repo: str, tmp_path: Path
) -> None:
    run_folder = tmp_path / "run"
    shutil.copytree(model, run_folder / "model")
    (run_folder / "model" / "training.json").write_text(json.dumps(TRAINING))
    by_name = publish(publisher, run_folder, f"{repo}-by-name")
    pushed, heard = push(publisher, run_folder, repo)
    assert heard == []
    assert hub.files(repo)["training.json"].decode() == json.dumps(TRAINING)
    assert "9,000 pictures to learn from" in pushed["card"]
    for key in ("data", "figures", "files", "licence", "summary"):
        assert pushed["entry"][key] == by_name["entry"][key]
    again, _ = push(publisher, repo, f"{repo}-copy")
    assert hub.files(f"{repo}-copy")["training.json"] == hub.files(repo)["training.json"]
    assert again["entry"]["figures"] == pushed["entry"]["figures"]


def test_a_model_that_was_changed_in_memory_has_no_record(
    hub: Hub, publisher: User, model: Path, repo: str, tmp_path: Path
) -> None:
    run_folder = tmp_path / "run"
    shutil.copytree(model, run_folder)
    (run_folder / "training.json").write_text(json.dumps(TRAINING))
    changes_made = {
        "next(model.parameters()).data[0] += 1": "is not that of",
        "model.bfloat16()": "is not that of",
        "import shutil; shutil.rmtree(name)": "does not exist",
    }
    for number, (change, words) in enumerate(changes_made.items()):
        done, heard = push(publisher, run_folder, f"{repo}-{number}", change)
        (said,) = heard
        assert words in said
        assert "published as it is in memory, without a record of its training" in said
        assert "training.json" not in hub.files(f"{repo}-{number}")
        assert done["entry"]["figures"] == []


def test_a_model_of_the_zoo_in_memory(hub: Hub, publisher: User, repo: str) -> None:
    done, heard = push(publisher, "vae-mnist", repo)
    assert heard == []
    assert publish(publisher, "vae-mnist", repo)["commit"] == done["commit"]
    assert done["entry"]["name"] == "vae-mnist"
    assert "training.json" in hub.files(repo)


def test_a_model_of_the_zoo(
    hub: Hub, publisher: User, puller: User, repo: str, tmp_path: Path
) -> None:
    done = publish(publisher, "vae-mnist", repo)
    code = "from mmgen.catalogue import catalogue\ncatalogue().find('vae-mnist').summary"
    entry = read_entry(done, tmp_path)
    assert entry.name == "vae-mnist"
    assert entry.summary == publisher.run(code)
    assert entry.licence["data"] == "CC BY-SA 3.0"
    assert len(entry.figures) == 3
    assert "label/config.json" in hub.files(repo)
    assert puller.load(repo).pictures == publisher.load("vae-mnist").pictures


def test_a_model_of_the_hub(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    first = publish(publisher, model, repo, about={"licence": "MIT"})
    done = publish(publisher, f"{repo}@{first['commit']}", f"{repo}-copy")
    assert hub.files(f"{repo}-copy")["config.json"] == (model / "config.json").read_bytes()
    assert done["entry"]["licence"] == {"weights": "mit"}  # as its card says


def test_a_folder_that_does_not_load(
    hub: Hub, publisher: User, model: Path, tmp_path: Path
) -> None:
    is_refused("does not exist", hub, publisher, tmp_path / "nowhere")
    is_refused("config.json", hub, publisher, tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    weights = load_file(broken / "model.safetensors")
    name = sorted(weights)[0]
    save_file({**weights, "extra": torch.zeros(1)}, broken / "model.safetensors")
    is_refused("extra", hub, publisher, broken)
    weights[name].view(-1)[0] = float("nan")
    save_file(weights, broken / "model.safetensors")
    is_refused("(?i)nan", hub, publisher, broken)
    (broken / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    is_refused("model.safetensors", hub, publisher, broken)
    (broken / "training.json").write_text("[")
    shutil.copyfile(model / "model.safetensors", broken / "model.safetensors")
    is_refused("training.json is not valid JSON", hub, publisher, broken)


def test_a_card_that_is_not_one(hub: Hub, publisher: User, model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "model")
    for metadata, words in (("a: [", "are not YAML"), ("- a", "keys and values")):
        (tmp_path / "model" / "README.md").write_text(f"---\n{metadata}\n---\nwords\n")
        is_refused(words, hub, publisher, tmp_path / "model")


@pytest.mark.parametrize("name", ["vae-mnist", "a/b/c", "/b", "a/", "org/a b"])
def test_a_name_that_is_none(hub: Hub, publisher: User, model: Path, name: str) -> None:
    with pytest.raises(ClientError, match="repository") as error:
        publish(publisher, model, name)
    assert "MmgenError" in error.value.kinds
    assert writes(hub) == 0


def test_a_model_that_needs_a_condition(
    hub: Hub, publisher: User, repo: str, tmp_path: Path
) -> None:
    code = """
from dataclasses import dataclass
from mmgen.families import Family
from mmgen.hookspecs import hookimpl
from mmgen.slots import Slot
from mmgen.testing.tiny import network
import types, sys

class Painter(network.TinyInpainter):
    spatial_slots = (Slot(name="image", modality="image", required=True),)
module = types.ModuleType("painter")
module.Painter = Painter
sys.modules["painter"] = module

class Plugin:
    MMGEN_API = 1
    @hookimpl
    def mmgen_families(self):
        one = tiny.architecture("painter", "painter:Painter")
        return [Family(name="painting", summary="for a test", architectures=(one,))]
painting = temporary_plugin(Plugin(), "painting")
painting.__enter__()
from mmgen.pretrained import build
import torch
torch.manual_seed(0)
from PIL import Image
Image.new("L", (6, 8), 77).save(picture)
str(build("painter", {}).save(folder))
"""
    folder, picture = tmp_path / "painter", tmp_path / "given.png"
    publisher.run(code, folder=str(folder), picture=str(picture))
    try:
        is_refused("needs 'image'.*--sample image=VALUE", hub, publisher, folder)
        done = publish(publisher, folder, repo, about={"conditions": {"image": str(picture)}})
    finally:
        publisher.run("painting.__exit__(None, None, None)")
    assert f"--image {picture}" in done["card"]


def test_by_xet(publisher: User, model: Path, other: Path, tmp_path: Path) -> None:
    with serve(tmp_path / "hub", xet=True) as hub:
        token = hub.token("write")
        with user(hub, tmp_path / "a", token=token, xet=True) as client:
            first = publish(client, model, "org/model")
            second = publish(client, other, "org/model", tag="v2")
            assert publish(client, other, "org/model")["commit"] == second["commit"]
            assert changes(second)["changed"] == ["model.safetensors", "samples.png"]
            run(client, "cache", "remove", "org/model", "--yes")
            found = client.load(f"org/model@{first['commit']}").pictures
            assert found == publisher.load(str(model)).pictures
            assert client.load("org/model@v2").pictures == publisher.load(str(other)).pictures
        assert hub.count("POST *.git/info/lfs*") == 0


def test_by_xet_to_a_hub_without(hub: Hub, model: Path, repo: str, tmp_path: Path) -> None:
    with (
        user(hub, tmp_path, token=hub.token("write"), xet=True) as client,
        pytest.raises(ClientError, match=r"has no Xet storage.*HF_HUB_DISABLE_XET=1") as error,
    ):
        publish(client, model, repo)
    assert error.value.kind == "HubError"
    assert set(hub.files(repo)) == {".gitattributes"}


REGISTRY = "from mmgen.publishing.move import find_registry\nstr(find_registry('vae'))"


@dataclass
class Checkout:
    """A copy of the zoo's checkout, and somebody who publishes from it."""

    root: Path
    package: Path
    user: User

    @property
    def registry(self) -> dict[str, Any]:
        return tomllib.loads((self.package / "registry.toml").read_text())

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }


@pytest.fixture
def checkout(hub: Hub, publisher: User, tmp_path: Path) -> Iterator[Checkout]:
    before = Path(publisher.run(REGISTRY))
    root = tmp_path / "checkout"
    package = root / "plugins" / "mmgen-plugin-vae" / "mmgen_plugin_vae"
    source = Path(__file__).parents[2]
    ignored = shutil.ignore_patterns("__pycache__", "models")
    shutil.copytree(source / "mmgen", root / "mmgen", ignore=ignored)
    shutil.copytree(before.parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(source / "registry.toml", root / "registry.toml")
    variables = {"PYTHONPATH": f"{root}:{package.parent}", "PYTHONSAFEPATH": "1"}
    with user(hub, tmp_path / "home", token=hub.token("write"), **variables) as client:
        assert Path(client.run(REGISTRY)) == package / "registry.toml"
        yield Checkout(root, package, client)


def test_an_entry_moves_from_the_plugin_to_the_hub(hub: Hub, checkout: Checkout, repo: str) -> None:
    client, bundle = checkout.user, checkout.package / "models" / "vae-mnist"
    old, before = checkout.registry, checkout.files()
    pictures = client.load("vae-mnist").pictures
    arguments = ["publish", "vae-mnist", "--to", repo, "--catalogue"]
    planned = run(client, *arguments, "--dry-run")
    assert planned.code == 0, planned.err
    assert f"would be removed: {bundle}" in planned.out
    assert checkout.files() == before
    result = run(client, *arguments)
    assert result.code == 0, result.err
    loaded = client.load("vae-mnist")
    for line in (
        f"entered in {checkout.package / 'registry.toml'}",
        f"rebuilt: {checkout.root / 'registry.toml'}",
        f"removed: {bundle}",
    ):
        assert f"\n{line}" in result.err
        assert f"\nwould be {line}" in planned.out
    assert (loaded.source, loaded.revision) == ("hub", hub.head(repo))
    assert loaded.pictures == pictures
    gone = {path for path in before if path not in checkout.files()}
    assert gone == {path for path in before if "/models/vae-mnist/" in path}
    assert client.load("vae-fashion").source == "package"

    new = checkout.registry
    moved = next(model for model in new["models"] if model["name"] == "vae-mnist")
    bundled = next(model for model in old["models"] if model["name"] == "vae-mnist")
    assert bundled.pop("folder") == "models/vae-mnist"
    assert moved == {**bundled, "repo": repo, "revision": hub.head(repo)}
    assert [m for m in new["models"] if m["name"] != "vae-mnist"] == [
        m for m in old["models"] if m["name"] != "vae-mnist"
    ]
    assert {k: v for k, v in new.items() if k != "models"} == {
        k: v for k, v in old.items() if k != "models"
    }
    (printed,) = tomllib.loads(result.out)["models"]
    assert printed == moved
    (indexed,) = [m for m in read_registry(checkout.root / "registry.toml").models if m.repo]
    assert (indexed.name, indexed.revision) == ("vae-mnist", hub.head(repo))

    again = run(client, *arguments, "--json").data  # from the Hub: nothing is left to be done
    assert {change["what"] for change in again["changes"]} == {"kept"}
    assert again["move"]["removed"] is None
    assert checkout.registry == new


def test_python_moves_an_entry_as_the_shell_does(hub: Hub, checkout: Checkout, repo: str) -> None:
    push(checkout.user, "vae-mnist", repo, settings={"catalogue": True})
    assert not (checkout.package / "models" / "vae-mnist").exists()
    (indexed,) = [m for m in read_registry(checkout.root / "registry.toml").models if m.repo]
    assert (indexed.name, indexed.revision) == ("vae-mnist", hub.head(repo))


def test_where_a_publication_fails_the_catalogue_stays(
    hub: Hub, checkout: Checkout, repo: str
) -> None:
    before = checkout.files()
    settings: dict[str, Any] = {"catalogue": True, "tag": "v1"}
    for pattern, skip in (("GET */tree/*", 1), ("POST */tag/*", 0)):
        hub.fault(pattern, Answer(403), times=None, skip=skip)
        with pytest.raises(ClientError):
            publish(checkout.user, "vae-mnist", repo, **settings)
        assert checkout.files() == before
        hub.faults.clear()
    assert publish(checkout.user, "vae-mnist", repo, **settings)["commit"] == hub.head(repo)


def test_a_plugin_without_a_registry_is_refused_before(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    with pytest.raises(ClientError, match=r"has no registry\.toml"):
        publish(publisher, model, repo, catalogue=True)
    assert writes(hub) == 0
