"""config.json: every key is known, or the file is refused and named."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmgen.errors import MmgenError, ModelFileError, NotInstalledError
from mmgen.pretrained import load_folder

CONDITIONER = {"width": 5, "dropout": 0.1, "slots": ["label", "text"], "required": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": 1}, r"unknown key 'colour'\. Known: format, kind"),
        ({"famly": "tiny"}, "unknown key 'famly'; did you mean 'family'"),
        ({"format": 2}, "format 2, this mmgen reads up to 1; run pip install --upgrade mmgen-core"),
        ({"format": 0}, "'format' must be a number from 1"),
        ({"format": "1"}, "'format' must be a number from 1"),
        ({"format": True}, "'format' must be a number from 1"),
        ({"format": 10**3000}, "has format 1000"),
        ({"format": [[1]]}, "'format' is missing or of the wrong type|must be a number"),
        ({"family": "x" * 10_000}, "'family' must be a name; got 'xxx"),
        ({"x" * 10_000: 1}, "unknown key 'xxx"),
        ({"format": ...}, "not written by mmgen"),
        ({"architecture": ...}, "not written by mmgen"),
        ({"architecture": 5}, "'architecture' is missing or of the wrong type"),
        ({"architecture": "tiny-nte"}, "unknown architecture 'tiny-nte'; did you mean 'tiny-net'"),
        ({"architecture": "label-embedding"}, "label-embedding"),
        ({"kind": "decoder"}, "'kind' must be generator or encoder"),
        ({"kind": "encoder"}, "'tiny-net' is no encoder"),
        ({"family": ...}, "'family' is missing"),
        ({"config": []}, "'config' is missing or of the wrong type"),
        ({"config": {"hieght": 4}}, "unknown option 'hieght'; did you mean 'height'"),
        ({"config": {"height": 0}}, "'height' must be at least 1"),
        ({"config": {"height": "tall"}}, "'height' takes int"),
        ({"config": {"height": 10**12}}, "cannot be built|lacks|shape"),
        ({"plugin": {"name": 5}}, "'plugin' must hold texts"),
        ({"plugin": None}, "'plugin' is missing"),
        ({"parts": ["../other"]}, "'../other' is not the name of a file beside it"),
        ({"parts": ["/etc"]}, "not the name of a file"),
        ({"parts": [".."]}, "not the name of a file"),
        ({"parts": ["a\\b"]}, "not the name of a file"),
        ({"parts": [5]}, "not the name of a file"),
        ({"parts": ["label", "label"]}, "twice"),
        ({"parts": ["a\0b"]}, "not the name of a file"),
        ({"parts": ["x" * 300]}, "not the name of a file"),
        ({"parts": ["\u202elabel"]}, "not the name of a file"),
        ({"parts": ["label", "text", "more"]}, r"more.config\.json does not exist"),
        ({"parts": ["label"]}, "slot 'text' has no encoder among the parts"),
        ({"parts": "label"}, "'parts' is missing or of the wrong type"),
        ({"assets": ["../x"]}, "not the name of a file"),
        ({"conditioner": {}}, r"conditioner\.width is missing"),
        ({"conditioner": CONDITIONER | {"extra": 1}}, "unknown key 'extra' in 'conditioner'"),
        ({"conditioner": CONDITIONER | {"width": 0}}, "at least 1"),
        ({"conditioner": CONDITIONER | {"width": True}}, "wrong type"),
        ({"conditioner": CONDITIONER | {"dropout": False}}, "wrong type"),
        ({"conditioner": CONDITIONER | {"slots": ["text", "text"]}}, "must not name one twice"),
        ({"conditioner": CONDITIONER | {"join": "max"}}, r"conditioner\.join is sum or mean"),
        (
            {"conditioner": CONDITIONER | {"num_examples": -1}},
            r"conditioner\.num_examples is 0 to 100,000",
        ),
        ({"conditioner": CONDITIONER | {"num_examples": 10**6}}, "got 1000000"),
        ({"conditioner": CONDITIONER | {"num_examples": True}}, "wrong type"),
        ({"conditioner": CONDITIONER | {"required": ["mask"]}}, "required names 'mask', no slot"),
        ({"conditioner": CONDITIONER | {"required": [5]}}, "must be names"),
        ({"conditioner": CONDITIONER | {"dropout": 2}}, "0 to 1"),
        ({"conditioner": CONDITIONER | {"slots": [["label"]]}}, "must be names"),
        ({"conditioner": CONDITIONER | {"slots": 5}}, "wrong type"),
        ({"conditioner": CONDITIONER | {"width": 7}}, "must have shape"),
    ],
)
def test_a_config_that_breaks_a_rule_is_named(
    saved: Path, edit_config: Any, changes: dict[str, Any], words: str
) -> None:
    edit_config(**changes)
    with pytest.raises(MmgenError, match=words) as caught:
        load_folder(saved)
    assert str(saved) in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "must hold a JSON object; got list"),
        (b"5", "must hold a JSON object"),
        (b'{"model_type": "bert"}', "not written by mmgen"),
        (b"<html></html>", "not valid JSON"),
        (b'{"format": 1, "architecture": "a", "format": 1}', "names 'format' twice"),
        (b'{"format": NaN, "architecture": "a"}', "NaN is not a number"),
        (b'{"format": 1, "architecture": "\\ud800"}', "half a character"),
        (b'{"format": 1, "architecture": "\xe9"}', "is not UTF-8"),
        (b'{"format": ' + b"[" * 50 + b"]" * 50 + b"}", "nested more than 40 deep"),
        (b"[" + b"1," * 100_001 + b"1]", "more than 100000 values"),
        (b" " * (9 * 2**20), "larger than 2 MB"),
    ],
)
def test_what_is_no_config_is_named(saved: Path, content: bytes, words: str) -> None:
    (saved / "config.json").write_bytes(content)
    with pytest.raises(ModelFileError, match=words) as caught:
        load_folder(saved)
    assert str(saved / "config.json") in str(caught.value)


def test_a_missing_config_says_what_a_model_has(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"has config\.json and model\.safetensors"):
        load_folder(tmp_path)
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ModelFileError, match=r"config\.json"):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("plugin", "words", "command"),
    [
        (
            "mmgen-plugin-swirl",
            "family 'swirl' is not installed; run: pip install mmgen-plugin-swirl",
            "pip install mmgen-plugin-swirl",
        ),
        ("evil-package", "no plugin brings family 'swirl'", ""),
        ("mmgen-plugin-x; rm -rf ~", "no plugin brings family 'swirl'", ""),
    ],
)
def test_a_family_that_is_not_installed_names_its_plugin(
    saved: Path, edit_config: Any, plugin: str, words: str, command: str
) -> None:
    edit_config(family="swirl", plugin={"name": plugin, "version": "1"})
    with pytest.raises(NotInstalledError, match=words) as caught:
        load_folder(saved)
    assert caught.value.command == command


def test_a_misspelt_family_is_recognised(saved: Path, edit_config: Any) -> None:
    edit_config(family="tinny", plugin={"name": "x"})
    with pytest.raises(NotInstalledError, match="did you mean 'tiny'"):
        load_folder(saved)


def test_a_part_of_an_unknown_family_names_the_part(saved: Path, edit_config: Any) -> None:
    edit_config("label", family="swirl")
    with pytest.raises(NotInstalledError, match=r"label.config\.json"):
        load_folder(saved)


def test_a_part_in_anothers_place_is_refused(saved: Path, edit_config: Any) -> None:
    for part, other in (("label", "text"), ("text", "label")):
        (saved / part).rename(saved / f"{other}-new")
    for part in ("label", "text"):
        (saved / f"{part}-new").rename(saved / part)
    with pytest.raises(ModelFileError):
        load_folder(saved)


def test_the_config_is_readable_json(saved: Path) -> None:
    text = (saved / "config.json").read_text(encoding="utf-8")
    assert json.loads(text)["family"] == "tiny"
    assert text.endswith("}\n")
