"""An entry is put into a registry.toml, which stays valid whatever happens."""

from pathlib import Path
from typing import Any, cast

import meeting
import pytest

from mmgen.catalogue import FigureEntry, read_registry
from mmgen.errors import ModelFileError, PluginError
from mmgen.interfaces import Conditioner
from mmgen.pretrained import build
from mmgen.publishing.entry import describe_model, enter, read_training, training_figures
from mmgen.testing import stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny

ENTRY: dict[str, Any] = {
    "name": "b",
    "kind": "generator",
    "family": "tiny",
    "architecture": "tiny-net",
    "summary": 'small "squares"',
    "tasks": ["unconditional-image-generation"],
    "parameters": 1,
    "bytes": 2,
    "data": "",
    "licence": {"weights": "MIT"},
    "files": [{"path": "config.json", "sha256": "a" * 64, "bytes": 2}],
    "repo": "org/b",
    "revision": "c" * 40,
    "figures": [],
}


def test_an_entry_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    path.write_text('schema = 1\nplugin = "p"\n\n[[families]]\nname = "tiny"\nsummary = "s"\n')
    enter(path, ENTRY | {"repo": "", "revision": "", "folder": "models/b"})
    enter(path, ENTRY | {"name": "a"})
    enter(path, ENTRY)
    found = read_registry(path)
    assert [entry.name for entry in found.models] == ["a", "b"]
    assert found.models[1].folder is None
    assert found.families == {"tiny": {"name": "tiny", "summary": "s", "plugin": "p"}}


def test_an_entry_that_breaks_the_schema_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    path.write_text('schema = 1\nplugin = "p"\n')
    with pytest.raises(PluginError, match="40-hex"):
        enter(path, ENTRY | {"revision": ""})
    assert path.read_text() == 'schema = 1\nplugin = "p"\n'
    assert [item.name for item in tmp_path.iterdir()] == ["registry.toml"]


@pytest.mark.parametrize("content", ["[", "[]", "\xff"])
def test_a_training_json_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "training.json").write_text(content, encoding="latin-1")
    with pytest.raises(ModelFileError, match=r"training\.json"):
        read_training(tmp_path)


def test_figures_of_a_training() -> None:
    assert training_figures({}) == ()
    assert training_figures({"evaluation": None}) == ()
    assert training_figures({"evaluation": {"figures": {"a": "b", "c": True}}}) == ()
    found = training_figures({"evaluation": {"figures": {"a": 2}, "num_pictures": 7}})
    assert found == (FigureEntry(name="a", value=2, protocol="7 held-out pictures"),)


def test_what_samples_were_watched_by_is_told() -> None:
    last = {"figures": {"loss": 2, "fid": 3}, "standard_errors": {"loss": 1}, "num_pictures": 7}
    training = {
        "config": {"training": {"watch_encoder": "cnn-mnist", "watch_samples": 5}},
        "data": {"name": "mnist", "num_held_out": 7},
        "steps": 9,
        "evaluation": last,
    }
    loss, fid = training_figures(training)
    assert loss.protocol == "7 held-out pictures of mnist, after 9 steps"
    assert fid.protocol == (
        "5 samples against 5 held-out pictures of mnist; features of cnn-mnist, after 9 steps"
    )


def test_the_slot_of_an_encoder_is_told(tmp_path: Path) -> None:
    with temporary_plugin(stand_in, "contract"):
        model = build("contract-words", {})
        entry = describe_model(model, model.save(tmp_path / "model"))
    assert entry["slots"] == [{"name": "text", "modality": "text", "required": True}]


@pytest.mark.parametrize(("slot", "encoder"), [("text", "contract-words"), (None, "")])
def test_words_make_it_a_model_from_text_to_pictures(
    tmp_path: Path, slot: str | None, encoder: str
) -> None:
    with temporary_plugin(stand_in, "contract"), temporary_plugin(tiny, "tiny"):
        encoders = {} if slot is None else {slot: build(encoder, {})}
        conditioner = Conditioner(cast(Any, encoders), width=5)
        model = build("tiny-net", {}, conditioner=conditioner)
        entry = describe_model(model, model.save(tmp_path / "model"))
    assert ("text-to-image" in entry["tasks"]) == (slot is not None)


def test_the_slots_of_an_encoder_of_several_modalities_are_told(tmp_path: Path) -> None:
    with temporary_plugin(stand_in, "contract"), temporary_plugin(meeting.plugin(), "meeting"):
        encoders = {"image": build("contract-pixels", {}), "text": build("contract-words", {})}
        conditioner = Conditioner(cast(Any, encoders), width=5)
        model = build("meeting", {}, conditioner=conditioner)
        entry = describe_model(model, model.save(tmp_path / "model"))
    assert entry["kind"] == "encoder"
    assert [slot["name"] for slot in entry["slots"]] == ["image", "text"]
    assert {file["path"] for file in entry["files"]} >= {"config.json", "text/model.safetensors"}
