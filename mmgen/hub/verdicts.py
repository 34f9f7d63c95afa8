"""What was found out about a file's content: found once, and remembered in the user's cache.

A file is known by device, inode, size and times: one that was changed or replaced is looked at
again. All that is remembered can be found again, so that nothing fails where the cache is damaged,
or cannot be written to; two processes that write at once may lose what one of them found.
"""

import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmgen.catalogue import is_hex, own_cache
from mmgen.errors import ModelFileError

_NAME = "verdicts.json"
_FORMAT = 1
_MAX_FILES = 1_000
_MAX_BYTES = 2**20  # of the file that remembers; a thousand entries take a fifth of it
_WORTH_BYTES = 2**20  # a smaller file is read anew sooner than looked up
_RACY_SECONDS = 2.0  # the coarsest clock of a file system: FAT's

Verdict = dict[str, Any]
_lock = threading.Lock()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's content, in hex.

    Raises:
        ModelFileError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            raise ModelFileError(f"{path} is not a file")
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            known = _recall(before).get("sha256")
            if is_hex(known, 64):
                return str(known)
            lasting = _is_lasting(before)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    if lasting and _state(after) == _state(before):
        _remember(before, {"sha256": digest})
    return digest


def is_known_finite(file: Path | int) -> bool:
    """Return whether `remember_finite` was told of this file (a path, or a descriptor)."""
    try:
        return _recall(_stat(file)).get("finite") is True
    except OSError:
        return False


def remember_finite(file: Path | int) -> None:
    """Remember that no tensor of this file (a path, or a descriptor) holds NaN or Inf.

    Without effect where the file is small, or was modified in the last two seconds: it could
    change once more without its times telling.
    """
    try:
        found = _stat(file)
    except OSError:
        return
    if _is_lasting(found):
        _remember(found, {"finite": True})


def forget(path: Path) -> None:
    """Forget all that was found out about a file."""
    try:
        found = path.stat()
    except OSError:
        return
    _change(lambda files: files.pop(_key(found), None) is not None)


def _stat(file: Path | int) -> os.stat_result:
    return os.fstat(file) if isinstance(file, int) else file.stat()


def _key(found: os.stat_result) -> str:
    return f"{found.st_dev}:{found.st_ino}"


def _state(found: os.stat_result) -> Verdict:
    """What says that a file's content is the same as before. No program can set the last."""
    return {
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "ctime_ns": found.st_ctime_ns,
    }


def _is_lasting(found: os.stat_result) -> bool:
    """Whether it is worth while, and safe, to remember what is found from now on."""
    age = time.time() - found.st_mtime
    return found.st_size >= _WORTH_BYTES and age > _RACY_SECONDS


def _recall(found: os.stat_result) -> Verdict:
    if found.st_size < _WORTH_BYTES:
        return {}
    with _lock:
        verdict = _read(_place()).get(_key(found), {})
    return verdict if _state(found).items() <= verdict.items() else {}


def _remember(found: os.stat_result, verdict: Verdict) -> None:
    def enter(files: dict[str, Verdict]) -> bool:
        old = files.pop(_key(found), {})
        state = _state(found)
        files[_key(found)] = (old if state.items() <= old.items() else state) | verdict
        return True

    _change(enter)


def _place() -> Path | None:
    """Return where verdicts are kept; None where there is no home."""
    try:
        return own_cache() / _NAME
    except RuntimeError:
        return None


def _change(change: Callable[[dict[str, Verdict]], bool]) -> None:
    """Read the file, change what it holds, and write it where the change says so."""
    path = _place()
    if path is None:
        return
    with _lock:
        files = dict(_read(path))
        if change(files):
            kept = dict(list(files.items())[-_MAX_FILES:])
            _write(path, {"format": _FORMAT, "files": kept})


_last_read: tuple[Path, Verdict, dict[str, Verdict]] | None = None


def _read(path: Path | None) -> dict[str, Verdict]:
    """Return the verdicts by file, the oldest first; none where the file is missing or damaged."""
    global _last_read
    if path is None:
        return {}
    try:
        with path.open("rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            state = {**_state(found), "key": _key(found)}
            if _last_read is not None and _last_read[:2] == (path, state):
                return _last_read[2]
            # In a shared cache, nobody else's word is taken for what a file holds.
            if found.st_size > _MAX_BYTES or not _is_own(found):
                return {}
            data = json.loads(file.read())
        if data["format"] != _FORMAT:
            return {}
        files = {key: item for key, item in data["files"].items() if isinstance(item, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    _last_read = path, state, files
    return files


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()


def _write(path: Path, data: Verdict) -> None:
    """Write the file, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        partial.replace(path)
    except OSError:
        try:
            partial.unlink(missing_ok=True)
        except OSError:
            return
