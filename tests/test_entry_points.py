"""Entry points are those that importlib.metadata sees."""

from importlib import metadata
from pathlib import Path

import pytest

from mmgen.entry_points import EntryPoint, entry_points


def install(folder: Path, name: str, version: str, lines: str, kind: str = "dist-info") -> None:
    path = folder / f"{name.replace('-', '_')}-{version}.{kind}"
    path.mkdir(parents=True)
    header = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: of the text below\n"
    (path / ("METADATA" if kind == "dist-info" else "PKG-INFO")).write_text(header)
    (path / "entry_points.txt").write_text(lines)


@pytest.mark.parametrize("group", ["mmgen", "console_scripts"])
def test_agrees_with_importlib_in_this_environment(group: str) -> None:
    expected = {
        (item.name, item.value, item.dist.name, item.dist.version)
        for item in metadata.entry_points(group=group)
        if item.dist
    }
    found = {
        (item.name, item.value, item.distribution, item.version) for item in entry_points(group)
    }
    assert found == expected


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
def test_reads_name_and_version_of_the_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    lines = "[console_scripts]\nmmgen = a:b\n\n[mmgen]\n# a comment\nx = pkg.plugin\n[z]\ny = q\n"
    install(tmp_path, "mmgen-plugin-x", "1.2", lines, kind)
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "missing")])
    assert entry_points("mmgen") == [EntryPoint("x", "pkg.plugin", "mmgen-plugin-x", "1.2")]


def test_the_first_copy_of_a_distribution_hides_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "first", "mmgen-plugin-x", "2.0", "[mmgen]\nx = pkg.plugin\n")
    install(tmp_path / "second", "mmgen-plugin-x", "1.0", "[mmgen]\nx = pkg.plugin\n")
    monkeypatch.setattr("sys.path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert [item.version for item in entry_points("mmgen")] == ["2.0"]


def test_asks_importlib_where_a_zip_file_is_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "plugins.zip", "w") as archive:
        archive.writestr("x-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
        archive.writestr("x-1.0.dist-info/entry_points.txt", "[mmgen]\nx = pkg.plugin\n")
    monkeypatch.setattr("sys.path", [str(tmp_path / "plugins.zip")])
    assert [item.value for item in entry_points("mmgen")] == ["pkg.plugin"]
