"""Labels as conditions."""

import torch

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import LabelEmbedding


def test_a_label_is_one_token_which_is_pooled_too() -> None:
    encoder = LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b", "c"), width=4))
    found = encoder(**encoder.prepare([2, 0]))
    assert found.tokens.shape == (2, 1, 4)
    assert found.token_mask.all()
    assert torch.equal(found.tokens[:, 0], found.pooled)
    assert torch.equal(found.pooled, encoder.vectors.weight[[2, 0]])


def test_its_slot_has_the_class_names() -> None:
    encoder = LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b"), width=4))
    slot = encoder.slot("digit", required=True)
    assert (slot.name, slot.modality, slot.classes, slot.required) == (
        "digit",
        "label",
        ("a", "b"),
        True,
    )
