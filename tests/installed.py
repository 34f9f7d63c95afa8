"""Distributions that are installed for a test, in a folder of their own, and commands run there."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path


def install(folder: Path, site: Path) -> dict[str, str]:
    """Return an environment where the distribution is installed, as an editable one would be."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    record(site, project["name"], project["version"], project["entry-points"]["mmgen"])
    others = [item for item in os.environ.get("PYTHONPATH", "").split(os.pathsep) if item]
    return {
        **{key: value for key, value in os.environ.items() if key != "MMGEN_PLUGINS"},
        "PYTHONPATH": os.pathsep.join([str(site), str(folder), *others]),
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def record(site: Path, name: str, version: str, entries: Mapping[str, str]) -> None:
    """Write into a folder what an installation says of a plugin's distribution."""
    found = site / f"{name.replace('-', '_')}-{version}.dist-info"
    found.mkdir(parents=True)
    metadata = {"Metadata-Version": "2.1", "Name": name, "Version": version}
    (found / "METADATA").write_text("".join(f"{key}: {metadata[key]}\n" for key in metadata))
    lines = "".join(f"{key} = {entries[key]}\n" for key in entries)
    (found / "entry_points.txt").write_text(f"[mmgen]\n{lines}")


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
