"""The Hub's own client: passing troubles are tried again, and its errors become our words."""

import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from json import JSONDecodeError
from typing import Any, TypeVar

from mmgen.catalogue import hub_cache, is_hex
from mmgen.errors import (
    GatedRepositoryError,
    HubError,
    MmgenError,
    OfflineError,
    OutputError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    TokenError,
)

T = TypeVar("T")

# For Xet the client tries again after up to B, B², … B⁵ seconds: with its own B = 3, six minutes;
# with this one 20 seconds, as long as it tries without Xet. Whoever sets another B has it so.
os.environ.setdefault("HF_XET_CLIENT_RETRY_BASE_DELAY", "1500ms")

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.5
_PATIENCE_SECONDS = 20.0
_DISK_TROUBLES = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
)
_INCOMPLETE = "Consistency check failed"  # fewer bytes came than were announced, says the client
_QUERY = re.compile(r"(?<=\S)\?\S*?(?=['\"\s]|$)")  # of a link; that of a signed one is a secret
_XET = re.compile(r"\b(xet|CAS)\b", re.IGNORECASE)  # CAS is the name of its store
_OS_ERROR = re.compile(r"\(os error (\d+)\)")  # as what is written in Rust says it
_MISREAD = (JSONDecodeError, KeyError, TypeError, AttributeError, AssertionError)
# What huggingface_hub 2.4 makes six times itself: these requests of its API, whatever the trouble,
# other ones never; HEAD and GET of files, by the trouble; all that sends large files.
_TRIED_OF_API = re.compile(
    r"/api/models(/[^/]+/[^/]+/(tree|commits|preupload|xet-[a-z]+-token)/|$)"
)
_OF_API = re.compile(r"/api/(?!resolve-cache/)")
_TRIED_OF_FILES = {
    "HEAD": ((408, 429, 500, 502, 503, 504), ("ConnectError", "TimeoutException")),
    "GET": ((408, 429), ("ConnectError", "TimeoutException", "RemoteProtocolError")),
}
_LOG_IN = "log in with: hf auth login (or set HF_TOKEN)"


def ask(action: Callable[[], T], repo: str, revision: str | None = None) -> T:
    """Return what a call of the client returns.

    A dropped connection, a truncated answer, a Hub that is busy or down (408, 429, 5xx): the call
    is made up to four times in all, after 0.5, 1 and 2 seconds. What the client itself tried
    again, for half a minute, is not tried again here; and nothing is, where no answer came for 20
    seconds.

    Args:
        action: the call; without effect where it fails.
        repo, revision: what it is about, for the error's words.

    Raises:
        HubError: one of its classes says which trouble it was.
    """
    start = time.monotonic()
    for attempt in range(_ATTEMPTS):
        try:
            return action()
        except MmgenError:
            raise
        except Exception as error:  # the client lets errors of its network library through
            late = time.monotonic() - start > _PATIENCE_SECONDS and _is_timeout(error)
            if attempt + 1 == _ATTEMPTS or late or not is_worth_a_try(error):
                raise translated(error, repo, revision) from error
        time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


def passes(error: Exception) -> bool:
    """Return whether an error of the client may be gone at the next call."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    for cause in _causes(error):
        if isinstance(cause, OfflineModeIsEnabled) or _is_named(cause, "ProxyError"):
            return False
        if isinstance(cause, HfHubHTTPError):
            status = _status(cause)
            return status >= 500 or status in (408, 429)
        if _is_named(cause, "TransportError"):
            return True
    return _INCOMPLETE in str(error)


def is_worth_a_try(error: Exception) -> bool:
    """Return whether an error may be gone at the next call, and the client did not try that."""
    return passes(error) and not any(map(_was_tried_by_client, _causes(error)))


def _was_tried_by_client(error: BaseException) -> bool:
    said: Any = getattr(error, "response", error)
    try:
        request = said.request
        method, path = str(request.method), str(request.url.path)
    except (AttributeError, RuntimeError):  # it is not about a request, or does not say of which
        return False
    if _OF_API.search(path):
        return bool(_TRIED_OF_API.search(path))
    if method not in _TRIED_OF_FILES:
        return True
    statuses, names = _TRIED_OF_FILES[method]
    return _status(error) in statuses or any(_is_named(error, name) for name in names)


def _is_timeout(error: Exception) -> bool:
    return any(_is_named(cause, "TimeoutException") for cause in _causes(error))


def is_conflict(error: Exception) -> bool:
    """Return whether the Hub refused because things are no more as the call assumed."""
    return any(_status(cause) in (409, 412) for cause in _causes(error))


def translated(error: Exception, repo: str, revision: str | None = None) -> MmgenError:
    """Return an error of the client in our words and classes."""
    from huggingface_hub import constants, errors, get_token

    short = revision and (revision[:12] if is_hex(revision, 40) else revision)
    what = f"{repo!r} at {short!r}" if short else repr(repo)
    # The order matters: a gated repository is, to the client, also one that is not found.
    for cause in _causes(error):
        if isinstance(cause, errors.GatedRepoError):
            return GatedRepositoryError(
                f"{repo!r} is gated: ask for access on its page, then {_LOG_IN}"
            )
        if isinstance(cause, errors.RevisionNotFoundError):
            return RevisionNotFoundError(
                f"{repo!r} has no revision {revision!r}; a revision is a branch, tag or commit"
            )
        if isinstance(cause, errors.RepositoryNotFoundError):
            if _status(cause) == 401 and get_token():
                return TokenError(
                    f"the Hub does not know {repo!r}, or refused your token for it: check the "
                    f"name, or {_LOG_IN}"
                )
            return RepositoryNotFoundError(
                f"there is no repository {repo!r} on the Hub, or it is private: check the name, "
                f"or {_LOG_IN}"
            )
        if isinstance(cause, errors.HFValidationError):
            return HubError(f"{repo!r} is not the name of a repository: {_first_line(cause)}")
        if isinstance(cause, errors.LocalTokenNotFoundError):
            return TokenError(f"{what} needs a token: {_LOG_IN}")
        if isinstance(cause, errors.HfHubHTTPError):
            return _refusal(cause, what)
        if isinstance(cause, errors.OfflineModeIsEnabled):
            return OfflineError(
                f"{what} is not in the cache, and HF_HUB_OFFLINE=1 forbids to fetch it; unset it, "
                f"or run once with a network: mmgen download {repo}"
            )
        if _is_named(cause, "TransportError"):
            return OfflineError(
                f"the Hub cannot be reached for {what} ({_first_line(cause)}); "
                "check the network, HF_ENDPOINT and proxies"
            )
        if isinstance(cause, OSError) and cause.errno in _DISK_TROUBLES:
            return OutputError(f"{what} cannot be kept in {hub_cache()}: {cause.strerror}")
    if _INCOMPLETE in str(error):
        sizes = _first_line(error).removeprefix(f"{_INCOMPLETE}: ").partition(" (")[0]
        return HubError(f"{what} comes incomplete ({sizes}); check the network and proxies")
    disk = _OS_ERROR.search(str(error))
    if disk and int(disk[1]) in _DISK_TROUBLES:
        return OutputError(f"{what} cannot be kept in {hub_cache()}: {os.strerror(int(disk[1]))}")
    if isinstance(error, ConnectionError) and _XET.search(str(error)):
        return HubError(
            f"the Hub at this endpoint has no Xet storage ({_first_line(error)}); "
            "set HF_HUB_DISABLE_XET=1"
        )
    if _XET.search(str(error)):
        return HubError(
            f"{what}: the Xet storage of the Hub failed ({_first_line(error)}); "
            "HF_HUB_DISABLE_XET=1 does without it"
        )
    if isinstance(error, errors.LocalEntryNotFoundError | errors.RevisionResolutionError):
        return OfflineError(f"{what} is not in the cache, and the Hub cannot be reached")
    if isinstance(error, (errors.FileMetadataError, *_MISREAD)):
        return HubError(
            f"{what}: what answers at {constants.ENDPOINT} is no Hub, or a page to log in comes "
            f"first ({type(error).__name__}); check HF_ENDPOINT and the network"
        )
    return HubError(f"{what}: {type(error).__name__}: {_first_line(error)}")


def _refusal(error: Exception, what: str) -> MmgenError:
    status = _status(error)
    if status == 401:
        return TokenError(f"the Hub refused your token for {what}; {_LOG_IN}")
    if status == 403:
        return TokenError(
            f"your token has not the right to do this to {what} ({_first_line(error)}); "
            "use one with write access"
        )
    if status == 429 or status >= 500:
        return OfflineError(f"the Hub is busy or down ({status}) for {what}; try again later")
    hint = "; HF_HUB_DISABLE_XET=1 does without Xet" if _XET.search(str(error)) else ""
    return HubError(f"the Hub refused {what}: {_first_line(error)}{hint}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_named(error: BaseException, name: str) -> bool:
    """Whether an error is of a class of the client's network library, whichever that is."""
    return any(base.__name__ == name for base in type(error).__mro__)


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    return int(getattr(response, "status_code", 0))


def _first_line(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _QUERY.sub("", line).strip().rstrip(".")
