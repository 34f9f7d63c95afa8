"""Frozen encoders of conditions encode each value once."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.interfaces import Conditioner, Embedding, Encoder, keeping
from mmgen.options import Options


class Counting(Encoder):
    """Vectors of letters; counts the values it was asked for."""

    modality = "text"

    def __init__(self) -> None:
        super().__init__(Options())
        self.width = 4
        self.vectors = nn.Embedding(128, 4)
        self.dropout = nn.Dropout(0.5)
        self.asked: list[Any] = []

    def prepare(self, values: Any) -> dict[str, Tensor]:
        self.asked += values
        rows = [torch.tensor([ord(letter) for letter in value]) for value in map(str, values)]
        return {"letters": nn.utils.rnn.pad_sequence(rows, batch_first=True)}

    def forward(self, *, letters: Tensor) -> Embedding:
        mask = letters > 0
        tokens = self.dropout(self.vectors(letters)) * mask[..., None]
        return Embedding(tokens, mask, tokens.sum(dim=1))


@pytest.fixture
def conditioner() -> Conditioner:
    torch.manual_seed(0)
    return Conditioner({"text": Counting(), "other": Counting()}, width=3, dropout=0.0)


def test_a_frozen_encoder_gives_what_it_gave(conditioner: Conditioner) -> None:
    encoder = conditioner.encoders["text"]
    plain = conditioner.eval().encode("text", ["ab", "c", "ab"], "cpu")
    encoder.asked.clear()
    conditioner.freeze(["text"])
    for _ in range(2):
        found = conditioner.encode("text", ["ab", "c", "ab"], "cpu")
        assert torch.equal(found.pooled, plain.pooled)
        assert torch.equal(found.token_mask, plain.token_mask)
        assert torch.equal(found.tokens[found.token_mask], plain.tokens[plain.token_mask])
    assert encoder.asked == ["ab", "c"]
    assert len(conditioner.encode("text", ["abc", "c"], "cpu").pooled) == 2
    assert encoder.asked == ["ab", "c", "abc"]


def test_it_neither_learns_nor_drops_anything_while_the_rest_trains(
    conditioner: Conditioner,
) -> None:
    conditioner.freeze(["text"])
    conditioner.train()
    assert not conditioner.encoders["text"].training
    assert conditioner.encoders["other"].training
    values = {"text": ["ab", "c"], "other": ["ab", "c"]}
    condition = conditioner(values, num_images=2, device="cpu")
    (condition.pooled.square().sum() + condition.tokens.square().sum()).backward()
    assert conditioner.encoders["text"].vectors.weight.grad is None
    assert conditioner.encoders["other"].vectors.weight.grad is not None
    assert conditioner.pooled_projections["text"].weight.grad.any()


def test_clips_are_known_by_what_they_are_not_by_where_they_lie(conditioner: Conditioner) -> None:
    class Clips(Counting):
        modality = "audio"

        def prepare(self, values: Any) -> dict[str, Tensor]:
            self.asked += values
            return {"letters": torch.stack([clip.long() for clip in values])}

    conditioner = Conditioner({"sound": Clips()}, width=3).eval()
    conditioner.freeze(["sound"])
    for number in range(50):  # a clip that is gone leaves its place to the next
        clip = torch.tensor([float(number + 1)])
        found = conditioner.encode("sound", [clip], "cpu").pooled
        expected = conditioner.encoders["sound"].vectors.weight[number + 1]
        assert torch.equal(found[0], expected)


def test_tokens_that_nobody_wants_take_no_room(conditioner: Conditioner) -> None:
    conditioner.restrict(tokens=False, pooled=True)
    conditioner.freeze(["text"])
    found = conditioner.eval().encode("text", ["ab", "c"], "cpu")
    assert found.tokens.shape == (2, 1, 0)
    condition = conditioner({"text": ["ab", "c"]}, num_images=2, device="cpu")
    assert condition.tokens.shape == (2, 0, 3)


def test_what_finds_no_room_is_encoded_again(
    conditioner: Conditioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 40)  # "c": a token and the pooled, 16 bytes each
    conditioner.freeze(["text"])
    conditioner.eval()
    for _ in range(2):
        conditioner.encode("text", ["c", "d"], "cpu")
    assert conditioner.encoders["text"].asked == ["c", "d", "d"]
