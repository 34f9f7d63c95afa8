"""The contract as tests: subclass, name a case, and pytest does the rest."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mmgen.testing.abilities import ABILITY_CHECKS
from mmgen.testing.answering import (
    check_every_slot_changes_the_pictures,
    check_known_pixels_are_kept,
    check_rows_are_independent,
    check_unknown_inputs_are_refused,
)
from mmgen.testing.case import EncoderCase, GeneratorCase
from mmgen.testing.drawing import (
    check_half_precision,
    check_pictures,
    check_same_seed_same_pictures,
    check_seeds_differ,
    check_threads,
    check_tiles_are_seamless,
    check_walk,
)
from mmgen.testing.embedding import (
    check_classification,
    check_embedding,
    check_embeds_together,
    check_encoder_conditions,
    check_encoder_is_saved_whole,
    check_encoder_slot,
    check_features,
    check_prepare,
    check_values_do_not_mix,
)
from mmgen.testing.keeping import (
    check_memory_format_is_not_saved,
    check_recipe_replays,
    check_saved_model_is_whole,
)
from mmgen.testing.learning import (
    check_each_phase_lowers_its_loss,
    check_evaluation,
    check_every_parameter_learns,
    check_stages_are_in_order,
)
from mmgen.testing.loading import DATASET_CHECKS, DatasetCase
from mmgen.testing.measuring import METRIC_CHECKS, MetricCase
from mmgen.testing.registering import check_options_are_documented, check_registration_is_light
from mmgen.testing.training import (
    check_encoder_trains,
    check_resumes_bit_for_bit,
    check_trains_with_any_encoder,
)

GENERATOR_CHECKS: tuple[Callable[[GeneratorCase], None], ...] = (
    check_registration_is_light,
    check_options_are_documented,
    check_pictures,
    check_same_seed_same_pictures,
    check_seeds_differ,
    check_walk,
    check_rows_are_independent,
    check_every_slot_changes_the_pictures,
    check_known_pixels_are_kept,
    check_unknown_inputs_are_refused,
    check_saved_model_is_whole,
    check_memory_format_is_not_saved,
    check_half_precision,
    check_recipe_replays,
    check_threads,
    check_tiles_are_seamless,
    *ABILITY_CHECKS,
    check_stages_are_in_order,
    check_every_parameter_learns,
    check_each_phase_lowers_its_loss,
    check_evaluation,
    check_trains_with_any_encoder,
    check_resumes_bit_for_bit,
)

ENCODER_CHECKS: tuple[Callable[[EncoderCase], None], ...] = (
    check_registration_is_light,
    check_options_are_documented,
    check_prepare,
    check_embedding,
    check_values_do_not_mix,
    check_encoder_slot,
    check_encoder_is_saved_whole,
    check_encoder_conditions,
    check_classification,
    check_embeds_together,
    check_features,
    check_stages_are_in_order,
    check_every_parameter_learns,
    check_each_phase_lowers_its_loss,
    check_evaluation,
    check_encoder_trains,
    check_resumes_bit_for_bit,
)


class GeneratorContract:
    """What every generator keeps. Subclass it in a plugin's tests:

    class TestVae(GeneratorContract):
        case = GeneratorCase(architecture="vae", config={"height": 8, "width": 8}, …)
    """

    case: ClassVar[GeneratorCase]


class EncoderContract:
    """What every encoder keeps; used like `GeneratorContract`."""

    case: ClassVar[EncoderCase]


class MetricContract:
    """What every metric keeps; used like `GeneratorContract`."""

    case: ClassVar[MetricCase]


class DatasetContract:
    """What every data set keeps; used like `GeneratorContract`."""

    case: ClassVar[DatasetCase]


def _add_tests(contract: type, checks: Sequence[Callable[[Any], None]]) -> None:
    """Give the class one test per check, so that none can be forgotten."""
    for check in checks:
        name = check.__name__.replace("check_", "test_", 1)
        setattr(contract, name, _as_test(check))


def _as_test(check: Callable[[Any], None]) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        check(self.case)

    test.__doc__ = check.__doc__
    return test


_add_tests(GeneratorContract, GENERATOR_CHECKS)
_add_tests(EncoderContract, ENCODER_CHECKS)
_add_tests(MetricContract, METRIC_CHECKS)
_add_tests(DatasetContract, DATASET_CHECKS)
