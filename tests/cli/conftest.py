"""A small zoo, installed for the time of a test, and the command line run on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmgen.catalogue import catalogue
from mmgen.cli import main
from mmgen.plugins import manager

ZOO = Path(__file__).parent / "zoo"
CLASSES = ("cat", "dog", "bird")

REGISTRY_HEAD = """\
schema = 1
plugin = "tiny-zoo"

[[families]]
name = "tiny"
summary = "very small pictures"
"""


@dataclass
class Result:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def forget() -> None:
    manager.cache_clear()
    catalogue.cache_clear()


@pytest.fixture(scope="session")
def zoo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for sys.path with the plugin tiny-zoo and its model tiny-pets."""
    folder = tmp_path_factory.mktemp("zoo") / "site"
    shutil.copytree(ZOO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "registry.toml").write_text(REGISTRY_HEAD)
    save_model(folder)
    return folder


def save_model(folder: Path) -> None:
    """Save tiny-pets with its entry in the registry, in a process of its own."""
    code = f"""
import torch
from pathlib import Path
from mmgen.interfaces import Conditioner
from mmgen.pretrained import build
from mmgen.publishing.bundle import bundle
torch.manual_seed(0)
labels = build("label-embedding", {{"classes": {CLASSES!r}, "width": 4}})
conditioner = Conditioner({{"label": labels}}, width=4, dropout=0.1)
model = build("tiny-net", {{}}, conditioner=conditioner)
model.save("{folder}/raw")
bundle(Path("{folder}/raw"), Path("{folder}"), name="tiny-pets", summary="pets in a few pixels",
       data="nothing", licence={{"code": "MIT", "weights": "MIT", "data": "none"}},
       figures=[{{"name": "nll", "value": 1.5, "unit": "nats", "protocol": "a guess"}}])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def environment(folder: Path | None = None, **more: str) -> dict[str, str]:
    """Return the environment of a process that sees the zoo's folder as installed."""
    path = [str(folder)] if folder else []
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MMGEN_")}
    kept["PYTHONPATH"] = os.pathsep.join([*path, os.environ.get("PYTHONPATH", "")])
    return kept | {"OMP_NUM_THREADS": "1"} | more


@pytest.fixture
def zoo(zoo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The zoo as all there is; the current folder is an empty one, which is returned."""
    for name in [name for name in os.environ if name.startswith("MMGEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MMGEN_PLUGINS", "tiny")
    monkeypatch.setattr("mmgen.catalogue.index_path", lambda: tmp_path / "no-index.toml")
    monkeypatch.syspath_prepend(str(zoo_folder))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    forget()
    yield here
    forget()


@pytest.fixture
def run(zoo: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process, on the zoo."""

    def run_command(*arguments: object) -> Result:
        capfd.readouterr()
        code = main([str(item) for item in arguments])
        written = capfd.readouterr()
        return Result(code, written.out, written.err)

    return run_command


@pytest.fixture
def run_process(zoo_folder: Path, tmp_path: Path) -> Callable[..., Result]:
    """Run the command line in a process of its own."""

    def run_command(*arguments: object, **more: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "mmgen", *map(str, arguments)],
            env=environment(zoo_folder, **more),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run_command


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Ship an index with the family gan, brought by a distribution that is not installed."""

    def write(distribution: str) -> None:
        path = tmp_path / "registry.toml"
        path.write_text(
            f"""\
schema = 1

[[families]]
name = "gan"
summary = "generative adversarial networks"
plugin = "{distribution}"

[[models]]
name = "gan-faces"
kind = "generator"
family = "gan"
architecture = "dcgan"
summary = "faces"
tasks = ["unconditional-image-generation"]
slots = []
size = {{ channels = 3, height = 64, width = 64 }}
parameters = 3500000
bytes = 14000000
files = []
licence = {{ code = "Apache-2.0", weights = "Apache-2.0", data = "unknown" }}
data = "CelebA"
plugin = "{distribution}"
"""
        )
        monkeypatch.setattr("mmgen.catalogue.index_path", lambda: path)
        forget()

    return write
