"""Models on the Hub: one commit, JSON and safetensors only, through the Hub's own client."""

from pathlib import Path

from mmgen.errors import ModelFileError

_PATTERNS = ["*.json", "*.safetensors", "*.txt", "README.md"]


def download(repo: str, revision: str | None) -> tuple[Path, str, dict[str, str]]:
    """Fetch a model's files at one commit, or take them from the client's cache.

    Args:
        repo: "org/name".
        revision: a branch, tag or commit; None is the main branch.

    Returns:
        The folder, the 40-hex commit, and the sha256 that the Hub states, by path.

    Raises:
        ModelFileError: no such repository or revision, no access, or offline and not cached.
    """
    # Imported late: only a model on the Hub needs the client.
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return _download(repo, revision)
    except GatedRepoError as error:
        raise ModelFileError(
            f"{repo!r} is gated: ask for access on its page, then log in with: hf auth login"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelFileError(f"{repo!r} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise ModelFileError(
            f"there is no repository {repo!r} on the Hub, or it is private: "
            "check the name, or log in with: hf auth login"
        ) from error
    except LocalEntryNotFoundError as error:
        raise ModelFileError(
            f"{repo!r} is not in the cache and the Hub cannot be reached"
        ) from error
    except HFValidationError as error:
        raise ModelFileError(f"{repo!r} is not the name of a repository: {error}") from error
    except HfHubHTTPError as error:
        raise ModelFileError(f"the Hub refused {repo!r}: {_first_line(error)}") from error
    except Exception as error:  # the client lets errors of its network library through
        raise ModelFileError(f"{repo!r} could not be fetched: {_first_line(error)}") from error


def _download(repo: str, revision: str | None) -> tuple[Path, str, dict[str, str]]:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    asked = commit = revision or "main"
    hashes: dict[str, str] = {}
    if not _is_commit(asked):
        try:
            info = HfApi().model_info(repo, revision=revision, files_metadata=True)
        except (HfHubHTTPError, HFValidationError):
            raise
        except Exception:  # no network: what was fetched before will do
            folder = snapshot_download(
                repo, revision=asked, allow_patterns=_PATTERNS, local_files_only=True
            )
            return Path(folder), Path(folder).name, {}
        commit = info.sha or asked
        hashes = {item.rfilename: item.lfs.sha256 for item in info.siblings or [] if item.lfs}
    # Asked for by its name, the client remembers which commit a branch was, for when it is offline.
    folder = snapshot_download(repo, revision=asked, allow_patterns=_PATTERNS)
    if Path(folder).name != commit:  # somebody published in between
        folder = snapshot_download(repo, revision=commit, allow_patterns=_PATTERNS)
    return Path(folder), commit, {k: v for k, v in hashes.items() if k.endswith(".safetensors")}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _is_commit(revision: str) -> bool:
    return len(revision) == 40 and all(letter in "0123456789abcdef" for letter in revision)
