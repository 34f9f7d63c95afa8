"""Data sets that plugins registered by name (the hook `mmgen_datasets`)."""

from pathlib import Path

from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.errors import PluginError
from mmgen.families import DatasetSource, load_reference
from mmgen.plugins import manager


def registered_source(source: str | Path) -> DatasetSource | None:
    """Return the data set that a plugin registered under this name, or None.

    Raises:
        AmbiguousNameError: two plugins did.
    """
    if not isinstance(source, str) or source not in registered_names():
        return None
    return manager().dataset(source)


def registered_names() -> tuple[str, ...]:
    """Return the names of all data sets that plugins registered."""
    return tuple(item.name for plugin in manager().plugins for item in plugin.datasets)


def load_registered(source: DatasetSource, split: str, options: DataOptions) -> PictureData:
    """Load one of the source's own splits through the plugin's function.

    Raises:
        PluginError: its function cannot be loaded or returns something else.
    """
    data = load_reference(source.loader)(split, options)
    if not isinstance(data, PictureData):
        raise PluginError(
            f"a data set's loader returns PictureData; that of {source.name!r} ({source.loader}) "
            f"returned {type(data).__name__}"
        )
    return data
