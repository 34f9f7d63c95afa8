"""What the trainer compares, leaves out and learns."""

import pytest
import torch
from mmgen_plugin_contrastive.config import ContrastiveTraining
from mmgen_plugin_contrastive.losses import sigmoid_losses, softmax_losses
from mmgen_plugin_contrastive.trainer import ContrastiveTrainer, rows_alike, rows_with_value

from mmgen.errors import DataError, InputError
from mmgen.interfaces import CounterNoise
from mmgen.nn import change_pictures

PICTURES = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def batch(texts=("red", "green", "blue", "grey"), labels=(0, 1, 2, 0)):
    return {"target": PICTURES, "text": list(texts), "label": torch.tensor(labels)}


def trainer_of(model, **options):
    return ContrastiveTrainer(model, ContrastiveTraining(**options))


def test_every_two_slots_are_compared(model):
    pairs = list(trainer_of(model).pairs(batch()))
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("image", "label"),
        ("image", "text"),
        ("label", "text"),
    ]
    vectors = model.embed(image=PICTURES, text=batch()["text"])
    torch.testing.assert_close(pairs[1].whole.rows, vectors["image"] @ vectors["text"].T)


def test_rows_without_a_text_have_no_part_in_what_concerns_texts(model):
    trainer = trainer_of(model)
    with_gap = batch(texts=("red", "", "blue", "grey"))
    by_slots = {(pair.first, pair.second): pair for pair in trainer.pairs(with_gap)}
    assert by_slots["image", "text"].rows.tolist() == [0, 2, 3]
    assert by_slots["image", "label"].rows.tolist() == [0, 1, 2, 3]
    changed = {**with_gap, "target": PICTURES.clone()}
    changed["target"][1] = 0
    kept = [list(trainer.pairs(b))[1].whole.rows for b in (with_gap, changed)]
    torch.testing.assert_close(kept[0], kept[1])


def test_texts_with_words_exchanged_belong_to_no_picture(model):
    texts = ("a red cat", "a blue dog", "", "heart")
    noise = CounterNoise(0, range(4))
    losses = []
    for loss in ("softmax", "sigmoid"):
        for exchanged in (False, True):
            trainer = trainer_of(model, loss=loss, exchanged=exchanged)
            losses.append(trainer.loss(batch(texts), 0, noise)["loss"])
    assert losses[0] < losses[1]
    assert losses[2] < losses[3]
    losses[1].backward()
    trainer = trainer_of(model, exchanged=True)
    [nobodys] = trainer._exchanged(batch(texts), noise).values()
    pairs = {(p.first, p.second): p for p in trainer.pairs(batch(texts), {"text": nobodys})}
    assert pairs["image", "label"].whole.wrong is None
    assert pairs["image", "text"].whole.wrong.shape == (3, 2)  # an empty text, and one of one word
    torch.testing.assert_close(
        pairs["image", "text"].whole.wrong,
        model.vectors("image", PICTURES)[[0, 1, 3]] @ nobodys.pooled.T,
    )


@pytest.mark.parametrize("options", [{}, {"tokens": 1.0, "exchanged": True}])
@pytest.mark.parametrize("texts", [("",) * 4, ("", "a red cat", None, "")])
def test_a_batch_almost_without_texts_still_gives_a_loss(model, texts, options):
    losses = trainer_of(model, **options).loss(batch(texts), 0, CounterNoise(0, range(4)))
    assert losses["loss"].isfinite()
    losses["loss"].backward()


def test_rows_of_one_text_are_alike_and_missing_ones_are_not():
    expected = torch.eye(5).bool()
    expected[0, 2] = expected[2, 0] = True
    assert torch.equal(rows_alike([["a", "b", "a", "", ""]]), expected)
    by_label = rows_alike([["a", "b", "c", "d"], torch.tensor([0, 1, 0, 2])])
    assert by_label[0, 2]
    assert by_label.sum() == 6
    assert rows_alike([PICTURES, None]) is None


def test_rows_of_one_label_are_told_apart_where_texts_do(model):
    by_slots = {(pair.first, pair.second): pair for pair in trainer_of(model).pairs(batch())}
    assert torch.equal(by_slots["image", "text"].alike, torch.eye(4).bool())
    assert by_slots["image", "label"].alike[0, 3]
    for pair in trainer_of(model, labels_alike=True).pairs(batch()):
        assert pair.alike[0, 3]


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_the_loss_is_that_of_wholes_and_of_tokens_without_rows_that_are_alike(model, loss):
    trainer, noise = trainer_of(model, loss=loss, tokens=2.0), CounterNoise(0, range(4))

    def mean(cosines, alike):
        if loss == "softmax":
            return softmax_losses(cosines.rows, model.scale, alike).mean()
        return sigmoid_losses(cosines.rows, model.scale, trainer.bias, alike).mean()

    expected = [
        mean(pair.whole, pair.alike) + 2 * mean(pair.by_tokens, pair.alike)
        for pair in trainer.pairs(batch())
    ]
    found = trainer.loss(batch(), 0, noise)["loss"]
    torch.testing.assert_close(found, torch.stack(expected).mean())


def test_clips_without_a_sample_are_missing():
    clips = [torch.zeros(3), torch.zeros(0), None]
    assert rows_with_value(clips).tolist() == [True, False, False]


@pytest.mark.parametrize("tokens", [0.0, 1.0])
@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_it_learns_what_belongs_together(model, loss, tokens):
    torch.manual_seed(0)
    trainer = trainer_of(model, loss=loss, tokens=tokens).train()
    (phase,) = trainer.stages()[0].phases
    optimizer = torch.optim.Adam(phase.parameters, lr=0.02)
    for step in range(150):
        optimizer.zero_grad()
        phase.loss(batch(), step, CounterNoise(0, range(4)))["loss"].backward()
        optimizer.step()
        phase.after_step(step)
    figures = trainer.eval().evaluate(batch(), CounterNoise(0, range(4)))
    assert figures["error"].sum() == 0
    table = model.similarity(image=PICTURES, text=batch()["text"])
    assert table.argmax(dim=1).tolist() == [0, 1, 2, 3]


def test_the_scale_stops_at_a_hundred(model):
    trainer = trainer_of(model)
    model.log_scale.data.fill_(7.0)
    trainer.limit_scale(0)
    torch.testing.assert_close(model.log_scale.exp(), torch.tensor(100.0))


def test_a_slot_that_the_data_lacks_is_named(model):
    lacking = batch()
    del lacking["text"]
    with pytest.raises(DataError, match="has a slot 'text', the data has not; it has label"):
        list(trainer_of(model).pairs(lacking))


def test_a_window_larger_than_the_picture_is_refused(model):
    with pytest.raises(InputError, match="at most the pictures' side; they are 8×8 colour, got 9"):
        trainer_of(model, crop=9)


def test_it_learns_from_changed_pictures_and_is_evaluated_on_the_given_ones(model, monkeypatch):
    trainer = trainer_of(model, rotate=20.0, flip=True, crop=5, saturation=0.5, erase=1.0)
    seen, pairs = [], trainer.pairs

    def keep(rows, *rest):
        seen.append(rows["target"])
        return pairs(rows, *rest)

    monkeypatch.setattr(trainer, "pairs", keep)
    trainer.loss(batch(), 0, CounterNoise(0, range(4)))
    trainer.evaluate(batch(), CounterNoise(0, range(4)))
    changed = change_pictures(PICTURES, CounterNoise(0, range(4)), trainer.options, crop=5)
    assert torch.equal(seen[0], changed)
    assert torch.equal(seen[1], PICTURES)


def test_nothing_is_done_to_pictures_unless_asked(model):
    trainer = trainer_of(model)
    noise = CounterNoise(0, range(4))
    assert trainer.options.crop is None
    assert change_pictures(PICTURES, noise, trainer.options) is PICTURES
