"""Single files of a repository."""

from pathlib import Path

import pytest
from hub_server import Answer, ClientError, Hub
from hub_user import User

GET = """
from mmgen.hub.files import fetch_file
str(fetch_file(repo, path, revision))
"""


def get(
    puller: User, repo: str, path: str = "vectors/some.txt", revision: str | None = None
) -> str:
    found: str = puller.run(GET, repo=repo, path=path, revision=revision)
    return found


@pytest.fixture
def words(hub: Hub, repo: str) -> str:
    """The repository, with a file of words."""
    hub.commit(repo, {"vectors/some.txt": b"fox 1 2\n"})
    hub.requests.clear()
    return repo


def test_a_file_comes_once(hub: Hub, puller: User, words: str) -> None:
    assert Path(get(puller, words)).read_bytes() == b"fox 1 2\n"
    commit = hub.head(words)
    hub.requests.clear()
    assert Path(get(puller, words, revision=commit)).read_bytes() == b"fox 1 2\n"
    assert hub.requests == []


def test_a_revision_is_obeyed(hub: Hub, puller: User, words: str) -> None:
    hub.tag(words, "v1")
    hub.commit(words, {"vectors/some.txt": b"fox 3 4\n"})
    assert Path(get(puller, words, revision="v1")).read_bytes() == b"fox 1 2\n"
    assert Path(get(puller, words)).read_bytes() == b"fox 3 4\n"


def test_a_file_that_is_not_there_is_named(puller: User, words: str) -> None:
    with pytest.raises(ClientError) as error:
        get(puller, words, "nothing.txt")
    assert error.value.kind == "HubError"
    assert error.value.words.endswith("has no file 'nothing.txt'")


def test_a_hub_that_is_busy_is_asked_again(hub: Hub, puller: User, words: str) -> None:
    hub.fault("HEAD *some.txt", Answer(503), times=1)
    assert Path(get(puller, words)).read_bytes() == b"fox 1 2\n"
    assert hub.count("HEAD *some.txt") >= 2
