"""Identifiers as git computes them, so that a client may compute them too and compare."""

import hashlib
from collections.abc import Mapping


def object_id(kind: str, content: bytes) -> str:
    """Return the SHA-1 that git gives an object of a kind: blob, tree or commit."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """Return the text that stands in git for a file that is stored elsewhere."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()


def tree_id(blobs: Mapping[str, str]) -> str:
    """Return the identifier of a folder, given the blob identifier of each path under it."""
    rows = []
    for name, content in _children(blobs).items():
        is_file = isinstance(content, str)
        identifier = content if isinstance(content, str) else tree_id(content)
        order = name.encode() + (b"" if is_file else b"/")
        mode = b"100644" if is_file else b"40000"
        rows.append((order, mode + b" " + name.encode() + b"\0" + bytes.fromhex(identifier)))
    return object_id("tree", b"".join(row for _, row in sorted(rows)))


def commit_id(tree: str, parents: list[str], *, author: str, seconds: int, message: str) -> str:
    """Return the identifier of a commit."""
    who = f"{author} <{author}> {seconds} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}", "", message]
    return object_id("commit", "\n".join(lines).encode())


def _children(blobs: Mapping[str, str]) -> dict[str, str | dict[str, str]]:
    children: dict[str, str | dict[str, str]] = {}
    for path, identifier in blobs.items():
        name, slash, rest = path.partition("/")
        if slash:
            folder = children.setdefault(name, {})
            if isinstance(folder, dict):
                folder[rest] = identifier
        else:
            children[name] = identifier
    return children
