"""What came by Xet: xorbs as they were sent, and for each file what it is made of."""

import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub_server import refusals, xet_formats
from hub_server.repository import Repository
from hub_server.tokens import Role
from hub_server.xet_formats import File, Term

VALID_SECONDS = 3600
XORB_BYTES = 2**24


class XetStore:
    """A store of content by its own hashes, and the tokens that open it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tokens: dict[str, tuple[str, Role]] = {}
        for name in ("xorbs", "files"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def new_token(self, repo_id: str, role: Role) -> tuple[str, int]:
        """Return a token for a repository, and when it expires."""
        token = f"xet_{secrets.token_hex(16)}"
        self._tokens[token] = repo_id, role
        return token, int(time.time()) + VALID_SECONDS

    def repository_of(self, authorization: str | None, role: Role) -> str:
        """Return the repository that a token is for."""
        repo_id, granted = self._tokens.get((authorization or "").removeprefix("Bearer "), ("", ""))
        if not repo_id:
            raise refusals.Refusal(401, "Unauthorized")
        if role == "write" and granted != "write":
            raise refusals.forbidden("this token may only read")
        return repo_id

    def xorb(self, name: str) -> Path:
        return self.folder / "xorbs" / name

    def add_xorb(self, name: str, content: bytes) -> None:
        self.xorb(name).write_bytes(content)

    def add_file(self, repository: Repository, file: File) -> None:
        """Keep what a file is made of, if that gives what its SHA-256 promises."""
        content = b"".join(self.contents(file))
        sha256 = hashlib.sha256(content).hexdigest()
        if file.sha256 not in (None, sha256):
            raise refusals.bad_request(f"{file.xet_hash} is not what its SHA-256 says")
        path = self.folder / "files" / f"{file.xet_hash}.json"
        path.write_text(json.dumps(asdict(file)))
        repository.add_large(content)
        repository.set_xet_hash(sha256, file.xet_hash)

    def seed(self, repository: Repository, content: bytes) -> str:
        """Keep a file that no client sent; its hashes are made up, which no client can tell."""
        terms = []
        for at in range(0, len(content), XORB_BYTES):
            piece = content[at : at + XORB_BYTES]
            xorb = hashlib.sha256(b"xorb" + piece).hexdigest()
            self.add_xorb(xorb, xet_formats.pack(piece))
            count = -(-len(piece) // xet_formats.CHUNK_BYTES)
            terms.append(Term(xorb, 0, count, len(piece)))
        name = hashlib.sha256(b"file" + content).hexdigest()
        self.add_file(repository, File(name, None, terms))
        return name

    def contents(self, file: File) -> Iterator[bytes]:
        for term in file.terms:
            if not self.xorb(term.xorb).exists():
                raise refusals.bad_request(f"xorb {term.xorb} was not uploaded")
            xorb = self.xorb(term.xorb).read_bytes()
            yield from xet_formats.unpack(
                xorb, xet_formats.find_chunks(xorb)[term.first : term.last]
            )

    def file(self, xet_hash: str) -> File:
        path = self.folder / "files" / f"{xet_hash}.json"
        if not path.exists():
            raise refusals.Refusal(404, "Not Found")
        data = json.loads(path.read_text())
        return File(data["xet_hash"], data["sha256"], [Term(**term) for term in data["terms"]])

    def reconstruction(self, file: File, start: int, stop: int | None) -> dict[str, Any]:
        """Say which chunks hold a range of a file, and where in their xorbs these lie."""
        terms: list[dict[str, Any]] = []
        ranges: dict[str, list[dict[str, Any]]] = {}
        place = skipped = 0
        for term in file.terms:
            chunks = xet_formats.find_chunks(self.xorb(term.xorb).read_bytes())
            wanted = []
            for number in range(term.first, term.last):
                size = chunks[number].size
                if place + size <= start:
                    skipped = place + size
                elif stop is None or place < stop:
                    wanted.append(number)
                place += size
            if wanted:
                first, last = wanted[0], wanted[-1]
                size = sum(chunks[number].size for number in wanted)
                span = {"start": first, "end": last + 1}
                terms.append({"hash": term.xorb, "unpacked_length": size, "range": span})
                where = {"start": chunks[first].start, "end": chunks[last].stop - 1}
                ranges.setdefault(term.xorb, []).append({"range": span, "url_range": where})
        if not terms and place:
            raise refusals.Refusal(416, "Range Not Satisfiable")
        return {
            "offset_into_first_range": start - skipped,
            "terms": terms,
            "fetch_info": ranges,
        }
