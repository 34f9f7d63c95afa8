"""What the site's generator makes of what mmgen says of itself."""

import shlex
from pathlib import Path

import commands
import family_parts
import formulas
import gallery
import pytest
import reference
from markdown import Markdown

import mmgen
from mmgen.catalogue import catalogue
from mmgen.cli import main
from mmgen.cli.commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_page_is_what_its_help_prints(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([name, "--help"]) == 0
    printed = capsys.readouterr().out
    assert f"```text\n{printed.rstrip()}\n```" in commands.pages()[f"commands/{name}.md"]


def test_every_public_name_has_a_place_in_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        "::: mmgen.pretrained.reference.from_pretrained" in reference.pages()["reference/models.md"]
    )
    monkeypatch.setattr(mmgen, "__all__", [*mmgen.__all__, "one_more"])
    with pytest.raises(ValueError, match=r"the reference and mmgen\.__all__ differ"):
        reference.pages()


def test_all_measured_figures_are_on_the_families_pages() -> None:
    families = {entry.family for entry in catalogue().entries}
    pages = {name: family_parts.models(name) for name in families}
    for entry in catalogue().entries:
        for figure in entry.figures:
            assert f"| `{entry.name}` | {figure.name} |" in pages[entry.family]


def test_a_family_without_models_says_so() -> None:
    assert family_parts.models("no-such-family").startswith("There is no trained model")


def test_formulas_become_mathml_and_code_keeps_its_dollars() -> None:
    markdown = Markdown(extensions=["fenced_code", formulas.FormulaExtension()])
    text = "Of $x^2$ and `$HOME`:\n\n$$\n\\frac{a}{b}\n$$\n\n```bash\necho $A $B\n```\n"
    page = markdown.convert(text)
    assert page.count("<math") == 2
    assert '<div class="formula"><math' in page
    assert "<mfrac>" in page
    assert "<code>$HOME</code>" in page
    assert "echo $A $B" in page


def test_a_picture_of_the_gallery_is_made_again_by_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = next(item for item in gallery.drawings() if item.model == "vae-mnist")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(drawn.command)[1:]) == 0
    capsys.readouterr()
    assert main(["replay", drawn.file]) == 0
    assert capsys.readouterr().out == "identical\n"


def test_every_bundled_generator_that_needs_nothing_is_in_the_gallery() -> None:
    shown = {item.model for item in gallery.drawings()}
    for entry in catalogue().entries:
        if entry.folder and entry.kind == "generator":
            assert (entry.name in shown) != any(slot.required for slot in entry.slots)
    assert all(" --seed 0 " in item.command for item in gallery.drawings())
    files = [item.file for item in gallery.drawings()]
    assert len(set(files)) == len(files)
