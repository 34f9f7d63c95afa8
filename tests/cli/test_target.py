"""MODEL, before anything heavy is imported."""

import json
from pathlib import Path

from mmgen.cli.target import find_target


def test_only_labels_are_held_to_their_classes(tmp_path: Path) -> None:
    # An encoder of texts may know classes as well: its slot takes any text all the same.
    encoders = {"label": "label-embedding", "text": "text-transformer"}
    config = {"architecture": "gan", "family": "gan", "conditioner": {"slots": list(encoders)}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    for slot, architecture in encoders.items():
        (tmp_path / slot).mkdir()
        part = {"architecture": architecture, "config": {"classes": ["a", "b"]}}
        (tmp_path / slot / "config.json").write_text(json.dumps(part))
    (slot_found,) = find_target(f"{tmp_path}/").slots
    assert (slot_found.name, slot_found.classes) == ("label", ("a", "b"))
