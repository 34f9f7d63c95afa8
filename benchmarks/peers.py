"""An environment of their own for the libraries that mmgen is compared with.

They are never a dependency of mmgen. Each is installed without its declared dependencies, plus
those that are really imported, so that torch stays the very version that mmgen itself runs on.
"""

import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def beside(folder: Path, *, packages: Sequence[str]) -> None:
    """Make libraries importable in this process, installed in `folder` unless they are there.

    They come without dependencies and behind mmgen's own packages, which stay the same versions.
    """
    done = folder / "installed.txt"
    wanted = "\n".join(packages)
    if not (done.exists() and done.read_text() == wanted):
        print(f"installing {', '.join(packages)} in {folder}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        target = ["--upgrade", "--no-deps", "--target", str(folder)]
        subprocess.run([*pip, *target, *packages], check=True)
        done.write_text(wanted)
    sys.path.append(str(folder))


def environment(folder: Path, *, packages: Sequence[str], imported: Sequence[str]) -> Path:
    """Make the environment `folder` unless it is there already; returns its Python.

    Args:
        packages: pinned requirements, installed without dependencies.
        imported: what these import, installed with dependencies.
    """
    python = folder / "bin" / "python"
    done = folder / "installed.txt"
    torch = "torch==" + version("torch").partition("+")[0]
    wanted = "\n".join([torch, *imported, *packages])
    if not (done.exists() and done.read_text() == wanted):
        print(f"installing {', '.join(packages)} in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, torch, *imported], check=True)
        subprocess.run([*pip, "--no-deps", *packages], check=True)
        done.write_text(wanted)
    return python
