"""`mmgen publish` says what it does, and what it would do."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_commands import make, run, writes
from hub_server import Hub, serve
from hub_user import User, user

from mmgen.testing.badge import draw_badge


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def publisher(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    with user(hub, tmp_path_factory.mktemp("home"), token=hub.token("write")) as client:
        yield client


@pytest.fixture(scope="module")
def model(publisher: User, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(publisher, tmp_path_factory.mktemp("models") / "model")


def test_the_entry_is_the_result(hub: Hub, publisher: User, model: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps([{"name": "nll", "value": 1.5, "protocol": "a guess"}]))
    given = ["--licence", "MIT", "--dataset", "MNIST", "--summary", "squares", "--private"]
    done = run(
        publisher,
        "publish",
        model,
        "--to",
        "org/entry",
        *given,
        "--figures",
        figures,
        "--tag",
        "v1",
    )
    assert done.code == 0
    (entry,) = tomllib.loads(done.out)["models"]
    assert entry["name"] == "entry"
    assert entry["repo"] == "org/entry"
    assert entry["revision"] == hub.head("org/entry", "v1")
    assert entry["summary"] == "squares"
    assert entry["data"] == "MNIST"
    assert entry["licence"] == {"weights": "MIT"}
    assert entry["figures"] == [{"name": "nll", "value": 1.5, "protocol": "a guess"}]
    assert {file["path"] for file in entry["files"]} == {"config.json", "model.safetensors"}
    assert f"{hub.url}/org/entry at {entry['revision']}" in done.err
    assert "added   model.safetensors" in done.err
    assert hub.repository("org/entry").settings.private


def test_a_dry_run_shows_files_card_and_changes(hub: Hub, publisher: User, model: Path) -> None:
    hub.requests.clear()
    done = run(publisher, "publish", model, "--to", "org/dry", "--dry-run", "--catalogue")
    assert done.code == 1  # what would fail in the end fails now
    assert "has no registry.toml" in done.err
    done = run(publisher, "publish", model, "--to", "org/dry", "--dry-run")
    assert done.code == 0
    assert "org/dry: nothing was sent" in done.out
    assert "added   config.json" in done.out
    assert "# dry\n\nA tiny-net of mmgen." in done.out
    assert "nobody may use the weights; say it: --licence" in done.err
    assert writes(hub) == 0
    assert hub.find("org/dry") is None


def test_a_badge_goes_along(hub: Hub, publisher: User, model: Path, tmp_path: Path) -> None:
    badge, before = tmp_path / "mine.svg", writes(hub)
    badge.write_text(draw_badge("3 of 3 hold", "#2e7d32"))
    done = run(publisher, "publish", model, "--to", "org/badge", "--badge", badge, "--dry-run")
    assert done.code == 0
    assert "added   contract.svg" in done.out
    assert "![mmgen contract](contract.svg)" in done.out
    badge.write_text("<svg onload='x()'/>")
    refused = run(publisher, "publish", model, "--to", "org/badge", "--badge", badge)
    assert "is no badge; mmgen plugins check" in refused.err
    missing = run(publisher, "publish", model, "--to", "org/badge", "--badge", tmp_path / "no.svg")
    assert "no.svg cannot be read" in missing.err
    assert writes(hub) == before


def test_a_badge_stays_on_the_card_of_the_next_publication(
    publisher: User, model: Path, tmp_path: Path
) -> None:
    (badge := tmp_path / "mine.svg").write_text(draw_badge("3 of 3 hold", "#2e7d32"))
    assert run(publisher, "publish", model, "--to", "org/kept", "--badge", badge).code == 0
    again = run(publisher, "publish", model, "--to", "org/kept", "--dry-run")
    assert "![mmgen contract](contract.svg)" in again.out


def test_json(hub: Hub, publisher: User, model: Path) -> None:
    planned = run(publisher, "publish", model, "--to", "org/json", "--dry-run", "--json").data
    assert (planned["dry_run"], planned["commit"]) == (True, "")
    done = run(publisher, "publish", model, "--to", "org/json", "--json").data
    assert (done["dry_run"], done["commit"]) == (False, hub.head("org/json"))
    assert done["changes"] == planned["changes"]
    assert done["move"] is None


def test_what_cannot_be_done_is_said_in_a_line(
    hub: Hub, publisher: User, model: Path, tmp_path: Path
) -> None:
    run(publisher, "publish", model, "--to", "org/words", "--tag", "v1")
    wrong = tmp_path / "figures.json"
    wrong.write_text('[{"name": "nll"}]')
    to = ["--to", "org/words"]
    for arguments, code, words in (
        ([model, *to, "--licence", "MIT", "--tag", "v1"], 1, "has a tag 'v1' already"),
        ([model, "--to", "words"], 1, "a repository is named org/name; got 'words'"),
        ([model], 2, "Missing option '--to'"),
        ([tmp_path / "nowhere", *to], 1, "does not exist"),
        ([model, *to, "--figures", wrong], 1, "must be a JSON list of figures"),
        ([model, *to, "--sample", "text"], 2, "--sample takes SLOT=VALUE"),
        ([model, *to, "--sample", "text=bird"], 1, "text"),
    ):
        refused = run(publisher, "publish", *arguments)
        assert (refused.code, refused.out) == (code, ""), refused
        assert words in refused.err
        assert code == 2 or refused.err.count("\n") == 1
