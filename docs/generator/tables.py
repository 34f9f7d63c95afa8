"""What `mmgen info` prints, in Markdown."""

import textwrap
from collections.abc import Iterable, Sequence

from mmgen.catalogue import ModelEntry
from mmgen.cli import facts
from mmgen.cli.sheet import Sheet, Table


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; "" where there is no row."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(headings), _row(["---"] * len(headings)), *lines]) if lines else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def code(text: str) -> str:
    """Return text as code; nothing of nothing."""
    return f"`{text}`" if text else ""


def of_table(found: Table) -> str:
    """Return a table of a sheet, its names as code."""
    headings = [heading.lower() for heading in found.headings]
    return table(headings, [(code(name), *map(_literal, rest)) for name, *rest in found.rows])


def _literal(text: str) -> str:
    """Return text in which Markdown sees no signs of its own."""
    for sign in "\\`*_<[$":
        text = text.replace(sign, "\\" + sign)
    return text


def lines(sheet: Sheet, *labels: str) -> str:
    """Return the labelled lines of a sheet, those of some labels, as a table."""
    said = dict(sheet.lines)
    return table(("", ""), [(label, _literal(said[label])) for label in labels if said.get(label)])


def folded(title: str, content: str) -> str:
    """Return content that is shown on a click."""
    return f'??? abstract "{title}"\n\n' + textwrap.indent(content, "    ") if content else ""


def link(page: str, text: str) -> str:
    """Return a link to another page."""
    return f"[{text}]({page})"


def figures(entries: Iterable[ModelEntry], names: Sequence[str] = ()) -> str:
    """Return the measured figures of models, those of some names or all, with their protocols."""
    rows = [
        (code(entry.name), *map(_literal, row))
        for entry in entries
        for found in facts.of_model(entry).tables
        for row in found.rows
        if found.title == "Figures" and (not names or row[0] in names)
    ]
    return table(("model", "figure", "value", "how it was measured"), rows)
