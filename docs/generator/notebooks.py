"""A page for each notebook: its text and its code."""

import json
from pathlib import Path


def pages(docs: Path) -> dict[str, str]:
    """Return path -> Markdown."""
    return {f"notebooks/{path.stem}.md": _page(path) for path in docs.glob("notebooks/*.ipynb")}


def _page(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title, *parts = [_cell(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    download = f"[Download this notebook]({path.name}), or open it in a checkout."
    return "\n\n".join([title, download, *parts])


def _cell(kind: str, source: str) -> str:
    return source if kind == "markdown" else f"```python\n{source}\n```"
