"""Discovery: what works is found, what is broken is a row that says why."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mmgen.errors import AmbiguousNameError, MmgenWarning, UnknownNameError
from mmgen.families import (
    Architecture,
    DatasetSource,
    Family,
    Format,
    Metric,
    Modality,
)
from mmgen.hookspecs import hookimpl
from mmgen.options import Options
from mmgen.plugins import Plugin, PluginManager

ARCHITECTURE = Architecture(
    name="swirl", summary="swirls", network="swirl.network:Swirl", config=Options
)
FAMILY = Family(name="swirl", summary="swirls", architectures=(ARCHITECTURE,))

GOOD = """
from mmgen.families import Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.options import Options

MMGEN_API = 1

@hookimpl
def mmgen_families():
    net = Architecture(name="{name}-net", summary="", network="a.b:C", config=Options)
    return [Family(name="{name}", summary="", architectures=(net,))]
"""


def module_with(api: Any = 1, **hooks: Callable[..., Any]) -> ModuleType:
    """Return a plugin's module with hooks, each marked."""
    module = ModuleType("some_plugin")
    if api is not None:
        module.MMGEN_API = api  # type: ignore[attr-defined]
    for name, hook in hooks.items():
        setattr(module, name, hookimpl(specname=name)(hook))
    return module


def added(module: ModuleType, manager: PluginManager | None = None, name: str = "swirl") -> Plugin:
    plugin = Plugin(name, f"mmgen-plugin-{name}", "1.0", module)
    (manager or PluginManager()).add(plugin)
    return plugin


@dataclass
class Environment:
    """Installed distributions in a folder on the path."""

    folder: Path

    def install(self, name: str, code: str, *, distribution: str = "", module: str = "") -> None:
        module = module or f"{name}_module_{self.folder.parent.name}".replace("-", "_")
        (self.folder / f"{module}.py").write_text(code)
        distribution = distribution or f"mmgen-plugin-{name}"
        metadata = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n\n")
        (metadata / "entry_points.txt").write_text(f"[mmgen]\n{name} = {module}\n")

    def discover(self) -> PluginManager:
        manager = PluginManager()
        manager.discover()
        return manager


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])
    monkeypatch.delenv("MMGEN_PLUGINS", raising=False)
    return Environment(folder)


def status(manager: PluginManager) -> dict[str, str]:
    return {plugin.name: plugin.status for plugin in manager.plugins}


def test_the_core_registers_itself_like_any_plugin(environment: Environment) -> None:
    manager = environment.discover()
    assert status(manager) == {"core": "ok"}
    assert manager.architecture("label-embedding")[2].kind == "encoder"
    assert manager.modality("label").kind == "semantic"
    assert manager.metric("nll").name == "nll"


def test_an_installed_plugin_is_found_with_its_distribution(environment: Environment) -> None:
    environment.install("good", GOOD.format(name="good"))
    manager = environment.discover()
    plugin, family, found = manager.architecture("good-net")
    assert (plugin.distribution, plugin.version) == ("mmgen-plugin-good", "1.0")
    assert manager.family("good") == (plugin, family)
    assert found in family.architectures


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('no luck')", "import failed: RuntimeError: no luck"),
        ("import no_such_package", "import failed: ModuleNotFoundError"),
        ("raise SystemExit(3)", "import failed: SystemExit: 3"),
        ("def broken(:", "import failed: SyntaxError"),
        ("MMGEN_API = 1\nimport mmgen.nothing", "import failed: ModuleNotFoundError"),
        ("raise ValueError('two\\n  lines')", "import failed: ValueError: two lines"),
    ],
)
def test_a_plugin_whose_import_fails_is_a_row_and_the_others_work(
    environment: Environment, code: str, why: str
) -> None:
    environment.install("bad", code)
    environment.install("good", GOOD.format(name="good"))
    manager = environment.discover()
    assert status(manager)["bad"].startswith(f"broken: {why}")
    assert status(manager)["good"] == "ok"
    assert manager.family("good")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (None, {"core", "one", "two"}),
        ("two", {"core", "two"}),
        (" one , two ", {"core", "one", "two"}),
        ("", {"core"}),
        ("other", {"core"}),
    ],
)
def test_mmgen_plugins_limits_what_is_loaded(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, wanted: str | None, names: set[str]
) -> None:
    environment.install("one", GOOD.format(name="one"))
    environment.install("two", GOOD.format(name="two"))
    if wanted is not None:
        monkeypatch.setenv("MMGEN_PLUGINS", wanted)
    assert set(status(environment.discover())) == names


def test_two_distributions_with_one_plugin_name_are_both_listed(environment: Environment) -> None:
    environment.install("vae", GOOD.format(name="one"), distribution="a-vae", module="vae_a")
    environment.install("vae", GOOD.format(name="two"), distribution="b-vae", module="vae_b")
    manager = environment.discover()
    assert [plugin.status for plugin in manager.plugins] == ["ok"] * 3
    assert manager.family("one")[0].distribution == "a-vae"
    assert manager.family("two")[0].distribution == "b-vae"


def test_two_plugins_with_one_family_are_listed_and_using_it_is_the_error() -> None:
    manager = PluginManager()
    for name in ("one", "two"):
        assert added(module_with(mmgen_families=lambda: [FAMILY]), manager, name).status == "ok"
    assert len(manager.families) == 2
    for use in (manager.family, manager.architecture):
        with pytest.raises(AmbiguousNameError, match="mmgen-plugin-one and mmgen-plugin-two"):
            use("swirl")


def test_two_families_may_have_one_architecture_name() -> None:
    manager = PluginManager()
    other = Family(name="whirl", summary="", architectures=(ARCHITECTURE,))
    added(module_with(mmgen_families=lambda: [FAMILY, other]), manager)
    with pytest.raises(AmbiguousNameError):
        manager.architecture("swirl")
    assert manager.architecture("swirl", "whirl")[1] is other


def test_an_unknown_name_tells_the_nearest_and_what_is_installed() -> None:
    manager = PluginManager()
    added(module_with(mmgen_families=lambda: [FAMILY]), manager)
    with pytest.raises(UnknownNameError, match=r"'swril'; did you mean 'swirl'\? Installed: swirl"):
        manager.family("swril")
    with pytest.raises(UnknownNameError, match=r"unknown metric 'fid'. Installed: none"):
        manager.metric("fid")


@pytest.mark.parametrize(
    ("api", "why"),
    [
        (None, "add MMGEN_API = 1"),
        (2, "needs core API 2, this core has 1; run pip install --upgrade mmgen-core"),
        (0, "needs core API 0, this core has 1; run pip install --upgrade mmgen-plugin-swirl"),
        ("1", "run pip install --upgrade mmgen-plugin-swirl"),
    ],
)
def test_another_api_version_says_what_to_upgrade(api: Any, why: str) -> None:
    plugin = added(module_with(api, mmgen_families=lambda: [FAMILY]))
    assert plugin.status.startswith("broken: ")
    assert why in plugin.broken
    assert plugin.families == []


def raises() -> Any:
    raise ValueError("bad day")


def leaves() -> Any:
    raise SystemExit(2)


@pytest.mark.parametrize(
    ("hooks", "why"),
    [
        ({"mmgen_families": raises}, "mmgen_families raised ValueError: bad day"),
        ({"mmgen_families": leaves}, "mmgen_families raised SystemExit: 2"),
        ({"mmgen_families": lambda: FAMILY}, "must return a list of Family; got Family("),
        ({"mmgen_families": lambda: ["vae"]}, "must return a list of Family; got ['vae']"),
        ({"mmgen_families": lambda: iter([FAMILY])}, "must return a list of Family"),
        ({"mmgen_modalities": lambda: [FAMILY]}, "must return a list of Modality"),
        ({"mmgen_models": lambda: "/nowhere/registry.toml"}, "path of a registry.toml"),
        ({"mmgen_models": lambda: 5}, "path of a registry.toml; got 5"),
        ({"mmgen_families": lambda group: []}, "wrong signature"),
        ({"mmgen_commands": lambda cli: None}, "wrong signature"),
        ({"mmgen_famlies": lambda: []}, "no hook 'mmgen_famlies'; did you mean 'mmgen_families'?"),
        (
            {"mmgen_families": lambda: [Family(name="V", summary="", architectures=())]},
            "mmgen_families: family: a name has small letters",
        ),
    ],
)
def test_a_hook_that_breaks_the_rules_is_a_row_that_says_why(
    hooks: dict[str, Callable[..., Any]], why: str
) -> None:
    manager = PluginManager()
    plugin = added(module_with(**hooks), manager)
    assert plugin.status.startswith("broken: ")
    assert why in plugin.broken
    assert added(module_with(mmgen_families=lambda: [FAMILY]), manager, "good").status == "ok"


def test_nothing_of_a_plugin_that_fails_half_way_stays() -> None:
    manager = PluginManager()
    hooks = {
        "mmgen_families": lambda: [FAMILY],
        "mmgen_metrics": raises,
        "mmgen_before_save": lambda samples: samples,
    }
    plugin = added(module_with(**hooks), manager)
    assert plugin.broken
    assert manager.families == []
    assert manager.call("mmgen_before_save", samples=1) == []


def test_a_hook_that_is_not_marked_is_said_so() -> None:
    module = module_with()
    module.mmgen_families = lambda: [FAMILY]  # type: ignore[attr-defined]
    assert "write @mmgen.hookimpl above it" in added(module).broken


def test_other_functions_of_a_plugin_are_its_own_business() -> None:
    module = module_with(mmgen_families=lambda: [FAMILY])
    module.mmgen_helper = lambda: None  # type: ignore[attr-defined]
    assert added(module).status == "ok"


def test_hook_wrappers_are_refused() -> None:
    def wrap() -> Any:
        yield

    module = ModuleType("wrapping")
    module.MMGEN_API = 1  # type: ignore[attr-defined]
    module.mmgen_families = hookimpl(specname="mmgen_families", wrapper=True)(wrap)  # type: ignore[attr-defined]
    assert "wrappers are not supported" in added(module).broken


def test_a_module_that_is_registered_twice_works_once() -> None:
    manager = PluginManager()
    module = module_with(mmgen_families=lambda: [FAMILY], mmgen_before_save=lambda samples: 2)
    first = added(module, manager, "one")
    second = added(module, manager, "two")
    assert (first.status, second.status) == ("ok", "broken: its module is another plugin's already")
    assert len(manager.families) == 1
    assert manager.call("mmgen_before_save", samples=1) == [(first, 2)]


def test_lists_of_every_kind_are_found_by_name() -> None:
    manager = PluginManager()
    modality = Modality(name="smell", kind="semantic", reader="a:b")
    dataset = DatasetSource(name="faces", summary="", loader="a:b")
    metric = Metric(name="fid", summary="", function="a:b")
    reader = Format(name="other-zoo", summary="", reader="a:b")

    module = module_with(
        mmgen_modalities=lambda: [modality],
        mmgen_datasets=lambda: [dataset],
        mmgen_metrics=lambda: (metric,),
        mmgen_formats=lambda: [reader],
    )
    plugin = added(module, manager)
    assert plugin.status == "ok"
    assert manager.modality("smell") is modality
    assert manager.dataset("faces") is dataset
    assert manager.metric("fid") is metric
    assert plugin.formats == [reader]


def test_a_hook_that_returns_none_brings_nothing() -> None:
    assert added(module_with(mmgen_families=lambda: None)).status == "ok"


def test_a_hook_that_raises_when_called_is_blocked_and_the_others_go_on() -> None:
    manager = PluginManager()
    heard: list[str] = []

    def complain(event: str) -> None:
        raise ValueError(event)

    bad = added(
        module_with(mmgen_training_event=complain, mmgen_families=lambda: [FAMILY]), manager, "bad"
    )
    added(module_with(mmgen_training_event=lambda event: heard.append(event)), manager, "good")
    with pytest.warns(MmgenWarning, match="plugin 'bad' is broken and left out: .* raised"):
        manager.call("mmgen_training_event", event="start")
    manager.call("mmgen_training_event", event="end")
    assert heard == ["start", "end"]
    assert bad.status == "broken: mmgen_training_event raised ValueError: start"
    assert manager.families == []


def test_a_hook_may_leave_out_arguments() -> None:
    manager = PluginManager()
    plugin = added(module_with(mmgen_training_event=lambda: "heard"), manager)
    assert manager.call("mmgen_training_event", event="start") == [(plugin, "heard")]


def not_a_number(value: Any) -> str:
    return "" if isinstance(value, int) else "must return a number"


def test_a_value_is_passed_from_plugin_to_plugin() -> None:
    manager = PluginManager()
    added(module_with(mmgen_before_save=lambda samples: samples + 1), manager, "add")
    added(module_with(mmgen_before_save=lambda samples: None), manager, "look")
    added(module_with(mmgen_before_save=lambda samples: samples * 10), manager, "times")
    assert manager.pass_on("mmgen_before_save", "samples", 1, not_a_number) == (
        20,
        ["add", "times"],
    )


@pytest.mark.parametrize("hook", [lambda samples: "three", lambda samples: samples / 0])
def test_a_plugin_that_passes_on_nonsense_is_left_out(hook: Callable[..., Any]) -> None:
    manager = PluginManager()
    bad = added(module_with(mmgen_before_save=hook), manager, "bad")
    added(module_with(mmgen_before_save=lambda samples: samples + 1), manager, "good")
    with pytest.warns(MmgenWarning, match="plugin 'bad' is broken and left out: mmgen_before_save"):
        passed = manager.pass_on("mmgen_before_save", "samples", 1, not_a_number)
    assert passed == (2, ["good"])
    assert bad.broken


def test_a_plugin_is_asked_for_its_registry(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("schema = 1\n")
    assert added(module_with(mmgen_models=lambda: str(path))).registry == path


def test_commands_of_plugins_get_the_group() -> None:
    manager = PluginManager()
    group: list[str] = []
    added(module_with(mmgen_commands=lambda group: group.append("swirl")), manager)
    manager.call("mmgen_commands", group=group)
    assert group == ["swirl"]
