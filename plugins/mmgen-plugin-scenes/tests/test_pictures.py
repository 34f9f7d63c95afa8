"""Pictures of scenes, as they are painted."""

import numpy as np
import torch
from mmgen_plugin_scenes.vocabulary import COLOURS, PLACES, SIZES


def test_pictures_are_made_when_they_are_read(scenes):
    data = scenes()
    assert data.images.shape == (200, 3, 64, 64)
    assert not data.in_memory
    batch = data.batch(torch.tensor([5, 190]))
    assert batch["target"].shape == (2, 3, 64, 64)
    assert batch["text"] == [data.texts[5], data.texts[190]]
    assert torch.equal(batch["target"][1], data.images[torch.tensor([190])][0] / 255)


def test_digits_are_where_and_as_the_layout_says(scenes):
    data = scenes()
    pixels = data.images[torch.arange(200)].int()
    layout = data.images.layout
    for row, objects in enumerate(layout.objects()):
        distance = (pixels[row] - torch.from_numpy(layout.background[row])[:, None, None]).abs()
        painted = distance.sum(dim=0) > 60
        outside = painted.clone()
        for index, item in enumerate(objects):
            left, top = layout.left[row, index], layout.top[row, index]
            side = SIZES[item.size]
            box = (slice(top, top + side), slice(left, left + side))
            assert painted[box].float().mean() > 0.1
            outside[box] = False
            x, y = PLACES[item.place]
            assert abs(left + side / 2 - 32 - 19 * x) < 5
            assert abs(top + side / 2 - 32 - 19 * y) < 5
        assert not outside.any()


def test_ink_has_its_colour(scenes):
    data = scenes(count=300)
    layout = data.images.layout
    alone = np.flatnonzero(layout.count == 1)
    pixels = data.images[torch.from_numpy(alone)].float().flatten(2)
    paper = torch.from_numpy(layout.background[alone])[..., None]
    farthest = (pixels - paper).abs().sum(dim=1).argmax(dim=1)
    ink = pixels[torch.arange(len(alone)), :, farthest]
    names = list(COLOURS)
    palette = torch.tensor(list(COLOURS.values())).float()
    for seen, row in zip(ink, alone, strict=True):
        nearest = (palette - seen).abs().sum(dim=1).argmin()
        assert names[nearest] == data.images.layout.objects()[row][0].colour


def test_parts_have_the_pictures_of_the_whole(scenes):
    data = scenes(count=60)
    rows = torch.tensor([50, 3, 3])
    part = data.select(rows)
    assert torch.equal(part.images[torch.arange(3)], data.images[rows])
    assert part.texts == [data.texts[row] for row in rows]
    both = part.joined_with(data)
    assert torch.equal(both.images[torch.tensor([0, 3])], data.images[torch.tensor([50, 0])])
    assert np.array_equal(part.digests if part.digests is not None else part.images.digests(),
                          data.images.digests()[rows])  # fmt: skip


def test_fingerprints_tell_sets_apart(scenes):
    first = scenes(count=50)
    assert scenes(count=50).fingerprint == first.fingerprint
    others = [scenes(count=50, made_seed=1), scenes(count=51), scenes("test", count=50)]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert len(np.unique(first.images.digests(), axis=0)) == 50
