"""How much of what captions say is in the pictures, each attribute apart."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmgen.metrics.bootstrap import Interval, linear_interval, share_interval
from mmgen_plugin_scenes.combinations import withheld_values
from mmgen_plugin_scenes.readings import NO_COLOUR, Readings


@dataclass(frozen=True)
class Share:
    """Of each of N pictures, how many things are right, and of how many; float64 (N,)."""

    right: Tensor
    total: Tensor

    @property
    def value(self) -> float:
        """The share of all things that are right."""
        return float(self.right.sum() / self.total.sum())

    @property
    def num_pictures(self) -> int:
        """Those that have any of the things."""
        return int((self.total > 0).sum())

    def interval(self, seed: int = 0) -> Interval:
        """Return the 95 % interval of the share: pictures are resampled, not the things in them.

        Where all is right, or nothing, resampling says nothing: then it is the score interval of
        one thing a picture.
        """
        if self.value in (0.0, 1.0):
            return share_interval(torch.full((self.num_pictures,), self.value))
        influences = (self.right - self.value * self.total) / self.total.mean()
        low, high = linear_interval(self.value, influences, seed=seed)
        return max(0.0, low), min(1.0, high)


def score(said: Readings, seen: Readings) -> dict[str, Share]:
    """Compare what captions say with what is seen in the pictures made for them, N each.

    Returns:
        number: pictures with as many digits as the caption names.
        place: of the places that a caption names or a picture fills, those that are both (so
            missing digits and stray ones count against it alike).
        value, colour, size: of the digits that captions name, those whose place shows that value,
            that colour, that size. An empty place shows none.
        all: pictures with the right number, places, values and colours; the size is left out.
        … of withheld: place (whether there is a digit), value and colour, of those digits alone
            whose combination of value, colour and place training never shows; left out where no
            caption names one.
    """
    named, filled = said.filled, seen.filled
    value, colour, size = (
        (a == b) & named & filled for a, b in zip(said.columns, seen.columns, strict=True)
    )
    as_said = (said.value == seen.value) & ((said.colour == seen.colour) | ~named)
    found = {
        "number": _per_picture(named.sum(dim=1) == filled.sum(dim=1)),
        "place": _of_places(named & filled, named | filled),
        "value": _of_places(value, named),
        "colour": _of_places(colour, named),
        "size": _of_places(size, named),
        "all": _per_picture(as_said.all(dim=1)),
    }
    withheld = named & (withheld_at(said) == said.value)
    if bool(withheld.any()):
        pairs = {"place": filled, "value": value, "colour": colour}
        for name, right in pairs.items():
            found[f"{name} of withheld"] = _of_places(right & withheld, withheld)
    return found


def withheld_at(said: Readings) -> Tensor:
    """Return which value is withheld for the colour at each place, int64 (N, 5); -1 for none."""
    table = torch.from_numpy(withheld_values().copy())  # (8, 5)
    table = torch.cat([table, torch.full((1, table.shape[1]), -1)])  # a row for NO_COLOUR
    assert len(table) == NO_COLOUR + 1
    return table.gather(0, said.colour)


def _per_picture(right: Tensor) -> Share:
    return Share(right.double(), torch.ones(len(right), dtype=torch.float64))


def _of_places(right: Tensor, among: Tensor) -> Share:
    return Share(right.sum(dim=1).double(), among.sum(dim=1).double())
