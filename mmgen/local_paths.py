"""Files and folders of this machine, as what is published says them: by their own names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MODEL_OF_RUN = "model"


def own_name(value: str | Path) -> str:
    """Return the own name of a file or folder that is here; any other text as it is.

    Of "model", the folder in a run's, it is that of the run. A name without a separator stays: it
    says nothing of the machine, and may name something else.
    """
    text = str(value)
    path = _find(text)
    if path is None:
        return text
    return (path.parent if path.name == _MODEL_OF_RUN else path).name or text


def without_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings, in tables of any depth, with the own names of all files and folders."""
    return {name: _bare(value) for name, value in values.items()}


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_paths(value)
    return own_name(value) if isinstance(value, str) else value


def _find(text: str) -> Path | None:
    """Return the whole path of a text that leads to something; None where it does not."""
    try:
        path = Path(text).expanduser()
        is_bare = Path(text).name == text != ".."  # "" too, but neither "." nor "./x"
        return None if is_bare or not path.exists() else path.resolve()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a zero byte
        return None
