"""metadata.jsonl and metadata.csv: what an image folder says of its pictures, row by row."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from mmgen.data.filetree import FileTree
from mmgen.errors import DataError

FILE_NAMES = ("metadata.jsonl", "metadata.csv")
PATH_ENDING = "_file_name"  # of columns that name a further picture
_FILE_COLUMN = "file_name"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Rows by the picture they belong to.

    Attributes:
        rows: by the picture's name in the tree.
        columns: all columns of all rows but file_name, in order of appearance.
        places: where each row was read, for messages.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @property
    def path_columns(self) -> list[str]:
        """The columns that name further pictures, as places in the tree."""
        return [name for name in self.columns if name.endswith(PATH_ENDING)]

    def column(self, name: str, pictures: list[str]) -> list[Any]:
        """Return a column's value for each picture; None where it has none."""
        return [self.rows.get(picture, {}).get(name) for picture in pictures]


def read_metadata(tree: FileTree) -> Metadata:
    """Read every metadata file of a tree; file_name is relative to the folder it lies in.

    Raises:
        DataError: a line is no JSON object or has no file_name.
    """
    metadata = Metadata()
    for name in tree.names:
        folder, _, file_name = name.rpartition("/")
        if file_name not in FILE_NAMES:
            continue
        for number, row in _read_rows(tree, name):
            place = f"{name}, line {number}"
            picture = row.pop(_FILE_COLUMN, None)
            if not isinstance(picture, str):
                raise DataError(
                    f"every row of {file_name} names its picture as {_FILE_COLUMN!r}; "
                    f"{tree.path}: {place} has {', '.join(row) or 'nothing'}"
                )
            path = _inside(folder, picture)
            for key, value in row.items():
                if key.endswith(PATH_ENDING) and isinstance(value, str):
                    row[key] = _inside(folder, value)
            metadata.rows[path] = row
            metadata.places[path] = place
            metadata.columns.update(dict.fromkeys(row))
    return metadata


def _inside(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _read_rows(tree: FileTree, name: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = tree.read(name).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{tree.path}: {name} cannot be read as UTF-8 text: {error}") from error
    if name.endswith(".csv"):
        return [(number, dict(row)) for number, row in enumerate(_read_csv(text), start=2)]
    lines = enumerate(text.split("\n"), start=1)
    return [
        (number, _read_object(tree, name, number, line)) for number, line in lines if line.strip()
    ]


def _read_csv(text: str) -> list[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval=None)
    return [{key: _number_or_text(value) for key, value in row.items() if key} for row in rows]


def _number_or_text(value: Any) -> Any:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return None if value == "" else value


def _read_object(tree: FileTree, name: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{tree.path}: {name}, line {number} is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(
            f"each line of {name} is a JSON object; {tree.path}: line {number} is {line[:60]!r}"
        )
    return row
