"""A sheet: what `mmgen info` and `mmgen doctor` print about one thing, as text or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mmgen.cli.table import format_table, terminal_width


@dataclass
class Table:
    """A part of a sheet: a heading and rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Sheet:
    """A title, labelled lines and tables; `data` is the same for programs."""

    title: str
    data: dict[str, Any]
    lines: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def to_text(self) -> str:
        """Return the sheet for people: empty lines and tables are left out."""
        label_width = max((len(label) for label, text in self.lines if text), default=0)
        parts = [
            "\n".join(
                [self.title]
                + [f"  {label:<{label_width}}  {text}" for label, text in self.lines if text]
            )
        ]
        width = terminal_width()
        for table in self.tables:
            if table.rows:
                body = format_table(
                    table.headings, table.rows, None if width is None else width - 2
                )
                parts.append(table.title + "\n" + _indent(body))
        return "\n\n".join(parts)


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())
