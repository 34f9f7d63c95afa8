"""Plugins of others work beside the official ones; neither the core nor the zoo knows them."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from installed import install, run
from PIL import Image

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROJECTS = sorted(HERE.glob("mmgen-plugin-*"))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment where all of them are installed."""
    found = {}
    for project in PROJECTS:
        found = install(project, tmp_path / "site")
    found["PYTHONPATH"] = os.pathsep.join([*map(str, PROJECTS), found["PYTHONPATH"]])
    return found


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_their_own_tests_pass(project: Path, env: dict[str, str]) -> None:
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project, env=env)


def test_a_modality_of_a_plugin_is_read_from_the_command_line(
    tmp_path: Path, env: dict[str, str]
) -> None:
    few = ["--set", "data.made_pictures=40"]
    run("mmgen", "train", "palette-flow", "--data", "gradients", *few, "--set", "steps=3",
        "-o", "run", cwd=tmp_path, env=env)  # fmt: skip
    palette = ["--input", "palette=teal, #ff8800"]
    run("mmgen", "run", "./run/model", *palette, "-n", "2", "-o", "x.png", cwd=tmp_path, env=env)
    assert run("mmgen", "replay", "x.png", cwd=tmp_path, env=env) == "identical\n"
    measured = run("mmgen", "evaluate", "run", "--data", "gradients", *few, "--metric",
                   "colourfulness", "--json", cwd=tmp_path, env=env)  # fmt: skip
    (result,) = json.loads(measured)["results"]
    assert result["name"] == "colourfulness"
    assert result["value"] > 0
    with pytest.raises(AssertionError, match="a colour is a name"):
        run("mmgen", "run", "./run/model", "--input", "palette=reddish", "-o", "y.png",
            cwd=tmp_path, env=env)  # fmt: skip
    assert not (tmp_path / "y.png").exists()


def test_any_family_learns_a_modality_of_a_plugin_from_a_column(
    tmp_path: Path, env: dict[str, str]
) -> None:
    rng = np.random.default_rng(0)
    colours = {"teal": (0, 128, 128), "#ff8800": (255, 136, 0), "white, navy": (128, 128, 192)}
    lines = []
    for number in range(24):
        name, colour = list(colours.items())[number % 3]
        pixels = np.clip(rng.normal(colour, 8, (8, 8, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append(json.dumps({"file_name": f"{number}.png", "palette": name}))
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines))
    run("mmgen", "train", "conv-vae", "--data", ".", "--set", "widths=8,16",
        "--set", "latent_dim=2",
        "--set", "conditions.palette.encoder=palette-encoder", "--set", "steps=200",
        "--set", "likelihood=discretised-logistic-mixture", "--set", "learning_rate=3e-3",
        "--set", "batch_size=16", "-o", "run", cwd=tmp_path, env=env)  # fmt: skip
    for name, (red, _, blue) in colours.items():
        run("mmgen", "run", "./run", "--input", f"palette={name}", "--seed", "0", "-o", "x.png",
            "--force", cwd=tmp_path, env=env)  # fmt: skip
        drawn = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).mean(axis=(0, 1))
        assert (drawn[0] > drawn[2]) == (red > blue)


def test_what_they_bring_is_listed(tmp_path: Path, env: dict[str, str]) -> None:
    rows = json.loads(run("mmgen", "plugins", "--json", cwd=tmp_path, env=env))
    found = {row["distribution"]: row for row in rows}
    for project in PROJECTS:
        assert found[project.name]["status"] == "ok"
    assert found["mmgen-plugin-palette"]["families"] == ["palette"]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_nothing_of_mmgen_knows_them(project: Path) -> None:
    name = project.name.removeprefix("mmgen-plugin-")
    named = re.compile(rf"mmgen[-_]plugin[-_]{name}\b")
    files = [ROOT / "registry.toml", ROOT / "pyproject.toml", ROOT / "Makefile"]
    files += [*(ROOT / "mmgen").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    assert [str(path) for path in files if named.search(path.read_text(encoding="utf-8"))] == []
