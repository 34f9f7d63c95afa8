"""One file of a repository on the Hub."""

from pathlib import Path

from mmgen.errors import HubError
from mmgen.hub.client import ask


def fetch_file(repo: str, path: str, revision: str | None = None) -> Path:
    """Return a file of a model repository, fetched where it is not in the cache.

    Args:
        repo: "org/name".
        path: of the file in it.
        revision: a branch, tag or commit; None for the main branch.

    Raises:
        HubError: one of its classes says which trouble it was.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RemoteEntryNotFoundError

    def get() -> str:
        try:
            return hf_hub_download(repo, path, revision=revision)
        except RemoteEntryNotFoundError as error:
            raise HubError(f"{repo!r} has no file {path!r}") from error

    return Path(ask(get, repo, revision))
