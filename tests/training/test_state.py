"""Where a training stands: which of its models is the best."""

from mmgen.training.evaluation import Evaluation
from mmgen.training.state import LoopState


def evaluation(value: float) -> Evaluation:
    return Evaluation(figures={"error": value}, standard_errors={}, num_pictures=9)


def test_the_lowest_figure_is_the_best_and_of_equals_the_latest() -> None:
    state = LoopState()
    assert [state.note(evaluation(value), "train") for value in (0.3, 0.2, 0.25, 0.2, 0.21)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert state.best == 0.2


def test_what_is_not_a_number_is_never_better() -> None:
    state = LoopState()
    state.note(evaluation(0.2), "train")
    assert not state.note(evaluation(float("nan")), "train")
    assert state.best == 0.2
