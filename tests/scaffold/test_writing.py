"""A new plugin works as it stands: it is installed, listed, checked, trained and drawn from."""

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest
from installed import install, run

from mmgen.errors import InputError, OutputError
from mmgen.scaffold import KINDS, write_plugin

NAME = "my-flow"
TEMPLATES = Path(__file__).parents[2] / "mmgen" / "scaffold" / "templates"


def make(tmp_path: Path, kind: str) -> tuple[Path, dict[str, str]]:
    """Write a plugin, install it, run its tests; return its folder and environment."""
    folder = tmp_path / "mmgen-plugin-my-flow"
    write_plugin(NAME, folder, kind=kind)
    env = install(folder, tmp_path / "site")
    assert "my-flow" in run("mmgen", "plugins", cwd=tmp_path, env=env)
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, env=env)
    return folder, env


def make_digits(folder: Path, env: dict[str, str]) -> None:
    run(sys.executable, TEMPLATES / "digits" / "recipes" / "digits.py", cwd=folder, env=env)


@pytest.mark.parametrize("kind", ["generator", "minimal"])
def test_a_generator_works_as_it_stands(tmp_path: Path, kind: str) -> None:
    folder, env = make(tmp_path, kind)
    make_digits(folder, env)
    recipe = folder / "recipes" / "digits.toml"
    settings = ["--config", recipe] if recipe.exists() else []
    short = ["--set", "training.steps=20", "--set", "training.warmup_steps=0"]
    run("mmgen", "train", NAME, "--data", "digits.npz", *settings, *short, "-o", "runs/x",
        cwd=folder, env=env)  # fmt: skip
    label = ["--label", "7"] if settings else []
    run("mmgen", "run", "./runs/x/model", *label, "-n", "4", "-o", "x.png", cwd=folder, env=env)
    assert run("mmgen", "replay", "x.png", cwd=folder, env=env) == "identical\n"


def test_an_encoder_works_as_it_stands(tmp_path: Path) -> None:
    folder, env = make(tmp_path, "encoder")
    make_digits(folder, env)
    short = ["--set", "training.steps=120", "--set", "training.warmup_steps=0"]
    recipe = ["--config", "recipes/digits.toml"]
    run("mmgen", "train", NAME, "--data", "digits.npz", *recipe, *short, "-o", "runs/x",
        cwd=folder, env=env)  # fmt: skip
    measured = run("mmgen", "evaluate", "runs/x", "--data", "digits.npz", "--split", "valid",
                   "--set", "data.held_out=0.2", "--metric", "classification", "--json",
                   cwd=folder, env=env)  # fmt: skip
    accuracy = json.loads(measured)["results"][0]
    assert accuracy["name"] == "accuracy"
    assert accuracy["value"] > 0.5  # chance: 0.1


def test_a_metric_measures_what_a_generator_draws_of_a_data_set(tmp_path: Path) -> None:
    folders = {}
    for name, kind in (("my-flow", "metric"), ("shapes", "dataset"), ("swirl", "minimal")):
        folders[name] = tmp_path / f"mmgen-plugin-{name}"
        write_plugin(name, folders[name], kind=kind)
        env = install(folders[name], tmp_path / "site")
    env["PYTHONPATH"] = os.pathsep.join([*map(str, folders.values()), env["PYTHONPATH"]])
    for folder in (folders["my-flow"], folders["shapes"]):
        run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, env=env)
    few = ["--set", "data.made_pictures=40", "--set", "data.size=8"]
    run("mmgen", "train", "swirl", "--data", "shapes", *few, "--set", "steps=3", "-o", "x",
        cwd=tmp_path, env=env)  # fmt: skip
    measured = run("mmgen", "evaluate", "x", "--data", "shapes", *few, "--metric", NAME, "--json",
                   cwd=tmp_path, env=env)  # fmt: skip
    (result,) = json.loads(measured)["results"]
    assert (result["name"], result["num_images"]) == (NAME, 40)
    assert result["value"] > result["protocol"]["floor"]["value"]  # noise is rougher than shapes


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_the_template_is_left(tmp_path: Path, kind: str) -> None:
    for path in write_plugin("swirl", tmp_path / "x", kind=kind):
        assert "example" not in path.read_text().lower(), path
        assert "SUMMARY" not in path.read_text(), path
        assert "example" not in path.relative_to(tmp_path).as_posix()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_distribution_with_words_and_tests(tmp_path: Path, kind: str) -> None:
    files = write_plugin("swirl", tmp_path / "x", kind=kind)
    names = {path.relative_to(tmp_path / "x").as_posix() for path in files}
    assert {"pyproject.toml", "README.md", ".gitignore", "mmgen_plugin_swirl/plugin.py"} <= names
    assert any(name.startswith("tests/test_") for name in names)
    complete = {".github/workflows/ci.yml", "mmgen_plugin_swirl/py.typed"}
    assert (complete <= names) == (kind != "minimal")
    project = tomllib.loads((tmp_path / "x" / "pyproject.toml").read_text())["project"]
    assert project["description"] == f"swirl for mmgen: {KINDS[kind].summary}."


def test_the_minimal_family_has_as_few_lines_of_python_as_the_readme_says(tmp_path: Path) -> None:
    files = write_plugin("swirl", tmp_path / "x", kind="minimal")
    family = [path for path in files if path.parent.name == "mmgen_plugin_swirl"]
    lines = [line for path in family for line in path.read_text().splitlines() if line.strip()]
    readme = Path(__file__).parents[2] / "README.md"
    assert f"a family is {len(lines)} lines of Python" in readme.read_text(encoding="utf-8")
    assert len(lines) < 70


@pytest.mark.parametrize(
    "name", ["", "Swirl", "my_flow", "-x", "x-", "a--b", "7up", "../x", "a b", "x" * 41]
)
def test_what_is_no_name_is_refused_and_nothing_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="a plugin's name has small letters"):
        write_plugin(name, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="metric, dataset, minimal; got 'poem'"):
        write_plugin("swirl", tmp_path / "x", kind="poem")


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="exists; choose another folder"):
        write_plugin("swirl", tmp_path / "x")
    assert [path.name for path in tmp_path.rglob("*")] == ["x", "mine.txt"]
    (tmp_path / "empty").mkdir()
    assert write_plugin("swirl", tmp_path / "empty")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_plugin("swirl", tmp_path / "file" / "x")
