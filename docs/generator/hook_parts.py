"""The parts of the hooks' pages that are made of their specification."""

import inspect

from tables import link, table

from mmgen import hookspecs


def all_hooks() -> list[str]:
    """Return the names of all hooks, in the order of their specification."""
    return [name for name in vars(hookspecs) if name.startswith("mmgen_")]


def hook(name: str) -> str:
    """Return a hook's signature and what is said of it."""
    found = getattr(hookspecs, name)
    lines = inspect.getsource(found).splitlines()
    signature = next(line for line in lines if line.startswith("def "))
    return f"```python\n{signature} ...\n```\n\n{inspect.getdoc(found)}"


def hooks() -> str:
    """Return a table of all hooks."""
    rows = [
        (link(f"{name}.md", name), str(inspect.getdoc(getattr(hookspecs, name))).split("\n")[0])
        for name in all_hooks()
    ]
    return table(("hook", "what it does"), rows)


PARTS = {"hook": hook, "hooks": hooks}
