"""Checks of an encoder: what `prepare` and `forward` give, row by row."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError, UnsupportedConditionError
from mmgen.interfaces import (
    Classifies,
    Conditioner,
    Embedding,
    EmbedsTogether,
    Encoder,
    HasFeatures,
)
from mmgen.plugins import manager
from mmgen.pretrained import load_folder
from mmgen.slots import Size
from mmgen.testing.case import EncoderCase, check
from mmgen.testing.keeping import demand_same_model
from mmgen.testing.outcome import (
    ContractError,
    NotApplicable,
    demand,
    demand_alike,
    demand_identical,
    demand_refusal,
)
from mmgen.testing.values import CLASSES, pictures, values_for

_EACH = 3
_HALF = 0.1  # of the largest value and one


def embed(encoder: Encoder, values: Any) -> Embedding:
    """Return the embedding of contract values."""
    with torch.no_grad():
        embedding: Embedding = encoder(**encoder.prepare(values))
    return embedding


@check
def check_prepare(case: EncoderCase) -> None:
    """prepare turns N values into tensors (N, …), always the same ones, without gradients."""
    encoder = case.build()
    count = len(case.values)
    demand(count >= 3, f"an encoder's case needs three values or more; got {count}")
    tensors = encoder.prepare(case.values)
    demand(
        isinstance(tensors, dict) and bool(tensors), "prepare must return a dict with some tensors"
    )
    for name, tensor in tensors.items():
        demand(
            isinstance(tensor, Tensor) and len(tensor) == count,
            f"prepare: {name!r} must be a tensor (N, …)",
        )
        demand(not tensor.requires_grad, f"prepare: {name!r} must not have a gradient")
        again = encoder.prepare(case.values)[name]
        demand_identical(tensor, again, f"prepare must give the same {name!r} again")
        demand_identical(
            tensor,
            case.build().prepare(case.values)[name],
            f"prepare: {name!r} must depend on the config and assets alone",
        )


@check
def check_embedding(case: EncoderCase) -> None:
    """forward gives tokens (N, L, D), a bool mask (N, L) and pooled (N, D), D the width."""
    encoder = case.build()
    embedding = embed(encoder, case.values)
    demand(isinstance(embedding, Embedding), "forward must return an Embedding")
    count, width = len(case.values), encoder.width
    tokens, mask, pooled = embedding.tokens, embedding.token_mask, embedding.pooled
    shape = tuple(tokens.shape)
    demand(
        tokens.ndim == 3 and (shape[0], shape[2]) == (count, width),
        f"tokens must have shape ({count}, L, {width}); got {shape}",
    )
    demand(
        mask.dtype == torch.bool and tuple(mask.shape) == shape[:2],
        f"token_mask must be bool {shape[:2]}; got {mask.dtype} {tuple(mask.shape)}",
    )
    demand(bool(mask.any(dim=1).all()), "every value must have at least one token")
    demand(
        tuple(pooled.shape) == (count, width),
        f"pooled must have shape ({count}, {width}); got {tuple(pooled.shape)}",
    )
    demand(
        bool(tokens[mask].isfinite().all()) and bool(pooled.isfinite().all()),
        "embeddings must be finite",
    )


@check
def check_values_do_not_mix(case: EncoderCase) -> None:
    """A value's embedding does not depend on its batch; other values have other embeddings."""
    encoder = case.build()
    whole = embed(encoder, case.values)
    for row in range(len(case.values)):
        alone = embed(encoder, case.values[row : row + 1])
        what = f"value {row} must have the same embedding alone"
        demand_alike(whole.pooled[row], alone.pooled[0], case.tolerance, what)
        demand_alike(
            whole.tokens[row][whole.token_mask[row]],
            alone.tokens[0][alone.token_mask[0]],
            case.tolerance,
            f"{what} (tokens)",
        )
        for other in range(row):
            demand(
                not torch.equal(whole.pooled[row], whole.pooled[other]),
                f"values {other} and {row} must have different embeddings",
            )


@check
def check_mixed_precision(case: EncoderCase) -> None:
    """It learns under autocast too, as a training in bf16 asks: embeddings are about the same."""
    encoder = case.build()
    tensors = encoder.prepare(case.values)
    with torch.autocast("cpu", torch.bfloat16):
        half = encoder(**tensors)
    found, expected = half.pooled.float(), embed(encoder, case.values).pooled
    demand(bool(found.isfinite().all()), "in mixed precision embeddings must be finite")
    scale = float(expected.abs().max()) + 1
    worst = float((found - expected).abs().max()) / scale
    demand(worst < _HALF, f"in mixed precision embeddings must be about the same: {worst:.2g} off")
    if half.pooled.requires_grad:
        half.pooled.float().square().sum().backward()


@check
def check_encoder_slot(case: EncoderCase) -> None:
    """The encoder's slot is of a registered, semantic kind of input."""
    encoder = case.build()
    slot = encoder.slot("wanted")
    demand(slot.name == "wanted", f"the slot must have the name it is given; got {slot.name!r}")
    demand(slot.modality == encoder.modality, f"the slot's modality must be {encoder.modality!r}")
    manager().modality(encoder.modality)
    demand(encoder.slot("wanted", required=True).required, "slot(required=True) must be required")


@check
def check_encoder_is_saved_whole(case: EncoderCase) -> None:
    """save → load gives the same encoder and embeddings, bit for bit."""
    encoder = case.build()
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_folder(encoder.save(Path(folder, "encoder")))
    demand(isinstance(loaded, Encoder), "a saved encoder must load as one")
    demand_same_model(encoder, loaded)
    assert isinstance(loaded, Encoder)
    demand_identical(
        embed(encoder, case.values).pooled,
        embed(loaded, case.values).pooled,
        "a loaded encoder must give the embeddings of the saved one",
    )


@check
def check_encoder_conditions(case: EncoderCase) -> None:
    """In a conditioner each value makes a condition of its own, and gradients reach the weights."""
    encoder = case.build()
    conditioner = Conditioner({"wanted": encoder}, width=7, dropout=0.0).eval()
    count = len(case.values)
    condition = conditioner({"wanted": case.values}, num_images=count, device="cpu")
    absent = conditioner({}, num_images=count, device="cpu")
    demand(
        not torch.equal(condition.pooled, absent.pooled), "a value must differ from no value given"
    )
    learned = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    if learned:
        # A sum of squares: no direction of the embedding cancels out.
        (condition.pooled.square().sum() + condition.tokens.square().sum()).backward()
        demand(
            any(p.grad is not None and bool(p.grad.any()) for p in learned),
            "gradients of the condition must reach the encoder",
        )


@check
def check_classification(case: EncoderCase) -> None:
    """classify gives each value the probabilities of the classes, whatever the batch."""
    encoder = case.build()
    if not (isinstance(encoder, Classifies) and encoder.classes):
        raise NotApplicable(f"{case.architecture} does not classify")
    said = encoder.classify(case.values)
    count, classes = len(case.values), len(encoder.classes)
    demand(said.classes == tuple(encoder.classes), "classify must name the encoder's classes")
    shape = tuple(said.probabilities.shape)
    demand(shape == (count, classes), f"probabilities must be ({count}, {classes}); got {shape}")
    demand(bool((said.probabilities >= 0).all()), "probabilities must not be negative")
    sums = said.probabilities.sum(dim=1)
    demand_alike(sums, torch.ones(count), case.tolerance, "probabilities must add up to 1")
    alone = encoder.classify(case.values[1:2]).probabilities
    demand_alike(said.probabilities[1:2], alone, case.tolerance, "values must not mix")


@check
def check_embeds_together(case: EncoderCase) -> None:
    """embed gives each slot's unit vectors in one space, whatever the batch; classify names."""
    encoder = case.build()
    if not isinstance(encoder, EmbedsTogether):
        raise NotApplicable(f"{case.architecture} embeds one modality")
    slots = encoder.slots
    demand(len(slots) >= 2, f"there must be two slots or more; got {len(slots)}")
    size = encoder.size or Size(channels=3, height=8, width=8)
    given = {slot.name: values_for(slot, size, _EACH) for slot in slots}
    vectors = encoder.embed(**given)
    demand(tuple(vectors) == tuple(given), f"embed must give {[*given]}; got {[*vectors]}")
    widths = {found.shape[1] for found in vectors.values()}
    demand(len(widths) == 1, f"vectors of all slots must have one length; got {sorted(widths)}")
    for name, found in vectors.items():
        what = f"vectors of {name!r}"
        sound = found.dtype == torch.float32 and found.device.type == "cpu" and len(found) == _EACH
        demand(sound, f"{what} must be float32 ({_EACH}, D) on the CPU")
        ones = torch.ones(_EACH)
        demand_alike(found.norm(dim=1), ones, case.tolerance, f"{what} must have length 1")
        alone = encoder.embed(**{name: given[name][1:2]})[name]
        demand_alike(found[1:2], alone, case.tolerance, f"{what} must not depend on the batch")
        demand(not torch.equal(found[0], found[1]), f"{what} must differ where values do")
    no_slot = {"no-such-slot": "x"}
    demand_refusal(
        lambda: encoder.embed(**no_slot), UnsupportedConditionError, slots[0].name, "such a slot"
    )
    if not {"image", "text"} <= {slot.modality for slot in slots}:
        return
    said = encoder.classify(pictures(size, _EACH), CLASSES, templates=("a {}", "one {} thing"))
    shape = tuple(said.probabilities.shape)
    demand(said.classes == CLASSES and shape == (_EACH, len(CLASSES)), "classify names the classes")
    sums = said.probabilities.sum(dim=1)
    demand_alike(sums, torch.ones(_EACH), case.tolerance, "probabilities must add up to 1")


@check
def check_features(case: EncoderCase) -> None:
    """encode gives the features of every layer, and refuses layers that there are not."""
    encoder = case.build()
    if not isinstance(encoder, HasFeatures):
        raise NotApplicable(f"{case.architecture} does not show its features")
    layers = encoder.layers
    demand(len(set(layers)) == len(layers) > 0, f"layers must have distinct names; got {layers}")
    features = encoder.encode(case.values, layers=layers)
    demand(tuple(features) == tuple(layers), f"encode must give {layers}; got {tuple(features)}")
    for name, values in features.items():
        what = f"features of {name!r}"
        demand(
            values.ndim >= 2 and len(values) == len(case.values),
            f"{what} must be (N, D, …); got {tuple(values.shape)}",
        )
        demand(bool(values.isfinite().all()), f"{what} must be finite")
        alone = encoder.encode(case.values[1:2], layers=(name,))[name]
        demand_alike(values[1:2], alone, case.tolerance, f"{what} must not mix values")
    try:
        encoder.encode(case.values, layers=("no-such-layer",))
    except InputError:
        return
    raise ContractError("encode must refuse a layer that there is not with an InputError")
