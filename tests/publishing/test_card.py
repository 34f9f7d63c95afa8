"""The card: metadata that the Hub takes, the owner's words, and examples that run."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_commands import changes, enter_folder, publish
from hub_server import ClientError, Hub, client_environment
from hub_user import User
from PIL import Image

from mmgen.catalogue import FigureEntry
from mmgen.errors import ModelFileError
from mmgen.publishing.card import CardFacts, split_card, stated_licence, write_card

ENTRY: dict[str, Any] = {
    "kind": "generator",
    "family": "tiny",
    "architecture": "tiny-net",
    "tasks": ["unconditional-image-generation"],
    "slots": [],
    "size": {"channels": 1, "height": 8, "width": 6},
}
ERROR = FigureEntry(name="Fréchet distance", value=1.25, protocol="a guess", standard_error=0.5)


def facts(**more: Any) -> CardFacts:
    given: dict[str, Any] = {
        "repo": "org/name",
        "summary": "squares",
        "plugin": "mmgen-plugin-tiny",
        "entry": ENTRY,
        "licence": {"weights": "Apache-2.0"},
    }
    return CardFacts(**(given | more))


def metadata(card: str) -> Mapping[str, Any]:
    return split_card(card)[0]


def test_the_hub_and_its_client_take_the_metadata(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    figure = {
        "name": "nll",
        "value": 1.5,
        "unit": "nats",
        "protocol": "a guess",
        "standard_error": 0.1,
    }
    figures = "from mmgen.catalogue import FigureEntry\nFigureEntry"
    code = f"""{figures}
about = About(summary="small squares", dataset="MNIST", licence="CC BY-SA 3.0",
              figures=[FigureEntry(**figure)])
mmgen.publish(folder, repo, about=about).card
"""
    publisher.run("from mmgen.publishing.publication import About")
    card = publisher.run(code, folder=str(model), repo=repo, figure=figure)
    assert hub.files(repo)["README.md"].decode() == card
    read = publisher.run(
        "card = ModelCard.load(repo)\ncard.validate()\n"
        "[card.data.to_dict(), card.data.eval_results[0].metric_value, card.text]",
        repo=repo,
    )
    data, value, text = read
    assert value == 1.5
    assert data["library_name"] == "mmgen"
    assert data["pipeline_tag"] == "unconditional-image-generation"
    assert data["datasets"] == ["mnist"]
    assert data["license"] == "cc-by-sa-3.0"
    assert {"mmgen", "tiny", "mmgen-plugin-tiny"} <= set(data["tags"])
    (result,) = data["model-index"][0]["results"]
    assert result["dataset"] == {"name": "MNIST", "type": "mnist"}
    assert result["metrics"][0]["name"] == "nll (nats)"
    assert result["metrics"][0]["args"] == {"protocol": "a guess", "standard_error": 0.1}
    assert "Small squares." in text
    assert "| nll | 1.5 ± 0.1 nats | a guess |" in text
    found = publisher.run(
        "[m.id for m in api.list_models(filter=['mmgen', 'dataset:mnist'], search=name)]",
        name=repo.partition("/")[2],
    )
    assert found == [repo]


def test_examples_of_the_card_run(
    hub: Hub, publisher: User, puller: User, repo: str, tmp_path: Path
) -> None:
    code = """
from mmgen.interfaces import Conditioner
from mmgen.pretrained import build
labels = build("label-embedding", {"classes": ["it's 5 $HOME", "two"], "width": 4})
conditioner = Conditioner({"label": labels}, width=4, dropout=0.1)
str(build("conv-vae", {}, conditioner=conditioner).save(folder))
"""
    publisher.run(code, folder=str(tmp_path / "model"))
    card = publish(publisher, tmp_path / "model", repo)["card"]
    examples = re.findall(r"^```(sh|python)\n(.*?)^```$", card, re.MULTILINE | re.DOTALL)
    (shell, in_shell), (python, in_python) = examples
    assert (shell, python) == ("sh", "python")
    environment = client_environment(hub, tmp_path / "home") | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    command = ["bash", "-euc", in_shell]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{in_shell}\n{done.stderr}"
    (tmp_path / "out.png").rename(tmp_path / "shell.png")
    enter_folder(puller, tmp_path)
    puller.run(in_python)
    with Image.open(tmp_path / "out.png") as one, Image.open(tmp_path / "shell.png") as other:
        assert one.tobytes() == other.tobytes()


def test_words_on_the_hub_stay(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    publish(publisher, model, repo, about={"licence": "MIT"})
    own = (
        "---\nlicense: mit\nlanguage: en\ntags: [art]\npipeline_tag: other-task\n---\n"
        "# Mine\n\nMy words.\n"
    )
    hub.commit(repo, {"README.md": own})
    done = publish(publisher, model, repo, about={"dataset": "MNIST"})
    data, text = split_card(hub.files(repo)["README.md"].decode())
    assert text == "# Mine\n\nMy words.\n"
    assert changes(done)["changed"] == ["README.md"]
    assert (data["license"], data["language"], data["pipeline_tag"]) == ("mit", "en", "other-task")
    assert data["library_name"] == "mmgen"
    assert data["datasets"] == ["mnist"]
    assert data["tags"][0] == "art"
    assert "mmgen" in data["tags"]
    assert set(changes(publish(publisher, model, repo, about={"dataset": "MNIST"}))) == {"kept"}


def test_words_in_the_folder_win_over_those_on_the_hub(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    publish(publisher, model, repo)
    (model / "README.md").write_text("Folder's words.\n")
    try:
        publish(publisher, model, repo)
    finally:
        (model / "README.md").unlink()
    assert hub.files(repo)["README.md"].decode().endswith("---\n\nFolder's words.\n")
    publish(publisher, model, repo)  # now they stand on the Hub
    assert hub.files(repo)["README.md"].decode().endswith("---\n\nFolder's words.\n")


def test_a_card_that_the_hub_refuses(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    hub.create_repo(repo)
    hub.commit(repo, {"README.md": "---\nmodel-index: [{}]\n---\nwords\n"})
    before = hub.head(repo)
    with pytest.raises(ClientError, match="model-index") as error:
        publish(publisher, model, repo)
    assert error.value.kind == "HubError"
    assert hub.head(repo) == before


def test_generated_words_and_metadata_are_written_anew() -> None:
    first = write_card(facts(summary="squares", dataset="MNIST", figures=[ERROR]))
    second = write_card(facts(summary="circles", dataset="org/round"), first)
    assert second == write_card(facts(summary="circles", dataset="org/round"))
    assert "Circles." in second
    assert metadata(second)["datasets"] == ["org/round"]


def test_what_the_owner_added_to_generated_metadata_stays() -> None:
    data, text = split_card(write_card(facts()))
    edited = f"---\n{yaml.safe_dump({**data, 'language': 'en'})}---\n{text}"
    again = write_card(facts(summary="circles"), edited)
    assert metadata(again)["language"] == "en"
    assert "Circles." in again


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("CC BY 4.0", {"license": "cc-by-4.0"}),
        ("openrail++", {"license": "openrail++"}),
        ("My Own 1", {"license": "other", "license_name": "my-own-1"}),
        ("unknown", {"license": "unknown"}),
    ],
)
def test_licences_in_the_words_of_the_hub(name: str, found: dict[str, str]) -> None:
    card = write_card(facts(licence={"weights": name}))
    data = metadata(card)
    assert {key: value for key, value in data.items() if key.startswith("license")} == found


def test_the_licence_that_stands_holds_until_another_is_stated() -> None:
    own = "---\nlicense: other\nlicense_name: mine\nlicense_link: LICENSE\n---\nwords\n"
    assert stated_licence(own) == "mine"
    unsaid = metadata(write_card(facts(licence={"weights": "unknown"}), own))
    assert (unsaid["license"], unsaid["license_link"]) == ("other", "LICENSE")
    same = metadata(write_card(facts(licence={"weights": "mine"}), own))
    assert same["license_name"] == "mine"
    said = metadata(write_card(facts(licence={"weights": "MIT"}), own))
    assert {key: said[key] for key in said if key.startswith("license")} == {"license": "mit"}


def test_words_without_metadata_and_with_other_line_ends() -> None:
    assert write_card(facts(), "# Mine\n").endswith("---\n\n# Mine\n")
    windows = "---\r\nlicense: mit\r\n---\r\n# Mine\r\n"
    assert metadata(write_card(facts(), windows))["license"] == "apache-2.0"
    assert "mmgen writes what follows" in write_card(facts(), "---\nlicense: mit\n---\n")


def test_metadata_that_are_not_yaml() -> None:
    with pytest.raises(ModelFileError, match="are not YAML"):
        write_card(facts(), "---\na: [\n---\nwords\n")


def test_slots_with_values_are_in_the_examples() -> None:
    slots = [
        {"name": "label", "modality": "label", "classes": ["it's", "b"]},
        {"name": "text", "modality": "text", "required": True},
        {"name": "mask", "modality": "mask"},
    ]
    card = write_card(facts(entry={**ENTRY, "slots": slots}, conditions={"text": "a bird"}))
    assert "mmgen run org/name --label 'it'\"'\"'s' --text 'a bird' -n 16" in card
    assert 'model.generate(16, label="it\'s", text="a bird", seed=0)' in card
    assert "| `text` | text | yes | - |" in card


def test_the_training_recipe_is_told() -> None:
    training = {
        "data": {"name": "MNIST", "num_train": 9000, "num_held_out": 1000},
        "config": {"trainer": {"noise": 0.1}, "training": {"steps": 300}, "model": {}},
    }
    card = write_card(facts(dataset="MNIST", training=training))
    assert "Trained on MNIST. 9,000 pictures to learn from, 1,000 held out." in card
    recipe = re.search(r"```json\n(.*?)\n```", card, re.DOTALL)
    assert recipe is not None
    assert json.loads(recipe[1]) == {"trainer": {"noise": 0.1}, "training": {"steps": 300}}


def test_a_badge_is_shown_under_the_name() -> None:
    assert "contract.svg" not in write_card(facts())
    assert "# name\n\n![mmgen contract](contract.svg)\n\n" in write_card(facts(has_badge=True))


def test_an_encoder_has_no_pictures() -> None:
    entry = {**ENTRY, "kind": "encoder", "tasks": ["feature-extraction"], "size": None}
    card = write_card(facts(entry=entry, has_samples=False))
    assert "samples.png" not in card
    assert metadata(card)["pipeline_tag"] == "feature-extraction"
