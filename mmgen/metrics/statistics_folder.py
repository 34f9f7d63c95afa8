"""Where statistics of real pictures are kept. No torch here."""

from pathlib import Path

from mmgen.catalogue import own_cache


def statistics_folder() -> Path:
    """Return the folder of the files, which need not be there."""
    return own_cache() / "statistics"


def kept_statistics() -> list[Path]:
    """Return the files."""
    return sorted(statistics_folder().glob("*.safetensors"))


def remove_statistics() -> int:
    """Remove all of them, and return how many bytes that freed; they are measured anew."""
    freed = 0
    for path in kept_statistics():
        freed += path.stat().st_size
        path.unlink()
    return freed
