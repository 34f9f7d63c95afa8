"""Libraries that come with `mmgen-core[train]`, imported when they are first needed."""

from importlib import import_module
from typing import Any

from mmgen.errors import NotInstalledError

_COMMAND = "pip install 'mmgen-core[train]'"


def import_extra(module: str) -> Any:
    """Import a module of the extra `train`.

    Raises:
        NotInstalledError: it is missing; says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise NotInstalledError(
            f"this data set needs the library {library!r}: {error}; install it: {_COMMAND}",
            command=_COMMAND,
        ) from error
