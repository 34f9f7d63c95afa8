"""`mmgen run --batch-file`: many requests with one load."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmgen.media.files import read_recipe

Run = Callable[..., Any]


def test_json_lines_ask_for_pictures(run: Run) -> None:
    Path("jobs.jsonl").write_text(
        '{"label": "cat", "n": 2, "seed": 1}\n'
        "\n"
        '{"label": ["dog", 2], "set": {"texture": "flat"}, "output": "sub/dogs.png"}\n'
        '{"contrast": 0.25, "output": "many"}\n'
    )
    result = run("run", "tiny-pets", "--batch-file", "jobs.jsonl", "-o", "out")
    assert result.out.split() == ["out/0000.png", "out/sub/dogs.png", "out/many/0000.png"], result
    first, second, third = (read_recipe(Path(path)) for path in result.out.split())
    assert (first["seed"], first["indices"], first["conditions"]["label"]) == (1, [0, 1], ["cat"])
    assert second["conditions"]["label"] == ["dog", "bird"]
    assert second["options"]["texture"] == "flat"
    assert third["options"]["contrast"] == 0.25


def test_csv_rows_ask_for_pictures(run: Run) -> None:
    Path("jobs.csv").write_text("label,seed,contrast\ncat,1,0.25\n,2,\n")
    result = run("run", "tiny-pets", "--batch-file", "jobs.csv", "--set", "contrast=1")
    first, second = (read_recipe(Path(path)) for path in result.out.split())
    assert (first["seed"], first["options"]["contrast"]) == (1, 0.25)
    assert (second["conditions"], second["options"]["contrast"]) == ({}, 1.0)


def test_json_is_a_line_for_each_job(run: Run) -> None:
    Path("jobs.jsonl").write_text('{"label": "cat"}\n' * 2)
    result = run("run", "tiny-pets", "--batch-file", "jobs.jsonl", "--json")
    first, second = map(json.loads, result.out.splitlines())
    assert (first["files"], second["files"]) == (["tiny-pets-0000.png"], ["tiny-pets-0001.png"])


def test_the_model_is_loaded_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmgen.cli import operations

    loads = []
    load = operations.from_pretrained
    monkeypatch.setattr(
        operations, "from_pretrained", lambda *a, **k: (loads.append(a), load(*a, **k))[1]
    )
    Path("jobs.jsonl").write_text('{"label": "cat"}\n' * 3)
    assert run("run", "tiny-pets", "--batch-file", "jobs.jsonl").code == 0
    assert len(loads) == 1


@pytest.mark.parametrize(
    ("name", "text", "code", "words"),
    [
        ("jobs.jsonl", '{"label": "cat"}\n{"label": "bat"}\n', 1, "line 2: unknown label 'bat'"),
        ("jobs.jsonl", '{"lable": "cat"}\n', 1, "line 1: unknown key 'lable'; did you mean"),
        ("jobs.jsonl", '{"n": 0}\n', 1, "line 1: 'n' is a whole number from 1"),
        ("jobs.jsonl", '{"seed": 9223372036854775808}\n', 1, "line 1: 'seed' is a whole number"),
        ("jobs.jsonl", '{"n": 1e999}\n', 1, "line 1: 'n' is a whole number"),
        ("jobs.jsonl", "[1]\n", 1, "line 1: a job is a JSON object"),
        ("jobs.jsonl", "{\n", 1, "line 1: not JSON"),
        ("jobs.jsonl", "", 1, "holds no job"),
        ("jobs.txt", "", 1, ".jsonl or .csv"),
        ("jobs.jsonl", '{"output": "a.png"}\n{"output": "a.png"}\n', 2, "two jobs write a.png"),
        ("jobs.csv", "label\ncat,1\n", 1, "more cells than columns"),
        ("jobs.csv", "label,contrast\ncat,7\n", 1, "line 2: option 'contrast' must be 0 to 1"),
    ],
)
def test_every_job_is_checked_before_the_first_is_done(
    zoo: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mmgen.cli.operations", None)
    Path(name).write_text(text)
    result = run("run", "tiny-pets", "--batch-file", name)
    assert (result.code, result.out) == (code, "")
    assert words in result.err


def test_each_job_may_have_weights_of_its_own(run: Run) -> None:
    Path("jobs.jsonl").write_text(
        '{"label": "cat", "weights": {"label": 2}}\n'
        '{"label": "cat", "set": {"weights": "label:3"}}\n'
        '{"label": "cat"}\n'
    )
    result = run("run", "tiny-pets", "--batch-file", "jobs.jsonl", "--set", "weights=0.5")
    assert result.code == 0, result.err
    found = [read_recipe(Path(path))["weights"]["label"] for path in result.out.split()]
    assert found == [2, 3, 0.5]
