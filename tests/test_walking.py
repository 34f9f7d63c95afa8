"""Walks: from noise to noise, and from condition to condition."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from mmgen.errors import InputError, OptionError, UnsupportedConditionError
from mmgen.interfaces import Conditioner, Generator
from mmgen.interfaces.noise import CounterNoise
from mmgen.pretrained import build
from mmgen.testing import perturb, stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny
from mmgen.walking import TurningNoise, _between, walk


@pytest.fixture
def model() -> Iterator[Generator]:
    with (
        temporary_plugin(tiny, "tiny"),
        temporary_plugin(stand_in, "stand_in"),
        torch.random.fork_rng(devices=[]),
    ):
        torch.manual_seed(0)
        encoders: Any = {
            "label": build("label-embedding", {"classes": ("cat", "dog", "hen"), "width": 4}),
            "text": build(stand_in.NAME, {"width": 6}),
        }
        made = build(
            "tiny-net", {"height": 4, "width": 6}, conditioner=Conditioner(encoders, width=5)
        )
        perturb(made)
        assert isinstance(made, Generator)
        yield made.eval()


def test_it_goes_from_one_picture_to_the_other_in_even_steps(model: Generator) -> None:
    way = walk(model, 5, seed=1, to_seed=2, label="cat")
    assert way.images.shape == (5, 1, 4, 6)
    for at, seed in ((0, 1), (4, 2)):
        (end,) = model.generate(1, seed=seed, label="cat").images
        torch.testing.assert_close(way.images[at], end)
    steps = (way.images[1:] - way.images[:-1]).flatten(1).norm(dim=1)
    assert steps.max() < 0.6 * (way.images[-1] - way.images[0]).norm()


def test_where_nothing_is_given_it_goes_from_example_to_example(model: Generator) -> None:
    # As of a family that reads one vector: the network has no use for tokens anyway.
    model.conditioner.restrict(tokens=False, pooled=True)
    model.conditioner.reserve_examples(8)
    model.conditioner.keep_examples({"label": torch.tensor([0, 1, 2, 1]), "text": list("abcd")})
    told = set()
    for to_seed in range(2, 8):
        way = walk(model, 5, seed=1, to_seed=to_seed)
        for at, seed in ((0, 1), (4, to_seed)):
            (end,) = model.generate(1, seed=seed).images
            torch.testing.assert_close(way.images[at], end)
        nothing = model.encode_conditions({}, 1)
        drawn = model.conditioner.draw_examples(nothing, CounterNoise(to_seed, [0]))
        told.add(tuple(drawn.present[0].tolist()))
    assert len(told) == 2  # both by label and by text


def test_what_counts_nothing_is_not_the_same_as_nothing_given(model: Generator) -> None:
    model.conditioner.restrict(tokens=False, pooled=True)
    bare = model.generate(3, seed=0).images
    model.conditioner.reserve_examples(8)
    model.conditioner.keep_examples({"label": torch.tensor([0, 1, 2, 1]), "text": list("abcd")})
    silent = model.generate(3, seed=0, label="cat", weights={"label": 0}).images
    torch.testing.assert_close(silent, bare)
    assert not torch.allclose(model.generate(3, seed=0).images, bare)


def test_it_passes_every_station(model: Generator) -> None:
    labels = ["cat", "dog", "hen"]
    way = walk(model, 7, seed=3, label=labels, text="one text")
    for at, label in zip((0, 3, 6), labels, strict=True):
        (station,) = model.generate(1, seed=3, label=label, text="one text").images
        torch.testing.assert_close(way.images[at], station)
    between = way.images[1] - way.images[0]
    assert between.abs().max() > 0


def test_the_recipe_has_the_stations_and_the_steps(model: Generator) -> None:
    way = walk(model, 4, seed=3, label=["cat", "hen"], text="a", weights={"label": 2})
    assert way.recipe["operation"] == "walk"
    assert (way.recipe["steps"], way.recipe["seed"], way.recipe["to_seed"]) == (4, 3, None)
    assert way.recipe["stations"] == {"label": ["cat", "hen"]}
    assert way.recipe["conditions"] == {"text": ["a"]}
    assert way.recipe["weights"] == {"label": 2.0}
    assert way[[2]].recipe["indices"] == [2]


@pytest.mark.parametrize("count", [4, 7, 10, 19])
def test_a_station_is_reached_exactly_however_many_there_are(count: int) -> None:
    encoder: Any = build_words()
    conditioner = Conditioner({"text": encoder}, width=5).eval()
    texts = [" ".join(["word"] * (1 + number * 3 % 5)) for number in range(count)]
    stations = conditioner({"text": texts}, num_images=count, device="cpu")
    for steps in (1, 3):
        total = (count - 1) * steps + 1
        way = _between(stations, range(total), total)
        torch.testing.assert_close(way.pooled[::steps], stations.pooled)
        assert torch.equal(way.token_mask[::steps], stations.token_mask)


def build_words() -> Any:
    with temporary_plugin(stand_in, "stand_in"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(stand_in.NAME, {"width": 6})


def test_a_seed_is_drawn_and_recorded(model: Generator) -> None:
    one = walk(model, 3, label=["cat", "hen"])
    again = walk(model, 3, label=["cat", "hen"], seed=one.recipe["seed"])
    assert torch.equal(one.images, again.images)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"label": "cat"}, InputError, "somewhere to go"),
        ({"seed": 3, "to_seed": 3}, InputError, "another to_seed"),
        ({"num_images": 1, "to_seed": 2}, InputError, "num_images must be at least 2"),
        ({"to_seed": -1}, InputError, "to_seed must be"),
        ({"label": ["cat", "hen"], "text": ["a", "b", "c"]}, InputError, "label: 2, text: 3"),
        ({"label": ["cat", "cow"]}, InputError, "cow"),
        ({"to_seed": 1, "smell": "roses"}, OptionError, "smell"),
        ({"to_seed": 1, "image": ["x.png", "y.png"]}, UnsupportedConditionError, "image"),
    ],
)
def test_where_it_cannot_go_it_says_so(
    model: Generator, arguments: dict[str, Any], error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        walk(model, **arguments)


def test_noise_turns_and_stays_what_it_is() -> None:
    ends = [CounterNoise(seed, [0]) for seed in (1, 2)]
    noise = TurningNoise(ends, torch.linspace(0, 1, 9, dtype=torch.float64))
    normal, uniform = noise.normal((2000,), stream="a"), noise.uniform((2000,), stream="b", step=3)
    for row, end in ((0, ends[0]), (8, ends[1])):
        assert torch.equal(normal[row], end.normal((2000,), stream="a")[0])
        assert torch.equal(uniform[row], end.uniform((2000,), stream="b", step=3)[0])
    torch.testing.assert_close(normal.std(dim=1), torch.ones(9), atol=0.06, rtol=0)
    for row in uniform:  # as evenly spread on the way as at the ends: Kolmogorov and Smirnov
        spread = (row.sort().values - (torch.arange(2000) + 0.5) / 2000).abs().max()
        assert spread < 1.63 / 2000**0.5  # exceeded once in a hundred


def test_one_noise_stays() -> None:
    noise = TurningNoise([CounterNoise(1, [0])], torch.linspace(0, 1, 3, dtype=torch.float64))
    assert torch.equal(noise.normal((4,)), CounterNoise(1, [0]).normal((4,)).expand(3, 4))
