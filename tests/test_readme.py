"""The examples of every README work as they stand.

Each file's ```bash and ```python blocks are run one after another in one folder, where a folder
`pictures` of labelled pictures lies. A block right after `<!-- not run by the tests: why -->` is
left out. The Hub is one on this machine, where "you" may publish.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub_server import Hub, serve
from PIL import Image

from mmgen.catalogue import catalogue
from mmgen.plugins import Plugin, PluginManager

ROOT = Path(__file__).parents[1]
CHINESE = ROOT / "README.zh.md"
READMES = [ROOT / "README.md", *sorted(ROOT.glob("plugins/*/README.md"))]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
BLOCK = re.compile(
    r"(?P<left_out><!-- not run by the tests: .+? -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"(?:\]\(|src=\")(?!https?:)([^)#\"]+)")


@dataclass(frozen=True)
class Example:
    """A fenced block and the line it begins at."""

    language: str
    code: str
    line: int
    left_out: bool

    @property
    def command(self) -> list[str]:
        if self.language == "bash":
            return ["bash", "-euo", "pipefail", "-c", self.code]
        return [sys.executable, "-c", self.code]


def read_examples(readme: Path) -> list[Example]:
    text = readme.read_text(encoding="utf-8")
    return [
        Example(
            match["language"],
            match["code"],
            text.count("\n", 0, match.start("language")) + 1,
            match["left_out"] is not None,
        )
        for match in BLOCK.finditer(text)
    ]


def make_pictures(folder: Path) -> None:
    """Write 24 grey 28×28 pictures, in one sub-folder per class."""
    for number in range(24):
        path = folder / ("bright" if number % 2 else "dark") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = 200 if number % 2 else 40
        Image.linear_gradient("L").resize((28, 28)).point(
            lambda value, shade=shade, number=number: (value // 8 + shade + number) % 256
        ).save(path)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def environment(home: Path, hub: Hub) -> dict[str, str]:
    """Return this environment's commands first, an empty home, and no network for pip."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token("write", user="you"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }


def name_of(readme: Path) -> str:
    return readme.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("readme", READMES, ids=name_of)
def test_examples_run_in_the_order_they_are_read(readme: Path, hub: Hub, tmp_path: Path) -> None:
    make_pictures(tmp_path / "pictures")
    examples = [item for item in read_examples(readme) if item.language in ("bash", "python")]
    assert examples
    for example in [item for item in examples if not item.left_out]:
        done = subprocess.run(
            example.command,
            cwd=tmp_path,
            env=environment(tmp_path / "home", hub),
            capture_output=True,
            text=True,
            timeout=300,
        )
        where = f"{name_of(readme)}, line {example.line}"
        assert done.returncode == 0, f"{where}:\n{example.code}\n{done.stdout}\n{done.stderr}"


def test_only_what_installs_or_needs_mnist_is_left_out() -> None:
    left_out = [item for readme in READMES for item in read_examples(readme) if item.left_out]
    known = ("make ", "pip install ", "mmgen data check mnist-scenes ")
    assert all(item.code.startswith(known) for item in left_out)


def test_the_chinese_start_page_has_the_same_commands_links_and_sections() -> None:
    both = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", CHINESE)]
    english, chinese = (
        [
            (item.language, without_comments(item.code), item.left_out)
            for item in read_examples(path)
        ]
        for path in (ROOT / "README.md", CHINESE)
    )
    assert chinese == english
    links = [sorted({link for link in LINK.findall(text) if "README" not in link}) for text in both]
    assert links[0] == links[1]
    for mark in (r"^#+ ", r"^\| ", "`--?[a-z-]+`"):
        counts = [len(re.findall(mark, BLOCK.sub("", text), re.MULTILINE)) for text in both]
        assert counts[0] == counts[1], mark


def without_comments(code: str) -> str:
    """Return code without what follows #: the words of comments may differ."""
    return re.sub(r" *# .*", "", code)


@pytest.mark.parametrize("text", [*READMES, CHINESE, CONTRIBUTING], ids=name_of)
def test_files_that_a_text_points_to_exist(text: Path) -> None:
    links = LINK.findall(text.read_text(encoding="utf-8"))
    assert [link for link in links if not (text.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["vae-mnist", "dcgan-emoji"])
def test_the_picture_was_made_with_the_weights_that_ship(name: str) -> None:
    with Image.open(ROOT / "docs" / f"{name}.png") as picture:
        made_with = json.loads(picture.info["mmgen"])["model"]
    shipped = catalogue().find(made_with["name"])
    assert made_with["sha256"] == {file.path: file.sha256 for file in shipped.files}


def test_the_plugin_of_the_readme_is_accepted() -> None:
    (code,) = [item.code for item in read_examples(ROOT / "README.md") if "MMGEN_API" in item.code]
    module = types.ModuleType("readme_plugin")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(code, vars(module))
    finally:
        del sys.modules[module.__name__]
    manager = PluginManager()
    manager.add(Plugin("swirl", "mmgen-plugin-swirl", "0.1", module))
    assert manager.plugins[0].status == "ok"
    assert [family.name for _, family in manager.families] == ["swirl"]


def test_the_contract_in_contributing_names_what_a_case_takes() -> None:
    indented = CONTRIBUTING.read_text(encoding="utf-8")
    (code,) = re.findall(r"^   ```python\n(.*?)^   ```$", indented, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)
    assert names["TestGan"].case.architecture == "gan"
