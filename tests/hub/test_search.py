"""Models of mmgen are found on the Hub, whoever published them."""

from hub_commands import run
from hub_server import Answer, Hub
from hub_user import User

CARD = "---\nlibrary_name: mmgen\npipeline_tag: text-to-image\ntags: [{tags}]\n---\nwords\n"


def test_models_are_found_with_their_plugins(hub: Hub, puller: User) -> None:
    for name, tags in (
        ("seek-squares", "mmgen, tiny"),
        ("seek-digits", "vae"),
        ("seek-faces", "mmgen, nobody-knows, mmgen-plugin-nobody"),
    ):
        hub.create_repo(f"org/{name}")
        hub.commit(f"org/{name}", {"README.md": CARD.format(tags=tags)})
    hub.create_repo("org/seek-other")
    hub.commit("org/seek-other", {"README.md": CARD.replace("mmgen", "diffusers")})
    hub.create_repo("org/seek-hidden", private=True)
    hub.commit("org/seek-hidden", {"README.md": CARD.format(tags="tiny")})

    found = {model["repo"]: model for model in run(puller, "search", "seek", "--json").data}
    assert found.keys() == {"org/seek-squares", "org/seek-digits", "org/seek-faces"}
    assert found["org/seek-squares"]["family"] == "tiny"
    assert found["org/seek-squares"]["task"] == "text-to-image"
    assert found["org/seek-digits"]["status"] == "installed"
    assert found["org/seek-digits"]["plugin"] == "mmgen-plugin-vae"
    assert found["org/seek-faces"]["status"] == "unknown family"

    table = run(puller, "search", "seek")
    assert table.code == 0
    assert "org/seek-digits" in table.out
    assert len(run(puller, "search", "seek", "--limit", 1, "--json").data) == 1


def test_a_plugin_that_is_not_installed_is_named(hub: Hub, puller: User) -> None:
    hub.create_repo("org/absent-gan")
    hub.commit("org/absent-gan", {"README.md": CARD.format(tags="absent")})
    code = """
from mmgen.catalogue import catalogue
catalogue().index.families["absent"] = {"name": "absent", "plugin": "mmgen-plugin-absent"}
"""
    puller.run(code)
    try:
        (found,) = run(puller, "search", "absent", "--json").data
    finally:
        puller.run("del catalogue().index.families['absent']")
    assert found["status"] == "not installed: pip install mmgen-plugin-absent"


def test_nothing_is_found(puller: User) -> None:
    nothing = run(puller, "search", "no", "such", "words")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no model of mmgen on the Hub matches" in nothing.err
    assert run(puller, "search", "no-such-word", "--json").data == []


def test_a_search_that_the_hub_refuses(hub: Hub, puller: User) -> None:
    hub.fault("GET /api/models", Answer(400, "too many words"), times=None)
    refused = run(puller, "search", "x")
    assert refused.code == 1
    assert refused.err.startswith("mmgen: the Hub refused")
    assert hub.count("GET /api/models") == 1
