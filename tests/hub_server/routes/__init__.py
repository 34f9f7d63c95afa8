"""The routes of the Hub, a module for each kind."""

from importlib import import_module

MODULES = (
    "account",
    "commits",
    "files",
    "info",
    "large_files",
    "refs",
    "repositories",
    "tree",
    "xet",
)


def load() -> None:
    """Import all modules, which register their routes."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
