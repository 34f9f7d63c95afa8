"""What the Hub says no with: a status, a code that the client reads, and words."""


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}
        self.extra = extra or {}


def bad_request(message: str) -> Refusal:
    return Refusal(400, message)


def wrong_token() -> Refusal:
    return Refusal(401, "Invalid credentials in Authorization header")


def not_logged_in() -> Refusal:
    return Refusal(401, "Invalid username or password.")


def repository_not_found(*, logged_in: bool) -> Refusal:
    """Say that there is no such repository; also for one that the asker may not see.

    Without a token the Hub answers 401, which the client reads as "not found" by the shape of an
    https address. On http it needs the code to come to the same error.
    """
    if logged_in:
        return Refusal(404, "Repository not found", code="RepoNotFound")
    return Refusal(401, "Invalid username or password.", code="RepoNotFound")


def revision_not_found(revision: str) -> Refusal:
    return Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def entry_not_found(path: str, commit: str) -> Refusal:
    message = f'Entry "{path}" not found'
    return Refusal(404, message, code="EntryNotFound", headers={"X-Repo-Commit": commit})


def gated(repo_id: str, *, logged_in: bool) -> Refusal:
    if logged_in:
        words = "and you are not in the authorized list. Visit its page to ask for access."
        return Refusal(403, f"Access to model {repo_id} is restricted {words}", code="GatedRepo")
    words = "You must have access to it and be authenticated to access it. Please log in."
    return Refusal(401, f"Access to model {repo_id} is restricted. {words}", code="GatedRepo")


def forbidden(message: str) -> Refusal:
    return Refusal(403, message)


def conflict(message: str, **extra: object) -> Refusal:
    return Refusal(409, message, extra=extra)
