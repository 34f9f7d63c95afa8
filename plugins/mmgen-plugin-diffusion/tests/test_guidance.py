"""Branches of guidance and what they add up to."""

import pytest
import torch
from mmgen_plugin_diffusion.guidance import branched, joined, plan_branches, read_scales

from mmgen.errors import OptionError, UnsupportedConditionError

SLOTS = ("label", "text")


def shares(scales):
    return [
        (branch.share, set(branch.slots), branch.known) for branch in plan_branches(scales, SLOTS)
    ]


def test_without_guidance_there_is_one_branch():
    assert shares({}) == [(1.0, {"label", "text"}, True)]


def test_one_scale_asks_with_and_without_all_conditions():
    assert shares({"label": 3.0, "text": 3.0}) == [
        (-2.0, set(), True),
        (3.0, {"label", "text"}, True),
    ]


def test_each_slot_may_have_its_own():
    """Brooks et al. 2023, equation 3."""
    assert shares({"label": 2.0, "text": 5.0}) == [
        (-1.0, set(), True),
        (-3.0, {"label"}, True),
        (5.0, {"label", "text"}, True),
    ]


def test_known_pixels_may_be_guided_too():
    assert shares({"image": 2.0, "label": 1.0, "text": 4.0}) == [
        (-1.0, set(), False),
        (1.0, set(), True),
        (-3.0, {"label"}, True),
        (4.0, {"label", "text"}, True),
    ]


@pytest.mark.parametrize("scales", [{}, {"text": 0.0}, {"label": 2.5, "image": 3.0, "text": -1.0}])
def test_shares_add_up_to_one(scales):
    assert sum(share for share, _, _ in shares(scales)) == pytest.approx(1)


def test_predictions_are_joined_by_their_shares():
    branches = plan_branches({"label": 2.0, "text": 5.0}, SLOTS)
    outputs = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0))
    expected = -outputs[0] - 3 * outputs[1] + 5 * outputs[2]
    torch.testing.assert_close(joined(outputs.flatten(0, 1), branches), expected)


def test_branches_see_their_slots(build):
    model = build()
    condition = model.semantic_condition({"text": "one two", "label": "b"}, 2)
    both = branched(condition, plan_branches({"label": 2.0, "text": 5.0}, SLOTS))
    assert both.present.tolist() == [[False, False]] * 2 + [[True, False]] * 2 + [[True, True]] * 2
    torch.testing.assert_close(both.pooled[:2], condition.without().pooled)
    torch.testing.assert_close(both.pooled[4:], condition.pooled)


def read(model, asked, **settings):
    return read_scales(
        asked, 3.0, model.conditioner, **{"inpaints": False, "title": "it", **settings}
    )


def test_scales_are_read(build):
    model = build()
    assert read(model, None) == {"label": 3.0, "text": 3.0}
    assert read(model, 2) == {"label": 2.0, "text": 2.0}
    assert read(model, "text:4") == {"text": 4.0}
    assert read(model, "image:2,text:4", inpaints=True) == {"image": 2.0, "text": 4.0}


def test_an_unknown_slot_is_named(build):
    with pytest.raises(UnsupportedConditionError, match="names 'sound'; it can be guided by label"):
        read(build(), "sound:2")
    with pytest.raises(UnsupportedConditionError, match="names 'image'"):
        read(build(), "image:2")


def test_guidance_is_refused_where_conditions_were_never_left_out(build):
    model = build(dropout=0.0)
    for asked in (3.0, "text:2"):
        with pytest.raises(OptionError, match=r"trained without dropout .* conditioner\.dropout"):
            model.generate(1, text="one", guidance_scale=asked)
    assert read(model, None) == {}
    model.generate(1, text="one", guidance_scale=1, seed=0)


def test_guidance_is_refused_where_there_are_no_conditions(build):
    with pytest.raises(OptionError, match="takes none"):
        build(told=False).generate(1, guidance_scale=3.0)


def test_guidance_goes_away_from_the_picture_without_conditions(build):
    model = build("pixel")
    options = {"text": "one two", "seed": 0, "steps": 1, "sampler": "euler"}
    zero, one, two = (
        model.generate(2, guidance_scale=scale, **options).images for scale in (0, 1, 2)
    )
    free = model.generate(2, seed=0, steps=1, sampler="euler").images
    torch.testing.assert_close(zero, free)
    inside = (two > 0) & (two < 1) & (one > 0) & (one < 1) & (zero > 0) & (zero < 1)
    assert inside.float().mean() > 0.2
    torch.testing.assert_close((2 * one - zero)[inside], two[inside], atol=1e-5, rtol=1e-5)


def test_outside_its_interval_nothing_is_guided(build):
    model = build("pixel")
    options = {"text": "one two", "seed": 0, "guidance_scale": 4.0}
    never = model.generate(1, guidance_interval=(0.0, 0.0), **options).images
    plain = model.generate(1, **(options | {"guidance_scale": 1.0})).images
    torch.testing.assert_close(never, plain)
    always = model.generate(1, **options).images
    late = model.generate(1, guidance_interval=(0.0, 0.5), **options).images
    assert not torch.allclose(always, late, atol=1e-3)
    assert not torch.allclose(plain, late, atol=1e-3)
