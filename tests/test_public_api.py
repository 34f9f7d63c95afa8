"""What is public is listed in one file, and changes with a word in the changelog alone."""

from pathlib import Path

import pytest
from public_api import COMMAND, digest, key_of, list_public, objections, read_listing, unreleased
from public_api import write as rewrite

OLD = ["class mmgen.Model", "  mmgen.Model.save(self, folder)", "hook mmgen_models()"]
NEW = [
    "class mmgen.Model",
    "  mmgen.Model.save(self, folder, *, force=False)",
    "hook mmgen_models()",
]


def test_the_list_is_what_the_code_says() -> None:
    _, listed = read_listing()
    found = list_public()
    gone = [line for line in listed if line not in set(found)]
    come = [line for line in found if line not in set(listed)]
    assert (gone, come, listed == found) == ([], [], True), (
        f"say in CHANGELOG.md under [Unreleased] what changed, then run: {COMMAND}"
    )


@pytest.mark.parametrize(
    "line",
    [
        "mmgen.from_pretrained(name, *, device=None, dtype=None, revision=None)",
        "hook mmgen_before_save(samples)",
        "command mmgen run MODEL",
        "  mmgen run -n VALUE",
        "command mmgen plugins new NAME",
        "  mmgen plugins new --kind VALUE",
        "mmgen.interfaces.Generator is mmgen.Generator",
    ],
)
def test_names_hooks_and_commands_are_in_it(line: str) -> None:
    assert line in list_public()


def test_methods_are_listed_and_those_of_libraries_are_not() -> None:
    lines = list_public()
    assert any(
        line.startswith("  mmgen.Generator.generate(self, num_images=None") for line in lines
    )
    assert any(line.startswith("  mmgen.Trainer.stages(") for line in lines)
    assert not any("load_state_dict" in line or "named_parameters" in line for line in lines)


def test_it_is_the_same_whenever_it_is_written() -> None:
    assert list_public() == list_public()
    assert not [line for line in list_public() if " at 0x" in line]


def test_a_change_is_named_in_the_changelog_since_the_list_was_written() -> None:
    before, after = "- Models are saved.", "- `Model.save` takes force."
    assert objections(OLD, OLD, before, digest(before)) == []
    (why,) = objections(OLD, NEW, before, digest(before))
    assert "2 public lines changed, but CHANGELOG.md's [Unreleased] is as it was" in why
    unnamed = objections(OLD, NEW, "- Something else.", digest(before))
    assert len(unnamed) == 2
    assert "does not name 'save'" in unnamed[0]
    assert objections(OLD, NEW, after, digest(before)) == []
    assert objections(OLD, OLD[:2], after, digest(before)) == [
        "hook mmgen_models(): CHANGELOG.md's [Unreleased] does not name 'mmgen_models'"
    ]


def test_an_argument_that_comes_may_be_named_instead_of_what_has_it() -> None:
    before = "- Models are saved."
    assert objections(OLD, NEW, "- Models overwrite with `force`.", digest(before)) == []
    told = ["class mmgen.Model(*, size=3)"], ["class mmgen.Model(*, size=4)"]
    assert len(objections(*told, "- The size is 4.", digest(before))) == 2  # none came, none went


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("class mmgen.testing.MetricCase(*, metric)", "MetricCase"),
        ("  mmgen.Model.save(self, folder)", "save"),
        ("hook mmgen_models()", "mmgen_models"),
        ("command mmgen plugins new NAME", "new"),
        ("  mmgen plugins new -o, --output VALUE", "--output"),
        ("mmgen.interfaces.Generator is mmgen.Generator", "Generator"),
    ],
)
def test_a_line_is_named_by_its_last_word(line: str, key: str) -> None:
    assert key_of(line) == key


def test_the_list_is_rewritten_or_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing, changelog = tmp_path / "list.txt", tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## [Unreleased]\n\n- First.\n\n## [0.1.0]\n\n- `save`.\n")
    monkeypatch.setattr("public_api.list_public", lambda: OLD)
    assert rewrite(listing, changelog) == []
    assert read_listing(listing) == (digest("- First."), OLD)
    monkeypatch.setattr("public_api.list_public", lambda: NEW)
    assert "is as it was" in rewrite(listing, changelog)[0]
    assert read_listing(listing)[1] == OLD
    changelog.write_text(changelog.read_text().replace("- First.", "- First.\n- `save` may force."))
    assert rewrite(listing, changelog) == []
    assert read_listing(listing)[1] == NEW
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CHANGELOG.md", "list.txt"]


def test_the_section_is_the_unreleased_one_alone() -> None:
    assert unreleased("## [Unreleased]\n\n- new\n\n## [0.1.0]\n- old\n") == "- new"
    assert unreleased("## [0.1.0]\n- old\n") == ""
