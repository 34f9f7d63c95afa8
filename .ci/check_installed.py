"""What must be true where mmgen and its plugins were installed from wheels.

Usage: python check_installed.py REPO PICTURE, in that environment, from a folder outside REPO;
PICTURE is a file that `mmgen run vae-mnist -n 4` has just made there.
"""

import importlib
import json
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

from PIL import Image

import mmgen


def check_installed_copies(repo: Path) -> None:
    """The code that runs is the wheels', not the checkout's, and brings nothing else along."""
    for entry_point in metadata.entry_points(group="mmgen"):
        module = importlib.import_module(entry_point.module.partition(".")[0])
        for file in (mmgen.__file__, str(module.__file__)):
            assert repo not in Path(file).resolve().parents, f"{file} is in the checkout"
        strays = [
            str(file)
            for name in ("mmgen-core", entry_point.dist.name if entry_point.dist else "")
            for file in metadata.files(name) or ()
            if ("tests" in file.parts and "templates" not in file.parts)
            or file.parts[0] in ("benchmarks", "docs")
        ]
        assert not strays, f"a wheel brings files that are not for users: {strays}"


def check_every_plugin_works(repo: Path) -> None:
    """Each plugin of the repository is there, under its own name, and none is broken."""
    expected = {file.parent.name for file in repo.glob("plugins/*/pyproject.toml")}
    found = {e.dist.name for e in metadata.entry_points(group="mmgen") if e.dist}
    assert found == expected, f"plugins installed {found}, in the repository {expected}"
    listed = subprocess.run(
        ["mmgen", "plugins", "--json"], check=True, capture_output=True, text=True
    )
    rows = {row["distribution"]: row for row in json.loads(listed.stdout)}
    assert rows.keys() == expected | {"mmgen-core"}, listed.stdout
    broken = {name: row["status"] for name, row in rows.items() if row["status"] != "ok"}
    assert not broken, broken
    assert all(row["installed"] and row["families"] for row in rows.values()), rows


def check_models(repo: Path) -> None:
    """The core's wheel holds the zoo's index, the plugins' the weights that it names."""
    inside = resources.files("mmgen").joinpath("registry.toml").read_bytes()
    assert inside == (repo / "registry.toml").read_bytes(), "the wheel holds another registry.toml"
    known = {model["name"] for model in tomllib.loads(inside.decode())["models"]}
    entries = {entry.name: entry for entry in mmgen.list_models()}
    assert entries.keys() == known, f"listed {entries.keys()}, in the index {known}"
    for entry in entries.values():
        for file in entry.files if entry.folder else ():
            path = entry.folder / file.path
            assert path.stat().st_size == file.bytes, f"{path} has {path.stat().st_size} bytes"


def check_pictures(picture: Path) -> None:
    """The command wrote a picture, and Python draws some."""
    with Image.open(picture) as image:
        image.verify()
    images = mmgen.from_pretrained("vae-mnist").generate(2).images
    assert tuple(images.shape) == (2, 1, 28, 28), images.shape
    assert 0 <= images.min() < images.max() <= 1


def main() -> None:
    repo, picture = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    check_installed_copies(repo)
    check_every_plugin_works(repo)
    check_models(repo)
    check_pictures(picture)
    print(f"mmgen {mmgen.__version__} works from its wheels.")


if __name__ == "__main__":
    main()
