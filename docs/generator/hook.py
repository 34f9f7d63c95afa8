"""What mkdocs is told while it builds the site: which pages are generated, and from what.

A page may ask for a part with `<!-- generated: PART ARGUMENTS -->`; PARTS are the names it has.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import commands
import family_parts
import formulas
import gallery
import hook_parts
import metric_parts
import notebooks
import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PARTS = {
    **family_parts.PARTS,
    **gallery.PARTS,
    **hook_parts.PARTS,
    **metric_parts.PARTS,
}
_DIRECTIVE = re.compile(r"^<!-- generated: (.+?) -->$", re.MULTILINE)
_FOREIGN = re.compile(
    r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?https?:|<link\b[^>]*stylesheet[^>]*https?:"
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the formulas to what Markdown knows."""
    config.markdown_extensions.append(formulas.FormulaExtension())
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are generated whole, the pictures, and all of them to the navigation."""
    docs = Path(config.docs_dir)
    pages = {**commands.pages(), **reference.pages(), **notebooks.pages(docs)}
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    for path, picture in gallery.pictures().items():
        files.append(File.generated(config, path, abs_src_path=str(picture)))
    config.nav = [_with_pages(entry, files) for entry in config.nav or []]
    return files


def _with_pages(entry: Any, files: Files) -> Any:
    """Return an entry of the navigation; of a folder, with all its pages, the index first."""
    if not isinstance(entry, dict):
        return entry
    ((title, target),) = entry.items()
    if not isinstance(target, str) or not target.endswith("/"):
        return entry
    paths = [file.src_uri for file in files.documentation_pages() if _is_in(file, target)]
    return {title: sorted(paths, key=lambda path: (not path.endswith("/index.md"), path))}


def _is_in(file: File, folder: str) -> bool:
    return file.src_uri.startswith(folder)


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put the parts in that the page asks for."""
    return _DIRECTIVE.sub(lambda match: _part(match[1], page), markdown)


def _part(asked: str, page: Page) -> str:
    name, *arguments = shlex.split(asked)
    if name not in PARTS:
        raise PluginError(f"{page.file.src_uri}: there is no part {name!r}; known: {list(PARTS)}")
    text = PARTS[name](*arguments)
    if not text:
        raise PluginError(f"{page.file.src_uri}: {asked!r} is empty")
    return text


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Hold each page to what the site promises: nothing is fetched from elsewhere."""
    found = _FOREIGN.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {found[0]}")
    return output
