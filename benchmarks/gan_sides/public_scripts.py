"""The public side of `gan_against_public.py`: two scripts of one commit, run as they are.

Nothing of them is part of this repository: they are read from a clone, by their commit, into a
temporary folder, and each runs in a process of its own.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_sides.side import Side

NAME = "PyTorch-GAN"
ADDRESS = f"https://github.com/eriklindernoren/{NAME}"
COMMIT = "36d3c77e5ff20ebe0aeefd322326a134a279b93e"
SCRIPTS = {
    "dcgan": "implementations/dcgan/dcgan.py",
    "wgan_gp": "implementations/wgan_gp/wgan_gp.py",
}
WORKER = Path(__file__).with_name("script_worker.py")
FEWEST_DRAWN = 10_000


def find_repository(given: Path | None, peers: Path) -> Path:
    """Return the git directory of a clone, made below `peers` where none is given."""
    folder = given or peers / NAME
    if given is None and not folder.exists():
        print(f"cloning {ADDRESS} to {folder}", file=sys.stderr)
        subprocess.run(
            ["git", "clone", "--quiet", "--no-checkout", ADDRESS, str(folder)], check=True
        )
    return folder / ".git" if (folder / ".git").exists() else folder


def read_script(repository: Path, path: str) -> bytes:
    """Return a file as it is at COMMIT."""
    command = ["git", "--git-dir", str(repository), "show", f"{COMMIT}:{path}"]
    shown = subprocess.run(command, capture_output=True, check=False)
    if shown.returncode:
        raise SystemExit(f"{repository}: {shown.stderr.decode().strip()}")
    return shown.stdout


def train_and_draw(
    script: str, repository: Path, pictures: Tensor, arguments: argparse.Namespace
) -> list[Side]:
    """Train a script's networks, or take what was kept of a training like that.

    Args:
        pictures: uint8 (N, 1, H, W), all of an epoch.
        arguments: of the benchmark: epochs, seed, num_samples, peers.

    Returns:
        What its generator draws in eval mode; then in train mode, with each batch's own statistics.
    """
    code = read_script(repository, SCRIPTS[script])
    kept = kept_file(script, pictures, arguments)
    if not kept.exists() or len(np.load(kept)["eval"]) < arguments.num_samples:
        run_worker(code, Path(SCRIPTS[script]), pictures, kept, arguments)
    content = np.load(kept)
    facts = {
        "repository": ADDRESS,
        "commit": COMMIT,
        "path": SCRIPTS[script],
        "script_sha256": hashlib.sha256(code).hexdigest(),
        "seed": arguments.seed,
        **json.loads(str(content["facts"])),
    }
    return [
        Side(
            name=f"{NAME} {script}{suffix}",
            images=torch.from_numpy(content[mode][: arguments.num_samples]),
            images_seen=facts["images_seen"],
            facts=facts | {"mode": mode},
        )
        for mode, suffix in {"eval": "", "train": ", statistics of the batch"}.items()
    ]


def kept_file(script: str, pictures: Tensor, arguments: argparse.Namespace) -> Path:
    """Return where a training's samples are kept: by script, commit, epochs, seed and pictures."""
    content = hashlib.sha256(str(tuple(pictures.shape)).encode())
    content.update(pictures.contiguous().numpy().data)
    name = f"{script}-{COMMIT[:12]}-epochs{arguments.epochs}-seed{arguments.seed}"
    return arguments.peers / "gan-samples" / f"{name}-{content.hexdigest()[:12]}.npz"


def run_worker(
    code: bytes, path: Path, pictures: Tensor, kept: Path, arguments: argparse.Namespace
) -> None:
    """Train in a process and a temporary folder of its own; `kept` is written whole or not."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    log = kept.with_suffix(".log")
    print(f"training {path.name}, {arguments.epochs} epochs; see {log}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder, log.open("w") as output:
        root = Path(folder)
        script = root / path  # the scripts write to ../../data
        script.parent.mkdir(parents=True)
        script.write_bytes(code)
        np.save(root / "pictures.npy", pictures[:, 0].numpy())
        fewest = 0 if arguments.train_images else FEWEST_DRAWN  # so that a later call has enough
        count = max(arguments.num_samples, fewest)
        settings = {"epochs": arguments.epochs, "seed": arguments.seed, "count": count}
        options = [f"--{name}={value}" for name, value in settings.items()]
        options += [f"--pictures={root / 'pictures.npy'}", f"--output={root / 'drawn.npz'}"]
        command = [sys.executable, str(WORKER), script.name, *options]
        ended = subprocess.run(
            command, cwd=script.parent, stdout=output, stderr=subprocess.STDOUT, check=False
        )
        if ended.returncode:
            raise SystemExit(f"{path.name} ended with {ended.returncode}; see {log}")
        partial = kept.with_suffix(".part")
        shutil.copyfile(root / "drawn.npz", partial)
        partial.replace(kept)
