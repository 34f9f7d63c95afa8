"""The examples of every README work as they stand; see `examples`.

A folder `pictures` of labelled pictures lies where they are run. The Hub is one on this machine,
where "you" may publish.
"""

import json
import re
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples import (
    BLOCK,
    READMES,
    ROOT,
    example_environment,
    make_pictures,
    name_of,
    read_examples,
    run_examples,
)
from hub_server import Hub, serve
from PIL import Image
from warm_commands import warm_commands

from mmgen.catalogue import catalogue
from mmgen.plugins import Plugin, PluginManager

CHINESE = ROOT / "README.zh.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
LINK = re.compile(r"(?:\]\(|src=\")(?!https?:)([^)#\"]+)")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def cold(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    return example_environment(home, hub.url, hub.token("write", user="you"))


@pytest.fixture(scope="module")
def warm(
    cold: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    with warm_commands(tmp_path_factory.mktemp("warm"), cold) as env:
        yield env


@pytest.mark.parametrize("readme", READMES, ids=name_of)
def test_examples_run_in_the_order_they_are_read(
    readme: Path, cold: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Those of the first page in processes of their own, those of plugins in forks of one."""
    make_pictures(tmp_path / "pictures")
    env = cold if readme == ROOT / "README.md" else request.getfixturevalue("warm")
    assert run_examples(readme, tmp_path, env) > 0


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


@pytest.mark.parametrize("name", ["diffusion-emoji", "dcgan-emoji"])
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
