"""The check of tiles finds a receptive field that is not true."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.options import Options
from mmgen.slots import Size, Slot
from mmgen.testing import ContractError, GeneratorCase, NotApplicable, temporary_plugin
from mmgen.testing.answering import check_every_slot_changes_the_pictures
from mmgen.testing.drawing import check_pictures, check_tiles_are_seamless


class Restorer(Generator):
    """One convolution, 9 px wide, and a condition; enlarges twice."""

    spatial_slots = (Slot(name="image", modality="image", required=True),)
    receptive_field = 9
    uses_tokens = False

    def __init__(self, config: Options, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.blur = nn.Conv2d(3, 12, 9, padding=4)
        self.shift = nn.Linear(self.conditioner.width, 12)

    @property
    def size(self) -> Size:
        return Size(channels=3, height=16, width=24, multiple_of=4, scale=2)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        image = condition.spatial["image"]
        noisy = image + 0.3 * rng.normal(image.shape[1:], stream="noise")
        hidden = self.blur(noisy) + self.shift(condition.pooled)[:, :, None, None]
        return torch.sigmoid(nn.functional.pixel_shuffle(hidden, 2))


class ClaimsTooLittle(Restorer):
    receptive_field = 3


class LooksEverywhere(Restorer):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        mean = condition.spatial["image"].mean(dim=(1, 2, 3), keepdim=True)
        return super().sample(condition, rng, options) * torch.sigmoid(mean)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[GeneratorCase]:
    network: type = request.param
    found = Architecture(
        name="restorer",
        summary="restores",
        network=f"{__name__}:{network.__name__}",
        config=Options,
    )
    family = Family(name="restoration", summary="", architectures=(found,))
    hook = hookimpl(specname="mmgen_families")(lambda: [family])
    with temporary_plugin(SimpleNamespace(MMGEN_API=API_VERSION, mmgen_families=hook), "restore"):
        yield GeneratorCase(
            architecture="restorer", config={}, colour={}, non_square={}, large="any size"
        )


@pytest.mark.parametrize("case", [Restorer], indirect=True)
def test_a_restorer_that_enlarges_passes(case: GeneratorCase) -> None:
    check_pictures(case)
    check_every_slot_changes_the_pictures(case)
    check_tiles_are_seamless(case)


@pytest.mark.parametrize("case", [ClaimsTooLittle, LooksEverywhere], indirect=True)
def test_a_receptive_field_that_is_not_true_is_found(case: GeneratorCase) -> None:
    with pytest.raises(ContractError, match="tiles must not show"):
        check_tiles_are_seamless(case)


def test_families_that_do_not_tile_are_not_asked(broken: Any) -> None:
    with pytest.raises(NotApplicable):
        check_tiles_are_seamless(broken())
