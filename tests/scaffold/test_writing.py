"""A new plugin works as it stands: it is installed, listed, checked, trained and drawn from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmgen.errors import InputError, OutputError
from mmgen.scaffold import KINDS, write_plugin

NAME = "my-flow"
ENTRY_POINTS = "[mmgen]\nmy-flow = mmgen_plugin_my_flow.plugin\n"
METADATA = "Metadata-Version: 2.1\nName: mmgen-plugin-my-flow\nVersion: 0.1.0\n"


def install(folder: Path, site: Path) -> dict[str, str]:
    """Return an environment where the distribution is installed, as an editable one would be."""
    record = site / "mmgen_plugin_my_flow-0.1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(METADATA)
    (record / "entry_points.txt").write_text(ENTRY_POINTS)
    paths = os.pathsep.join([str(site), str(folder)])
    return {
        **{key: value for key, value in os.environ.items() if key != "MMGEN_PLUGINS"},
        "PYTHONPATH": paths,
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_it_works_as_it_stands(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "mmgen-plugin-my-flow"
    files = write_plugin(NAME, folder, kind=kind)
    assert folder / "mmgen_plugin_my_flow" / "network.py" in files
    env = install(folder, tmp_path / "site")
    assert "my-flow" in run("mmgen", "plugins", cwd=tmp_path, env=env)
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, env=env)
    make = Path(__file__).parents[2] / "mmgen/scaffold/templates/generator/recipes/digits.py"
    run(sys.executable, make, cwd=folder, env=env)
    recipe = folder / "recipes" / "digits.toml"
    settings = ["--config", recipe] if recipe.exists() else []
    short = ["--set", "training.steps=20", "--set", "training.warmup_steps=0"]
    run("mmgen", "train", NAME, "--data", "digits.npz", *settings, *short, "-o", "runs/x",
        cwd=folder, env=env)  # fmt: skip
    label = ["--label", "7"] if settings else []
    run("mmgen", "run", "./runs/x/model", *label, "-n", "4", "-o", "x.png", cwd=folder, env=env)
    assert run("mmgen", "replay", "x.png", cwd=folder, env=env) == "identical\n"


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_the_template_is_left(tmp_path: Path, kind: str) -> None:
    for path in write_plugin("swirl", tmp_path / "x", kind=kind):
        assert "example" not in path.read_text().lower(), path
        assert "example" not in path.relative_to(tmp_path).as_posix()


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
    with pytest.raises(InputError, match="generator, minimal; got 'poem'"):
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
