"""The catalogue: what plugins bring, what the index adds, and what is said of the rest."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mmgen import catalogue as module
from mmgen.catalogue import (
    Catalogue,
    ModelEntry,
    Registry,
    catalogue,
    hub_cache,
    index_path,
    list_models,
    read_registry,
    weights_present,
)
from mmgen.catalogue_index import write_toml
from mmgen.errors import (
    AmbiguousNameError,
    MmgenError,
    NotInstalledError,
    PluginError,
    UnknownNameError,
)
from mmgen.hookspecs import hookimpl
from mmgen.plugins import Plugin, PluginManager

MODEL: dict[str, Any] = {
    "name": "vae-mnist",
    "kind": "generator",
    "family": "vae",
    "architecture": "conv-vae",
    "summary": "handwritten digits",
    "tasks": ["unconditional-image-generation"],
    "parameters": 1000,
    "bytes": 2000,
    "data": "MNIST",
    "licence": {"code": "Apache-2.0", "weights": "Apache-2.0", "data": "CC BY-SA 3.0"},
    "slots": [{"name": "label", "modality": "label", "classes": ["0", "1"]}],
    "size": {"channels": 1, "height": 28, "width": 28},
    "files": [{"path": "config.json", "sha256": "a" * 64, "bytes": 5}],
    "figures": [{"name": "nll", "value": 79.2, "protocol": "test", "unit": "nats"}],
}


def write(path: Path, *models: dict[str, Any], plugin: str = "mmgen-plugin-vae") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(write_toml({"schema": 1, "plugin": plugin, "models": list(models)}))
    return path


def plugin_with(path: Path | None, name: str = "vae", broken: str = "") -> Plugin:
    plugin_module = ModuleType(name)
    plugin_module.MMGEN_API = 1  # type: ignore[attr-defined]
    if path is not None:
        plugin_module.mmgen_models = hookimpl(specname="mmgen_models")(lambda: str(path))  # type: ignore[attr-defined]
    return Plugin(name, f"mmgen-plugin-{name}", "1.0", plugin_module, broken)


def built(*plugins: Plugin, index: tuple[ModelEntry, ...] = ()) -> Catalogue:
    manager = PluginManager()
    for plugin in plugins:
        manager.add(plugin)
    return Catalogue(manager, Registry(models=index))


def entry(tmp_path: Path, **changes: Any) -> ModelEntry:
    (found,) = read_registry(write(tmp_path / "one.toml", MODEL | changes)).models
    return found


def test_a_registry_is_read_whole(tmp_path: Path) -> None:
    found = entry(tmp_path, folder="models/vae-mnist")
    assert found.plugin == "mmgen-plugin-vae"
    assert found.folder == tmp_path / "models/vae-mnist"
    assert found.slots[0].classes == ("0", "1")
    assert found.size is not None
    assert found.size.height == 28
    assert found.figures[0].value == 79.2
    assert found.accepts("label")
    assert not found.accepts("text")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "'vae-mnist' breaks the schema.*colour"),
        ({"name": 5}, "'name' must be text"),
        ({"name": "a/b"}, "no slash"),
        ({"kind": "decoder"}, "'kind' must be"),
        ({"parameters": "many"}, "'parameters' must be a whole number"),
        ({"slots": ["label"]}, "breaks the schema"),
        ({"slots": [{"modality": "label"}]}, "lacks 'name'"),
        ({"size": {"channels": 1}}, "breaks the schema"),
        (
            {"files": [{"path": "../x", "sha256": "a" * 64, "bytes": 1}]},
            "inside the model's folder",
        ),
        ({"files": [{"path": "/x", "sha256": "a" * 64, "bytes": 1}]}, "inside the model's folder"),
        ({"files": [{"path": "x", "sha256": "abc", "bytes": 1}]}, "64 hex digits"),
        ({"repo": "o/n", "revision": "main"}, "40-hex commit"),
        ({"plugin": ""}, "'plugin' must not be empty"),
    ],
)
def test_an_entry_that_breaks_the_schema_is_named(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(PluginError, match=words) as caught:
        entry(tmp_path, **changes)
    assert "one.toml" in str(caught.value)


@pytest.mark.parametrize(("missing"), ["name", "family", "tasks", "licence"])
def test_an_entry_that_lacks_something_is_named(tmp_path: Path, missing: str) -> None:
    model = {key: value for key, value in MODEL.items() if key != missing}
    with pytest.raises(PluginError, match=missing):
        read_registry(write(tmp_path / "registry.toml", model))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 2", "schema must be 1; got 2"),
        ("", "schema must be 1; got None"),
        ("schema = ", "cannot be read"),
        ("schema = 1\nmodels = 5", "'models' must be tables"),
        ("schema = 1\nmodels = ['vae']", "'models' must be tables"),
        ("schema = 1\n[[families]]\nsummary = 'x'", "family must have a name"),
        (b"schema = 1\n\xff", "cannot be read"),
    ],
)
def test_a_damaged_registry_is_named(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = tmp_path / "registry.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PluginError, match=words):
        read_registry(path)


def test_what_a_plugin_brings_wins_over_the_index(tmp_path: Path) -> None:
    path = write(tmp_path / "plugin" / "registry.toml", MODEL | {"summary": "the truth"})
    found = built(plugin_with(path), index=(entry(tmp_path, summary="older"),))
    assert found.find("vae-mnist").summary == "the truth"
    assert found.find_usable("vae-mnist").status == "installed"


def test_a_model_whose_plugin_is_missing_names_the_command(tmp_path: Path) -> None:
    found = built(index=(entry(tmp_path, folder="models/x"),))
    assert found.find("vae-mnist").status == "not installed: pip install mmgen-plugin-vae"
    with pytest.raises(NotInstalledError, match="run: pip install mmgen-plugin-vae") as caught:
        found.find_usable("vae-mnist")
    assert caught.value.command == "pip install mmgen-plugin-vae"


def test_a_model_whose_plugin_is_broken_says_why(tmp_path: Path) -> None:
    found = built(plugin_with(None, broken="import failed"), index=(entry(tmp_path),))
    assert found.find("vae-mnist").status == "broken: import failed"
    with pytest.raises(PluginError, match="mmgen-plugin-vae is broken: import failed"):
        found.find_usable("vae-mnist")
    assert found.search(installed=True) == []


def test_a_plugin_with_a_damaged_registry_is_broken_and_the_others_work(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.toml", write(tmp_path / "good.toml", MODEL)
    bad.write_text("schema = 9")
    plugins = plugin_with(bad, "gan"), plugin_with(good)
    assert built(*plugins).find_usable("vae-mnist")
    assert "schema must be 1" in plugins[0].broken


def test_two_plugins_with_one_model_are_both_listed_and_using_it_is_the_error(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "registry.toml", MODEL)
    found = built(plugin_with(path, "one"), plugin_with(path, "two"))
    assert [item.plugin for item in found.entries] == ["mmgen-plugin-one", "mmgen-plugin-two"]
    with pytest.raises(AmbiguousNameError, match="mmgen-plugin-one and mmgen-plugin-two"):
        found.find("vae-mnist")


def test_an_unknown_model_offers_the_nearest(tmp_path: Path) -> None:
    found = built(index=(entry(tmp_path),))
    with pytest.raises(
        UnknownNameError,
        match=r"unknown model 'vae-mnits'; did you mean 'vae-mnist'\? All models: mmgen list",
    ):
        found.find("vae-mnits")
    with pytest.raises(UnknownNameError, match=r"'zzz'\. All models"):
        found.find("zzz")


def test_search_narrows_by_words_family_task_and_modality(tmp_path: Path) -> None:
    models = (
        entry(tmp_path),
        entry(tmp_path, name="gan-faces", family="gan", data="CelebA", slots=[]),
        entry(tmp_path, name="dalle-birds", family="dalle", tasks=["text-to-image"]),
    )
    found = built(index=models)

    def names(*words: str, **filters: Any) -> list[str]:
        return [item.name for item in found.search(words, **filters)]

    assert names() == ["dalle-birds", "gan-faces", "vae-mnist"]
    assert names("CELEBA") == ["gan-faces"]
    assert names("digits", "mnist", family="vae") == ["vae-mnist"]
    assert names("digits", "celeba") == ["gan-faces"]
    assert names(family="gan") == ["gan-faces"]
    assert names(task="text-to-image") == ["dalle-birds"]
    assert names(accepts="label") == ["dalle-birds", "vae-mnist"]
    assert names(installed=True) == []


def test_the_index_is_inside_the_wheel_or_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "mmgen"
    package.mkdir()
    monkeypatch.setattr(module, "__file__", str(package / "catalogue.py"))
    assert index_path() == tmp_path / "registry.toml"
    (package / "registry.toml").touch()
    assert index_path() == package / "registry.toml"


def test_a_damaged_index_says_what_to_reinstall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "registry.toml").write_text("schema = ")
    monkeypatch.setattr(module, "index_path", lambda: tmp_path / "registry.toml")
    catalogue.cache_clear()
    try:
        with pytest.raises(MmgenError, match="reinstall mmgen-core"):
            list_models()
    finally:
        catalogue.cache_clear()


def test_a_missing_index_is_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "index_path", lambda: tmp_path / "registry.toml")
    catalogue.cache_clear()
    try:
        assert catalogue().index.models == ()
    finally:
        catalogue.cache_clear()


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HF_HUB_CACHE": "/a/b"}, "/a/b"),
        ({"HF_HOME": "/home/hf"}, "/home/hf/hub"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/huggingface/hub"),
        ({"HOME": "/me"}, "/me/.cache/huggingface/hub"),
    ],
)
def test_the_hubs_cache_is_where_its_client_puts_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub_cache() == Path(folder)


def test_weights_in_the_plugin_are_present_when_all_files_are(tmp_path: Path) -> None:
    found = entry(tmp_path, folder="model")
    assert not weights_present(found)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").touch()
    assert weights_present(found)


def test_weights_on_the_hub_are_present_when_they_were_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    found = entry(tmp_path, repo="org/name", revision="b" * 40)
    assert not weights_present(found)
    snapshot = tmp_path / "hub" / "models--org--name" / "snapshots" / ("b" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").touch()
    assert weights_present(found)


def test_list_models_lists_the_catalogue_of_this_process() -> None:
    assert list_models() == catalogue().entries
    assert list_models("no such words at all") == []
