"""The encoder that is a text model of transformers."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hub_server import ClientError, ClientProcess, serve
from mmgen_plugin_text import text_networks
from mmgen_plugin_text.transformers_text import TransformersText
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from mmgen.data import PictureData
from mmgen.errors import MmgenWarning, ModelFileError, NotInstalledError, OptionError
from mmgen.pretrained import build_encoder, load_folder
from mmgen.training import train

TEXTS = ["a red fox", "Two blue whales, far away", "红色的狐狸", ""]
OWN = {
    "clip": "CLIPTextModel",
    "clip-whole": "CLIPTextModel",
    "t5": "T5EncoderModel",
    "t5-whole": "T5EncoderModel",
    "bert": "BertModel",
    "modernbert": "ModernBertModel",
}


def make(folder, **config):
    return build_encoder("transformers-text", {"pretrained": str(folder), **config}, []).eval()


def embed(encoder, *texts):
    with torch.no_grad():
        return encoder(**encoder.prepare([*texts]))


@pytest.fixture
def bert(text_models, tmp_path):
    """A copy of a model's folder, to be changed."""
    return Path(shutil.copytree(text_models("bert"), tmp_path / "bert"))


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("kind", OWN)
def test_it_gives_what_transformers_gives(kind, text_models, no_network):
    folder = text_models(kind)
    found = embed(make(folder), *TEXTS)
    model = getattr(transformers, OWN[kind]).from_pretrained(folder).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding()
    rows = tokenizer.encode_batch([text or " " for text in TEXTS])
    mask = torch.tensor([row.attention_mask for row in rows])
    with torch.no_grad():
        own = model(input_ids=torch.tensor([row.ids for row in rows]), attention_mask=mask)
    assert torch.equal(found.token_mask, mask.bool())
    assert torch.equal(found.tokens[mask.bool()], own.last_hidden_state[mask.bool()])
    if kind.startswith("clip"):
        assert torch.equal(found.pooled, own.pooler_output)
        ends = mask.sum(dim=1) - 1
        assert torch.equal(found.pooled, found.tokens[torch.arange(len(TEXTS)), ends])
    else:
        means = [own.last_hidden_state[row][: mask[row].sum()].mean(dim=0) for row in range(4)]
        torch.testing.assert_close(found.pooled, torch.stack(means), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", OWN)
def test_it_is_saved_whole_and_without_the_model_s_name(kind, text_models, tmp_path, no_network):
    encoder = make(text_models(kind))
    folder = encoder.save(tmp_path / "encoder")
    for path in folder.glob("*.json"):
        assert str(text_models(kind)) not in path.read_text()
    again = load_folder(folder)
    assert isinstance(again, TransformersText)
    assert torch.equal(embed(again, *TEXTS).pooled, embed(encoder, *TEXTS).pooled)
    assert torch.equal(embed(again, *TEXTS).tokens, embed(encoder, *TEXTS).tokens)


def test_the_half_that_reads_is_kept_alone(text_models):
    assert (
        make(text_models("clip-whole")).num_parameters == make(text_models("clip")).num_parameters
    )
    assert make(text_models("t5-whole")).num_parameters == make(text_models("t5")).num_parameters


def test_places_are_exact_in_a_file_of_half_precision(text_models, tmp_path):
    encoder = make(text_models("modernbert"))
    again = load_folder(encoder.save(tmp_path / "encoder", dtype=torch.bfloat16))
    rates = dict(encoder.named_buffers())
    assert rates
    for name, buffer in again.named_buffers():
        assert torch.equal(buffer, rates[name]), name


def test_it_stays_as_it_is_unless_it_is_tuned(text_models):
    frozen, tuned = (make(text_models("bert"), tuned=tuned).train() for tuned in (False, True))
    assert frozen.frozen
    assert not frozen.network.training
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert tuned.network.training
    assert all(parameter.requires_grad for parameter in tuned.parameters())


def test_a_generator_learns_with_it_and_reads_each_caption_once(text_models, tmp_path, monkeypatch):
    from mmgen.testing import temporary_plugin
    from mmgen.testing.tiny import plugin as tiny

    read = []
    prepare = TransformersText.prepare

    def listen(self, values):
        read.extend(values)
        return prepare(self, values)

    monkeypatch.setattr(TransformersText, "prepare", listen)
    shades = np.arange(24, dtype=np.uint8).reshape(24, 1, 1, 1) * 10
    images = torch.from_numpy(np.broadcast_to(shades, (24, 1, 8, 8)).copy())
    data = PictureData(images=images, texts=["a bright one", "a dark one"] * 12)
    text = {"encoder": "transformers-text", "pretrained": str(text_models("clip"))}
    training = {"steps": 6, "batch_size": 4, "tensorboard": False, "sample_every": 0}
    with temporary_plugin(tiny, "tiny"):
        run = train(
            "tiny-net",
            data,
            output=tmp_path / "run",
            config={"conditions": {"text": text}, "training": {**training, "device": "cpu"}},
            progress=False,
        )
        model = run.load()
    assert str(text_models("clip")) not in (run.model_folder / "training.json").read_text()
    network = model.conditioner.encoders["text"].network
    start = make(text_models("clip")).network
    for name, tensor in start.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor), name
    assert sorted(read) == ["a bright one", "a dark one"]


def test_a_long_text_is_cut_and_keeps_its_end(text_models):
    encoder = make(text_models("clip"), length=5)
    with pytest.warns(MmgenWarning, match="more than 5 tokens; the encoder reads 5 of them"):
        tokens = encoder.prepare(["a red fox far away", "a"])["tokens"]
    assert tokens.shape == (2, 5)
    assert tokens[0, -1] == encoder.tokenizer.token_to_id("<end>")


def test_the_sign_of_the_end_is_text_where_it_is_typed(text_models):
    """CLIP's pooled vector is that of its first end: what follows would not be read."""
    encoder = make(text_models("clip"))
    seven, nine = embed(encoder, "a fox <end> red"), embed(encoder, "a fox <end> far")
    assert not torch.allclose(seven.pooled, nine.pooled)


def test_the_length_is_at_most_the_model_s(text_models):
    assert make(text_models("bert"), length=1000).config.length == 40
    assert make(text_models("t5"), length=100).config.length == 100


def test_padding_changes_nothing(text_models):
    encoder = make(text_models("bert"))
    alone, together = embed(encoder, "a fox"), embed(encoder, "a fox", "a red fox, far away")
    torch.testing.assert_close(alone.pooled[0], together.pooled[0], atol=1e-6, rtol=1e-6)


def test_weights_in_several_files_are_read(bert):
    before = embed(make(bert), *TEXTS).pooled
    tensors = load_file(bert / "model.safetensors")
    (bert / "model.safetensors").unlink()
    places = {}
    for number, names in enumerate((sorted(tensors)[::2], sorted(tensors)[1::2]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in names}, bert / file)
        places |= dict.fromkeys(names, file)
    (bert / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert torch.equal(embed(make(bert), *TEXTS).pooled, before)


def test_pickles_are_never_opened(bert):
    (bert / "model.safetensors").rename(bert / "pytorch_model.bin")
    with pytest.raises(
        ModelFileError, match=r"pytorch_model.bin can run code, and is never opened"
    ):
        make(bert)


def test_a_slow_tokenizer_is_refused(bert):
    (bert / "tokenizer.json").unlink()
    with pytest.raises(
        ModelFileError, match=r"no tokenizer.json: only fast tokenizers .* save_pre"
    ):
        make(bert)


def test_a_tokenizer_of_another_model_is_refused(bert):
    config = json.loads((bert / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps({**config, "vocab_size": 100}))
    with pytest.raises(ModelFileError):
        make(bert)
    tokenizer = Tokenizer.from_file(str(bert / "tokenizer.json"))
    (bert / "config.json").write_text(json.dumps(config))
    tokenizer.add_tokens(["whale"])
    tokenizer.save(str(bert / "tokenizer.json"))
    with pytest.raises(ModelFileError, match="the network knows those before"):
        make(bert)


def test_what_reads_no_text_is_refused(text_models):
    with pytest.raises(ModelFileError, match="'vit' has no text encoder"):
        make(text_models("vit"))


def test_what_mixes_texts_of_a_batch_is_refused(text_models):
    with pytest.raises(ModelFileError, match="mixes what follows a text into it"):
        make(text_models("fnet"))


def test_torch_still_knows_what_makes_tensors(text_models):
    code = f"""
import torch
from mmgen.pretrained import build_encoder
build_encoder("transformers-text", {{"pretrained": {str(text_models("bert"))!r}}}, [])
with torch.device("meta"):
    assert torch.linspace(0, 1, 3).is_meta
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "my-own", "auto_map": {"AutoModel": "code.Mine"}}, "is never run"),
        ({"model_type": None}, "no 'model_type'"),
        ({"quantization_config": {"bits": 4}}, "is quantised"),
        ({"num_hidden_layers": 3}, "lack 16 tensors"),
        ({"hidden_size": 10}, "no weights of 'bert'"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(bert, change, words):
    config = json.loads((bert / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(ModelFileError, match=words):
        make(bert)


def test_what_names_code_is_left_out(bert, tmp_path):
    config = json.loads((bert / "config.json").read_text())
    config |= {"attn_implementation": "org/kernel", "auto_map": {"AutoModel": "code.Mine"}}
    (bert / "config.json").write_text(json.dumps(config))
    (bert / "code.py").write_text("raise AssertionError('this must not run')")
    folder = make(bert).save(tmp_path / "encoder")
    assert "kernel" not in (folder / "transformers.json").read_text()
    kept = json.loads((folder / "transformers.json").read_text())
    (folder / "transformers.json").write_text(json.dumps({**kept, **config}))
    assert load_folder(folder).network.config._attn_implementation == "sdpa"


def test_damaged_weights_are_named(bert):
    data = (bert / "model.safetensors").read_bytes()
    (bert / "model.safetensors").write_bytes(data[:-9])
    with pytest.raises(ModelFileError, match="truncated"):
        make(bert)


@pytest.mark.parametrize(
    ("values", "words"), [({}, "needs pretrained"), ({"pretrained": ""}, "needs pretrained")]
)
def test_a_model_is_needed(values, words):
    with pytest.raises(OptionError, match=words):
        build_encoder("transformers-text", values, [])


def test_neither_a_folder_nor_a_repository(tmp_path):
    with pytest.raises(ModelFileError, match="neither a folder nor the name of a repository"):
        make(tmp_path / "nothing")


def test_a_network_far_too_large_is_refused_before_it_is_made(text_models, tmp_path):
    folder = make(text_models("bert")).save(tmp_path / "encoder")
    config = json.loads((folder / "transformers.json").read_text())
    for change in ({"max_position_embeddings": 10**12}, {"num_hidden_layers": 10**9}):
        (folder / "transformers.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(ModelFileError, match="far larger"):
            load_folder(folder)


def test_without_the_library_the_command_is_said(text_models, tmp_path, monkeypatch):
    folder = make(text_models("bert")).save(tmp_path / "encoder")
    for name in [name for name in sys.modules if name.partition(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    for use in (lambda: make(text_models("bert")), lambda: load_folder(folder)):
        with pytest.raises(NotInstalledError, match=r"mmgen-plugin-text\[transformers\]") as error:
            use()
        assert error.value.command == text_networks.COMMAND


GET = """
from mmgen.pretrained import build_encoder
encoder = build_encoder("transformers-text", {"pretrained": name}, []).eval()
encoder(**encoder.prepare(["a red fox"])).pooled.tolist()
"""


def test_it_comes_from_the_hub_and_is_checked(text_models, bert, tmp_path):
    files = {path.name: path.read_bytes() for path in bert.iterdir()}
    others = {path.name: path.read_bytes() for path in text_models("t5").iterdir()}
    pickled = {("x.bin" if n.endswith("tensors") else n): data for n, data in files.items()}
    with serve(tmp_path / "hub") as hub:
        hub.create_repo("org/text")
        hub.commit("org/text", {**files, "extra.safetensors": files["model.safetensors"]})
        hub.tag("org/text", "v1")
        hub.commit("org/text", others)
        hub.create_repo("org/pickled")
        hub.commit("org/pickled", pickled)
        with ClientProcess(hub, tmp_path / "home") as client:
            found = client.run(GET, name="org/text@v1")
            assert np.allclose(found, embed(make(bert), "a red fox").pooled.tolist(), atol=1e-6)
            assert hub.count("GET *extra.safetensors") == 0
            newest = client.run(GET, name="org/text")
            expected = embed(make(text_models("t5")), "a red fox").pooled.tolist()
            assert np.allclose(newest, expected, atol=1e-6)
            with pytest.raises(ClientError, match="is a pickle"):
                client.run(GET, name="org/pickled")
