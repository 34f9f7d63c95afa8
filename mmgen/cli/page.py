"""A comparison as one HTML page that needs nothing beside it."""

import base64
import io
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from mmgen import __version__
from mmgen.cli.compare import remarks, tabulate
from mmgen.media.files import atomic_file
from mmgen.metrics.comparison import Comparison, Contestant

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem;
       color: #1c1c1c; background: #fff }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .9rem .3rem 0; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
.models { display: flex; flex-wrap: wrap; gap: 2rem; margin-top: 2rem }
figure { margin: 0; flex: 1 1 22rem; max-width: 38rem }
figure img { width: 100%; image-rendering: pixelated; background: #eee }
figcaption { margin-bottom: .4rem }
pre { overflow-x: auto; background: #f6f6f6; padding: 1rem }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #161616 }
  th, td { border-color: #3a3a3a } pre { background: #222 } figure img { background: #222 }
}
"""


def write_page(path: Path, comparison: Comparison) -> None:
    """Write the page, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_file(path) as file:
        file.write("\n".join(_page(comparison)).encode())


def _page(comparison: Comparison) -> Iterator[str]:
    title = " · ".join(one.name for one in comparison.contestants)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(title)}</h1>"
    yield from _table(*tabulate(comparison))
    yield "<ul>"
    yield from (f"<li>{escape(line)}</li>" for line in remarks(comparison))
    yield "</ul>"
    yield '<div class="models">'
    for one in comparison.contestants:
        yield from _model(one)
    yield "</div>"
    yield "<h2>How it was measured</h2>"
    for name in comparison.figure_names:
        yield from _protocol(comparison, name)
    yield f"<p>mmgen {escape(__version__)}</p></body></html>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "<table><thead><tr>"
    yield from (f"<th>{escape(heading)}</th>" for heading in headings)
    yield "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody></table>"


def _model(one: Contestant) -> Iterator[str]:
    yield f"<figure><figcaption><b>{escape(one.name)}</b> ({escape(one.architecture)})</figcaption>"
    if one.samples is None:
        yield "<p>It makes no pictures of its own accord.</p>"
    else:
        file = io.BytesIO()
        one.samples.grid(one.columns).save(file, "PNG")
        picture = base64.b64encode(file.getvalue()).decode()
        what = f"{len(one.samples)} samples of {one.name}"
        yield f'<img alt="{escape(what)}" src="data:image/png;base64,{picture}">'
    yield "</figure>"


def _protocol(comparison: Comparison, name: str) -> Iterator[str]:
    """Yield what the figure's protocol is; the first model's, for differences are said above."""
    figure = next(found for one in comparison.contestants if (found := one.figure(name)))
    shown = {key: value for key, value in figure.protocol.items() if key != "model"}
    content = json.dumps(shown, indent=2, ensure_ascii=False, default=str)
    yield f"<details><summary>{escape(name)}</summary><pre>{escape(content)}</pre></details>"
