"""Build the zoo's index, the root registry.toml, from the plugins' own.

    python -m mmgen.catalogue_index            rebuild
    python -m mmgen.catalogue_index --check    fail where it is not current

It reads files only: nothing needs to be installed.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from mmgen.catalogue import INDEX_NAME, SCHEMA, index_path, read_registry
from mmgen.errors import PluginError

HEADER = (
    "# The zoo's index: every official model, also those whose plugin is not installed.\n"
    "# Built from the plugins' own registry.toml by: python -m mmgen.catalogue_index\n"
)


def write_toml(table: dict[str, Any]) -> str:
    """Return TOML for a table whose values are scalars, lists, dicts, or lists of tables."""
    plain = {key: value for key, value in table.items() if not _is_tables(value)}
    lines = [f"{key} = {_inline(value)}" for key, value in plain.items()]
    for key, value in table.items():
        for item in value if _is_tables(value) else []:
            lines += ["", f"[[{key}]]"]
            lines += [f"{name} = {_inline(entry)}" for name, entry in item.items()]
    return "\n".join(lines) + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, dict) for x in value)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        if _is_tables(value):
            return "[\n" + "".join(f"    {_inline(item)},\n" for item in value) + "]"
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # a JSON scalar is a TOML scalar


def build_index(root: Path) -> str:
    """Return the text of the index for the plugins of a checkout.

    Raises:
        PluginError: a plugin's registry.toml breaks the schema.
    """
    families, models = [], []
    for path in sorted(root.glob(f"plugins/*/*/{INDEX_NAME}")):
        read_registry(path)
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        plugin = data.get("plugin")
        if not plugin:
            raise PluginError(f'{path} must name its distribution: plugin = "mmgen-plugin-…"')
        families += [{**family, "plugin": plugin} for family in data.get("families", [])]
        for model in data.get("models", []):
            model.pop("folder", None)  # meaningful only inside the plugin's package
            models.append({**model, "plugin": plugin})
    models.sort(key=lambda model: (model["family"], model["name"]))
    names = [model["name"] for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PluginError(f"two plugins bring a model {twice[0]!r}; rename one")
    return HEADER + write_toml({"schema": SCHEMA, "families": families, "models": models})


def index_of_checkout() -> Path | None:
    """Return the index of the checkout that this is; None where it is none."""
    path = index_path()
    return path if (path.parent / "plugins").is_dir() else None


def rebuild() -> Path | None:
    """Rebuild the index of the checkout that this is; return its path, or None without one.

    Raises:
        PluginError: a plugin's registry.toml breaks the schema; the index stays.
    """
    path = index_of_checkout()
    if path is None:
        return None
    text = build_index(path.parent)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="fail where the index is not current")
    check = parser.parse_args().check
    path = index_path()
    try:
        text = build_index(path.parent)
    except PluginError as error:
        print(error, file=sys.stderr)
        return 1
    if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
        print(f"{path} is not current; run: python -m mmgen.catalogue_index", file=sys.stderr)
        return 1
    if not check:
        path.write_text(text, encoding="utf-8")
    print(f"{path.name}: {text.count('[[models]]')} models, current")
    return 0


if __name__ == "__main__":
    sys.exit(main())
