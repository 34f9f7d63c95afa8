"""`mmgen list`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mmgen.plugins import Plugin, manager

Run = Callable[..., Any]


def test_a_row_says_what_a_model_is(run: Run) -> None:
    header, row = run("list").out.splitlines()
    assert header.split() == ["NAME", "FAMILY", "TASKS", "TAKES", "SIZE", "PARAMETERS", "STATUS"]
    for cell in ("tiny-pets", "inpainting", "[label], [image], [mask]", "8×8 grey", "ready"):
        assert cell in row


def test_json_is_for_programs(run: Run) -> None:
    listed = json.loads(run("list", "--json").out)
    (model,) = listed["models"]
    assert model["name"] == "tiny-pets"
    assert model["slots"][0]["classes"] == ["cat", "dog", "bird"]
    assert (model["installed"], model["weights_present"]) == (True, True)
    assert listed["broken"] == []


def test_models_of_missing_plugins_are_shown_with_their_command(
    run: Run, index: Callable[[str], None]
) -> None:
    index("mmgen-plugin-gan")
    rows = run("list").out
    assert "not installed: pip install mmgen-plugin-gan" in rows
    assert "gan-faces" not in run("list", "--installed").out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["pets"], True),
        (["PETS", "few"], True),
        (["pets", "elephants"], False),
        (["--family", "tiny"], True),
        (["--task", "inpainting"], True),
        (["--accepts", "label"], True),
        (["--accepts", "text"], False),
        (["--installed"], True),
    ],
)
def test_words_and_filters_choose_rows(run: Run, arguments: list[str], found: bool) -> None:
    result = run("list", *arguments)
    assert result.code == 0
    assert ("tiny-pets" in result.out) is found
    assert ("no model matches" in result.err) is not found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--family", "tinny"], "unknown family 'tinny'; did you mean 'tiny'?"),
        (["--task", "in-painting"], "did you mean 'inpainting'?"),
        (["--accepts", "lable"], "unknown modality 'lable'; did you mean 'label'?"),
    ],
)
def test_an_unknown_filter_is_an_error(run: Run, arguments: list[str], words: str) -> None:
    result = run("list", *arguments)
    assert (result.code, result.out) == (1, "")
    assert words in result.err


def test_a_broken_plugin_is_a_row_that_says_why(run: Run) -> None:
    manager().add(Plugin("odd", "odd-plugin", "1.0", broken="import failed: ImportError: no"))
    assert "(odd-plugin)" in run("list").out
    assert "broken: import failed: ImportError: no" in run("list").out
    (broken,) = json.loads(run("list", "--json").out)["broken"]
    assert broken["distribution"] == "odd-plugin"


def test_models_whose_plugin_is_broken_say_why(run: Run, index: Callable[[str], None]) -> None:
    index("mmgen-plugin-gan")
    manager().add(Plugin("gan", "mmgen-plugin-gan", "1.0", broken="import failed"))
    rows = [row for row in run("list").out.splitlines() if "import failed" in row]
    assert len(rows) == 1
    assert rows[0].startswith("gan-faces")
