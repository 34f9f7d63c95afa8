"""Data sets of the Hugging Face Hub by name, and folders that `datasets` saved.

A name is `org/name`, with a configuration and a revision where wanted:
`org/name:config@revision`.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

from mmgen.data.extras import import_extra
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.data.splits import canonical
from mmgen.data.tables import columns_of, to_records
from mmgen.errors import DataError

_NAME = re.compile(
    r"(?P<path>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?::(?P<config>[^@]+))?(?:@(?P<revision>.+))?"
)


class HubDataset:
    """A source that `datasets` reads and keeps in its cache.

    Raises:
        NotInstalledError: `datasets` is missing.
        DataError: the Hub does not have it, or cannot be reached.
    """

    def __init__(self, name: str) -> None:
        match = _NAME.fullmatch(name)
        assert match is not None, name
        self.name = name
        self._datasets = import_extra("datasets")
        self._where = match.groupdict()

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """The splits of the configuration; asks the Hub."""
        where = self._where
        names = self._ask(
            self._datasets.get_dataset_split_names,
            where["path"],
            where["config"],
            revision=where["revision"],
        )
        return _ordered(names)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return a split's rows; the first time they are fetched."""
        where = self._where
        loaded = self._ask(
            self._datasets.load_dataset,
            where["path"],
            where["config"],
            split=split,
            revision=where["revision"],
        )
        return _to_records(loaded, options, source=self.name)

    def _ask(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # many kinds, from HTTP errors to damaged files
            raise DataError(
                f"data set {self.name!r} cannot be had from the Hub: "
                f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}; "
                "check its name, and that the Hub can be reached; a folder is named with ./"
            ) from error


class SavedDataset:
    """A source that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote.

    Raises:
        NotInstalledError: `datasets` is missing.
        DataError: the folder cannot be read.
    """

    def __init__(self, path: Path) -> None:
        datasets = import_extra("datasets")
        self.name = path.name
        try:
            loaded = datasets.load_from_disk(str(path))
        except Exception as error:
            raise DataError(f"{path} cannot be read as a saved data set: {error}") from error
        self._by_split = dict(loaded) if isinstance(loaded, dict) else {"train": loaded}

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that were saved, or "train" alone."""
        return _ordered(self._by_split)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return a split's rows."""
        return _to_records(self._by_split[split], options, source=self.name)


def is_hub_name(name: str) -> bool:
    """Whether a name has the form org/name, with what may follow it."""
    return _NAME.fullmatch(name) is not None


def is_saved_dataset(folder: Path) -> bool:
    """Whether `datasets` saved this folder."""
    return any((folder / name).is_file() for name in ("dataset_dict.json", "state.json"))


def _to_records(loaded: Any, options: DataOptions, *, source: str) -> Records:
    if loaded._indices is not None:  # rows were picked or sorted: bring the table into that order
        loaded = loaded.flatten_indices()
    table = loaded.data.table
    kinds = {name: type(feature).__name__ for name, feature in loaded.features.items()}
    classes = {
        name: tuple(feature.names)
        for name, feature in loaded.features.items()
        if kinds[name] == "ClassLabel"
    }
    columns = columns_of(table.schema, classes, kinds)
    chosen = columns.choose(options, source=source)
    label = chosen.label
    every = table.column(label).to_pylist() if label and label not in classes else ()
    return to_records(table, columns, chosen, every_label=every, folder=Path.cwd())


def _ordered(names: Any) -> tuple[str, ...]:
    order = {"train": 0, "valid": 1, "test": 2}
    return tuple(sorted(names, key=lambda name: order.get(canonical(name), 3)))
