"""The parts of the families' pages that are made of what the plugins say of themselves."""

import re
from pathlib import Path

from tables import code, figures, folded, lines, link, of_table, table

from mmgen.catalogue import ModelEntry, catalogue
from mmgen.cli import facts
from mmgen.cli.words import count, file_size
from mmgen.plugins import manager

_PLUGINS = Path(__file__).parents[2] / "plugins"
_FACTS = ("tasks", "pictures", "parameters", "weights", "trained on", "licence")
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)")


def models(family: str) -> str:
    """Return each model of a family: what it is, its inputs and its figures."""
    found = [_model(entry) for entry in catalogue().search(family=family)]
    return "\n\n".join(found) or "There is no trained model of this family yet."


def _model(entry: ModelEntry) -> str:
    sheet = facts.of_model(entry)
    parts = [f"### {entry.name}", entry.summary[:1].upper() + entry.summary[1:] + "."]
    parts.append(lines(sheet, *_FACTS))
    parts += [of_table(found) for found in sheet.tables if found.title == "Inputs"]
    parts.append(figures([entry]))
    return "\n\n".join(part for part in parts if part)


def architectures(family: str) -> str:
    """Return each architecture of a family with its options."""
    found = manager().family(family)[1].architectures
    return "\n\n".join(_architecture(item.name) for item in found)


def _architecture(name: str) -> str:
    sheet = facts.of_architecture(name)
    summary = sheet.title.partition(": ")[2]
    parts = [f"### {name}", summary[:1].upper() + summary[1:] + "."]
    parts += [folded(found.title, of_table(found)) for found in sheet.tables]
    return "\n\n".join(part for part in parts if part)


def recipes(family: str) -> str:
    """Return the training recipes of a family's plugin, as they are."""
    files = sorted((_PLUGINS / _plugin(family) / "recipes").glob("*.toml"))
    parts = [
        folded(path.name, f"```toml\n{path.read_text(encoding='utf-8').rstrip()}\n```")
        for path in files
    ]
    return "\n\n".join(parts)


def papers(family: str) -> str:
    """Return the papers that a family names."""
    return "\n".join(
        f"- {paper.authors} {paper.year}, "
        + (link(paper.url, paper.title) if paper.url else paper.title)
        for paper in manager().family(family)[1].papers
    )


def readme(family: str, *headings: str) -> str:
    """Return sections of a plugin's README.md, with their headings."""
    text = (_PLUGINS / _plugin(family) / "README.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in re.split(r"^## ", text, flags=re.M)}
    found = "\n".join("## " + sections[heading].rstrip() + "\n" for heading in headings)
    return _RELATIVE_LINK.sub(_rewrite, found)


def _rewrite(match: re.Match[str]) -> str:
    """Turn a link of a README into one of this site, or into its text."""
    text, target = match.groups()
    return link("#recipes", text) if target == "recipes" else code(text)


def _plugin(family: str) -> str:
    return manager().family(family)[0].distribution


def families() -> str:
    """Return a table of all families."""
    rows = [
        (link(f"{family.name}.md", family.name), family.summary, code(plugin.distribution))
        for plugin, family in manager().families
        if plugin.name != "core"
    ]
    return table(("family", "what it is", "comes with"), sorted(rows))


def overview(kind: str) -> str:
    """Return a table of all models that are generators, or encoders."""
    rows = [
        (
            link(f"families/{entry.family}.md#{entry.name}", entry.name),
            entry.summary,
            ", ".join(slot.name for slot in entry.slots) or "-",
            str(entry.size) if entry.size else "any size",
            count(entry.parameters),
            file_size(entry.bytes),
        )
        for entry in catalogue().entries
        if entry.kind == kind
    ]
    return table(("model", "what it knows", "takes", "pictures", "parameters", "weights"), rows)


def compared(*names: str) -> str:
    """Return the figures of these names, of whatever model has them."""
    return figures(catalogue().entries, names)


PARTS = {
    "models": models,
    "architectures": architectures,
    "recipes": recipes,
    "papers": papers,
    "readme": readme,
    "families": families,
    "overview": overview,
    "figures": compared,
}
