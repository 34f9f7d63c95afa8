"""Where a command's pictures go: names picked and checked before any work."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from mmgen.media.targets import check_folder, check_output, picture_format


@dataclass(frozen=True, kw_only=True)
class Places:
    """The rules for output: --format and --force.

    Attributes:
        kind: "png", "webp" or None.
    """

    kind: str | None
    force: bool

    def check(self, output: str | None, stem: str, count: int) -> Path:
        """Return the file or folder for `count` pictures; a free name where none was asked.

        Raises:
            OutputError: it exists, or cannot be written to.
            click.UsageError: the file's name and --format do not agree.
        """
        path = Path(output) if output else self._free_name(stem)
        self._check_place(path, count)
        return path

    def check_jobs(
        self, output: str | None, stem: str, jobs: Sequence[tuple[str, int]]
    ) -> list[Path]:
        """Return a place for each job of a batch file, given as (its own output or "", count).

        Jobs without an output get a numbered file. Folders are made.

        Raises:
            OutputError, click.UsageError: as in `check`, or two jobs write the same place.
        """
        folder = Path(output or ".")
        if folder.suffix and not folder.is_dir():
            raise click.UsageError("with --batch-file, -o names a folder")
        digits = max(4, len(str(len(jobs) - 1)))
        before = "" if output else f"{stem}-"
        numbered = f"{before}{{:0{digits}d}}.{self.kind or 'png'}"
        paths = [folder / (own or numbered.format(n)) for n, (own, _) in enumerate(jobs)]
        twice = [path for path, times in Counter(paths).items() if times > 1]
        if twice:
            raise click.UsageError(f"two jobs write {twice[0]}; give each its own output")
        for parent in {path.parent for path in paths}:
            check_folder(parent, 0, kind="png")
            parent.mkdir(parents=True, exist_ok=True)
        for path, (_, count) in zip(paths, jobs, strict=True):
            self._check_place(path, count)
        return paths

    def _check_place(self, path: Path, count: int) -> None:
        if not path.suffix or path.is_dir():
            check_folder(path, count, kind=self.kind or "png", force=self.force)
            return
        kind = picture_format(path)
        if self.kind not in (None, kind):
            raise click.UsageError(f"--format {self.kind} and {path.name} do not agree")
        check_output(path, force=self.force)

    def _free_name(self, stem: str) -> Path:
        """Return a file of the current folder that does not exist."""
        number = 1
        while (path := Path(f"{stem}-{number}.{self.kind or 'png'}")).exists():
            number += 1
        return path
