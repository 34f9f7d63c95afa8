"""The site's pages: their examples work, and there is one for everything that has a name.

The examples run as those of the READMEs do, in a folder with a few small data sets, and with
commands that share one warm process: torch is imported once.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import (
    DOCS,
    PAGES,
    example_environment,
    make_captioned,
    make_digits,
    make_pictures,
    make_sounds,
    name_of,
    read_examples,
    run_examples,
)
from hub_server import serve
from installed import record
from warm_commands import warm_commands

from mmgen import hookspecs
from mmgen.plugins import Plugin, PluginManager, manager

WITH_EXAMPLES = [page for page in PAGES if any(item.runs for item in read_examples(page))]
HOOKS = [name for name in vars(hookspecs) if name.startswith("mmgen_")]
LEFT_OUT = ("pip install ", "mmgen plugins check ")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    make_pictures(folder / "pictures")
    make_digits(folder / "digits")
    make_captioned(folder / "drawings")
    make_sounds(folder / "spoken")
    return folder


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        home = tmp_path_factory.mktemp("home")
        cold = example_environment(home, hub.url, hub.token("write", user="you"))
        with warm_commands(tmp_path_factory.mktemp("warm"), cold) as warm:
            yield warm


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_run_in_the_order_they_are_read(
    page: Path, folders: Path, env: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "place"
    shutil.copytree(folders, place)
    if page.name == "plugin.md":
        # What the page tells to install; it writes the plugin first.
        record(site := tmp_path / "site", "mmgen-plugin-swirl", "0.1.0",
               {"swirl": "mmgen_plugin_swirl.plugin"})  # fmt: skip
        env = env | {"PYTHONPATH": f"{site}:{place / 'mmgen-plugin-swirl'}"}
    assert run_examples(page, place, env) > 0


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_example_hides_from_the_tests(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"^ +```(bash|python|sh|console)", text, re.MULTILINE)
    assert not re.search(r"^```(sh|shell|console|py|pycon)\b", text, re.MULTILINE)
    left_out = [item.code for item in read_examples(page) if item.left_out]
    assert all(code.startswith(LEFT_OUT) for code in left_out)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hooks_example_is_a_plugin_that_mmgen_takes(name: str, tmp_path: Path) -> None:
    import importlib.util
    import sys

    examples = read_examples(DOCS / "hooks" / f"{name}.md")
    (code,) = [item.code for item in examples if item.language == "python"]
    path = tmp_path / "plugin.py"
    path.write_text(code)
    for registry in [item.code for item in examples if item.language == "toml"]:
        (tmp_path / "registry.toml").write_text(registry)
    spec = importlib.util.spec_from_file_location(f"docs_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    found = PluginManager()
    found.add(Plugin("example", "mmgen-plugin-example", "0.1", module))
    assert found.plugins[0].status == "ok"
    assert callable(getattr(module, name))


def test_there_is_a_page_for_each_family_metric_and_hook() -> None:
    plugins = manager().plugins
    expected = {
        "families": {family.name for plugin, family in manager().families if plugin.name != "core"},
        "metrics": {metric.name for plugin in plugins for metric in plugin.metrics},
        "hooks": set(HOOKS),
    }
    for folder, names in expected.items():
        pages = {path.stem for path in (DOCS / folder).glob("*.md")} - {"index"}
        assert pages == names, folder
