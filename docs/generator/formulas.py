r"""Formulas as MathML, made when the site is built: `$x$` in a line, `$$` around lines of its own.

Code keeps its dollars: fenced blocks and `code` are taken before formulas are looked for.
"""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor

_DISPLAYED = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.MULTILINE | re.DOTALL)
_IN_LINE = r"\$([^\s$](?:[^$]*[^\s$])?)\$"


class FormulaExtension(Extension):
    """Adds formulas to Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register both forms behind code, and before anything that would read their signs."""
        md.preprocessors.register(_Displayed(md), "displayed-formula", 22)
        md.inlinePatterns.register(_InLine(_IN_LINE, md), "formula", 185)


class _Displayed(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        text = _DISPLAYED.sub(lambda match: f"\n{self._store(match[1])}\n", "\n".join(lines))
        return text.split("\n")

    def _store(self, latex: str) -> str:
        formula = convert(" ".join(latex.split()), display="block")
        stored: str = self.md.htmlStash.store(f'<div class="formula">{formula}</div>')
        return stored


class _InLine(InlineProcessor):
    def handleMatch(  # type: ignore[override]
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002
    ) -> tuple[ElementTree.Element | str | Any, int, int]:
        return self.md.htmlStash.store(convert(m[1])), m.start(0), m.end(0)
