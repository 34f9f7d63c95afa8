"""The examples of a text: its ```bash and ```python blocks, run one after another in one folder.

A block right after `<!-- not run by the tests: why -->` is left out. Run as a program, this prints
how many there are in the READMEs and in the site's pages.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
READMES = [ROOT / "README.md", *sorted(ROOT.glob("plugins/*/README.md"))]
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(
    r"(?P<left_out><!-- not run by the tests: .+? -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHAPES = ("circle", "square")
COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class Example:
    """A fenced block and the line it begins at."""

    language: str
    code: str
    line: int
    left_out: bool

    @property
    def runs(self) -> bool:
        """Whether it is a command or a program that is to be run."""
        return self.language in ("bash", "python") and not self.left_out

    @property
    def command(self) -> list[str]:
        if self.language == "bash":
            return ["bash", "-euo", "pipefail", "-c", self.code]
        return ["python", "-c", self.code]


def read_examples(text: Path) -> list[Example]:
    content = text.read_text(encoding="utf-8")
    return [
        Example(
            match["language"],
            match["code"],
            content.count("\n", 0, match.start("language")) + 1,
            match["left_out"] is not None,
        )
        for match in BLOCK.finditer(content)
    ]


def name_of(text: Path) -> str:
    return text.relative_to(ROOT).as_posix()


def run_examples(text: Path, folder: Path, env: Mapping[str, str]) -> int:
    """Run the examples of a text in a folder; return how many, each with exit code 0."""
    examples = [item for item in read_examples(text) if item.runs]
    for example in examples:
        done = subprocess.run(
            example.command, cwd=folder, env=dict(env), capture_output=True, text=True, timeout=300
        )
        where = f"{name_of(text)}, line {example.line}"
        assert done.returncode == 0, f"{where}:\n{example.code}\n{done.stdout}\n{done.stderr}"
    return len(examples)


def example_environment(home: Path, hub_url: str, token: str) -> dict[str, str]:
    """Return this environment's commands first, an empty home, and no network for pip."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HF_ENDPOINT": hub_url,
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }


def make_pictures(folder: Path) -> None:
    """Write 24 grey 28×28 pictures, in one sub-folder per class."""
    for number in range(24):
        path = folder / ("bright" if number % 2 else "dark") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = 200 if number % 2 else 40
        Image.linear_gradient("L").resize((28, 28)).point(
            lambda value, shade=shade, number=number: (value // 8 + shade + number) % 256
        ).save(path)


def make_digits(folder: Path, *, train: int = 8, test: int = 10) -> None:
    """Write real handwritten digits, 28×28: train and test, a sub-folder per class."""
    found = load_digits()
    for label in range(10):
        pixels = np.uint8(found.images[found.target == label][: train + test] * (255 / 16))
        for number, picture in enumerate(pixels):
            split = "train" if number < train else "test"
            path = folder / split / str(label) / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).resize((28, 28), Image.Resampling.BICUBIC).save(path)


def make_captioned(folder: Path) -> None:
    """Write 24 pictures of 64×64 in colour, half of them test, each with a caption."""
    for split in ("train", "test"):
        rows = []
        (folder / split).mkdir(parents=True)
        for number in range(12):
            colour, shape = COLOURS[number % 3], SHAPES[number // 3 % 2]
            picture = Image.new("RGB", (64, 64), "white")
            draw = ImageDraw.Draw(picture)
            box = (8 + number, 8, 50 + number, 50)
            (draw.ellipse if shape == "circle" else draw.rectangle)(box, fill=colour)
            picture.save(folder / split / f"{number:02}.png")
            text = f"a {colour} {shape}"
            rows.append({"file_name": f"{number:02}.png", "text": text, "label": shape})
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / split / "metadata.jsonl").write_text(lines)


def make_sounds(folder: Path) -> None:
    """Write eight short tones in each of ten sub-folders, named as digits."""
    seconds = np.arange(1600) / 8000
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
        for take in range(8):
            tone = 0.5 * np.sin(2 * np.pi * (200 + 90 * digit + 3 * take) * seconds)
            soundfile.write(folder / str(digit) / f"{take}.wav", tone, 8000)


def main() -> None:
    totals = [0, 0]
    for text in (*READMES, *PAGES):
        examples = [item for item in read_examples(text) if item.language in ("bash", "python")]
        counts = sum(item.runs for item in examples), sum(not item.runs for item in examples)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        if examples:
            print(f"{counts[0]:4} run, {counts[1]} left out: {name_of(text)}")
    print(f"{totals[0]:4} run, {totals[1]} left out in all")


if __name__ == "__main__":
    main()
