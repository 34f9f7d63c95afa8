"""Which files are large: .gitattributes; and which are left out: .gitignore."""

from fnmatch import fnmatchcase

# What a new model repository starts with; the Hub's own list is longer.
DEFAULT_PATTERNS = (
    "7z bin bz2 ckpt gz h5 joblib model msgpack npy npz onnx parquet pb pickle pkl pt pth rar"
    " safetensors tar tflite tgz wasm xz zip zst"
)
LARGE_RULE = "filter=lfs diff=lfs merge=lfs -text"

# A file of this size does not go into git, whatever its name.
LARGE_BYTES = 10 * 2**20


def default_attributes() -> str:
    """Return the .gitattributes of a new repository."""
    names = [f"*.{suffix}" for suffix in DEFAULT_PATTERNS.split()] + ["*tfevents*"]
    return "".join(f"{name} {LARGE_RULE}\n" for name in names)


def is_tracked(path: str, attributes: str) -> bool:
    """Whether .gitattributes says that a file is large; the last line that fits decides."""
    tracked = False
    for line in attributes.splitlines():
        pattern, *rules = line.split() or [""]
        if _matches(path, pattern):
            if "filter=lfs" in rules:
                tracked = True
            elif "-filter" in rules or "!filter" in rules:
                tracked = False
    return tracked


def is_large(path: str, *, size: int, sample: bytes, attributes: str) -> bool:
    """Whether a file is to be stored beside git: by its name, its size, or its first bytes."""
    return is_tracked(path, attributes) or size >= LARGE_BYTES or _is_binary(sample)


def is_ignored(path: str, ignore: str) -> bool:
    """Whether .gitignore leaves a file out; the last line that fits decides."""
    ignored = False
    for line in map(str.strip, ignore.splitlines()):
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        if _matches(path, pattern.rstrip("/")) or _matches_parent(path, pattern):
            ignored = not line.startswith("!")
    return ignored


def _matches(path: str, pattern: str) -> bool:
    name = path if "/" in pattern.strip("/") else path.rpartition("/")[2]
    return bool(pattern) and fnmatchcase(name, pattern.lstrip("/"))


def _matches_parent(path: str, pattern: str) -> bool:
    parts = path.split("/")[:-1]
    parents = ("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return any(_matches(parent, pattern.rstrip("/")) for parent in parents)


def _is_binary(sample: bytes) -> bool:
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        # A sample may end within a character.
        return error.start < len(sample) - 3
    return False
