"""Parquet files, one or a folder of them: `train-00000-of-00002.parquet`, `test/0000.parquet`.

Small sets are read as they are; larger ones through `datasets`, which maps them from disk.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmgen.data.extras import import_extra
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.data.splits import canonical, split_in_name
from mmgen.data.tables import Columns, columns_of, to_records
from mmgen.errors import DataError


class Parquet:
    """A source of parquet files.

    Raises:
        NotInstalledError: pyarrow is missing.
        DataError: a file is no parquet or a damaged one.
    """

    def __init__(self, path: Path, files: list[Path]) -> None:
        self._parquet = import_extra("pyarrow.parquet")
        self.name = path.stem
        self._path = path
        self._folder = path if path.is_dir() else path.parent
        self._by_split: dict[str, list[Path]] = {}
        for file in files:
            relative = str(file.relative_to(self._folder))
            self._by_split.setdefault(split_in_name(relative) or "train", []).append(file)
        order = {"train": 0, "valid": 1}
        self._order = sorted(self._by_split, key=lambda name: order.get(canonical(name), 2))

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the files' names tell."""
        return tuple(self._order)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return the rows of a split, in the order of the files' names."""
        files = self._by_split[split]
        columns = self._columns(files[0])
        chosen = columns.choose(options, source=str(self._path))
        return to_records(
            self._table(files, chosen.names, options),
            columns,
            chosen,
            every_label=self._labels(chosen.label),
            folder=self._folder,
        )

    def _columns(self, file: Path) -> Columns:
        schema = self._open(file).schema_arrow
        features = _features(schema.metadata or {})
        kinds = {name: item["_type"] for name, item in features.items()}
        return columns_of(schema, _class_names(features), kinds)

    def _table(self, files: list[Path], names: list[str], options: DataOptions) -> Any:
        num_bytes = sum(file.stat().st_size for file in files)
        if num_bytes > options.in_memory_limit_mb * 1_000_000:
            return _map_from_disk(files, names)
        return self._read(files, names)

    def _labels(self, column: str | None) -> Iterator[Any]:
        """Yield the labels of all splits; nothing is read before the first is asked for."""
        if column is not None:
            every_file = [file for files in self._by_split.values() for file in files]
            yield from self._read(every_file, [column]).column(column).to_pylist()

    def _open(self, file: Path) -> Any:
        with _named_errors(file):
            return self._parquet.ParquetFile(file)

    def _read(self, files: list[Path], names: list[str]) -> Any:
        pyarrow = import_extra("pyarrow")
        tables = []
        for file in files:
            with _named_errors(file):
                tables.append(self._open(file).read(columns=names))
        return pyarrow.concat_tables(tables)


class _named_errors:
    """Turn what pyarrow raises into a DataError that names the file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | ValueError | KeyError):  # ArrowInvalid is a ValueError
            raise DataError(f"{self._file} cannot be read as parquet: {error}") from error


def _map_from_disk(files: list[Path], names: list[str]) -> Any:
    datasets = import_extra("datasets")
    paths = [str(file) for file in files]
    loaded = datasets.load_dataset("parquet", data_files=paths, split="train", columns=names)
    return loaded.data.table


def _features(metadata: dict[bytes, bytes]) -> dict[str, dict[str, Any]]:
    """Return what `datasets` says of columns, each with its "_type", where it wrote the file."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"].items()
    except (KeyError, TypeError, ValueError, AttributeError):  # another program's file
        return {}
    return {
        name: item
        for name, item in features
        if isinstance(item, dict) and isinstance(item.get("_type"), str)
    }


def _class_names(features: dict[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    named = {name: item.get("names") for name, item in features.items()
             if item["_type"] == "ClassLabel"}  # fmt: skip
    return {name: tuple(names) for name, names in named.items() if isinstance(names, list)}
