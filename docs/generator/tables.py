"""What `mmgen info` prints, in Markdown."""

import textwrap
from collections.abc import Iterable, Sequence

from mmgen.catalogue import FigureEntry, ModelEntry
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
    """Return the labelled lines of a sheet, those of some labels, as a list."""
    said = dict(sheet.lines)
    return "\n".join(f"- {label}: {_literal(said[label])}" for label in labels if said.get(label))


def folded(title: str, content: str) -> str:
    """Return content that is shown on a click."""
    return f'??? abstract "{title}"\n\n' + textwrap.indent(content, "    ") if content else ""


def link(page: str, text: str) -> str:
    """Return a link to another page."""
    return f"[{text}]({page})"


def figures(entries: Iterable[ModelEntry], names: Sequence[str] = ()) -> str:
    """Return the measured figures of models, those of some names or all, with their protocols."""
    rows = [
        (code(entry.name), _literal(figure.name), _value(figure), _literal(figure.protocol))
        for entry in entries
        for figure in entry.figures
        if not names or figure.name in names
    ]
    return table(("model", "figure", "value", "how it was measured"), rows)


def _value(figure: FigureEntry) -> str:
    """Return a figure with its error; shares in percent, so that they can be compared."""
    factor, unit = (100, "%") if figure.unit == "share" else (1, figure.unit)
    error = figure.standard_error
    shown = f"{factor * figure.value:.6g}" + (f" ± {factor * error:.2g}" if error else "")
    return f"{shown} {unit}".rstrip()
