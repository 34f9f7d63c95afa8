"""The folder of a run: what was asked for, and where everything lies.

run.json            architecture, data, settings, versions
checkpoints/        step-00001000/: all that is needed to go on bit for bit
model/              the trained model, the best one on held-out data where there is some
figures.json        every evaluation
samples/            grids of samples: step-00001000.png
logs/               for TensorBoard
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmgen.errors import MmgenError, OutputError, TrainingError
from mmgen.training.tensor_file import flush_to_disk

FORMAT = 1


class RunFolder:
    """The paths in the folder of a run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.run_file = self.path / "run.json"
        self.figures_file = self.path / "figures.json"
        self.checkpoints = self.path / "checkpoints"
        self.model = self.path / "model"
        self.samples = self.path / "samples"
        self.logs = self.path / "logs"

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here."""
        return self.run_file.is_file()

    def create(self, record: Mapping[str, Any]) -> None:
        """Start a run here.

        Raises:
            TrainingError: the folder holds another run, or other files.
            OutputError: it cannot be written.
        """
        if self.holds_run:
            raise TrainingError(
                f"{self.path} already holds a run; go on with it (--resume), or choose another "
                "folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise TrainingError(
                    f"a run needs a new or empty folder; {self.path} has files that are no run"
                )
        except OSError as error:
            raise OutputError(f"the run folder {self.path} cannot be made: {error}") from error
        write_json(self.run_file, {"format": FORMAT, **record})

    def read(self) -> dict[str, Any]:
        """Return the record of the run.

        Raises:
            TrainingError: there is none, or a newer mmgen wrote it.
        """
        if not self.holds_run:
            raise TrainingError(
                f"there is no run to resume in {self.path}; start one by leaving out --resume"
            )
        record = read_json(self.run_file)
        if record.get("format") != FORMAT:
            raise TrainingError(
                f"{self.run_file} has format {record.get('format')!r}, this mmgen reads {FORMAT}; "
                "use the version of mmgen that started the run"
            )
        return record


def find_model_folder(path: str | Path) -> str | Path:
    """Return the model's folder of a run, or `path` itself, as it is, if it is not a run.

    A folder's "./" tells it from a model of the zoo, and a Path would drop it.

    Raises:
        TrainingError: the run has no model yet.
    """
    folder = RunFolder(path)
    if not folder.holds_run:
        return path
    if not folder.model.is_dir():
        raise TrainingError(f"the run {path} has no model yet; let it train up to an evaluation")
    return folder.model


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole or not at all.

    Raises:
        OutputError: the disk is full or not writable.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} could not be written: {error}") from error


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}") from error


def replace_folder(folder: Path, write: Any) -> None:
    """Let `write(temporary folder)` make a new version of a folder, then put it in place.

    Raises:
        OutputError: it could not be written; the old version is still there.
    """
    temporary = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        flush_to_disk(temporary)
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
        flush_to_disk(folder.parent)
    except (OSError, MmgenError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if old.exists() and not folder.exists():
            old.rename(folder)
        if isinstance(error, MmgenError):
            raise
        raise OutputError(f"{folder} could not be written: {error}") from error
    shutil.rmtree(old, ignore_errors=True)
