"""One progress for several parts."""

from mmgen.metrics.stages import in_stages


def test_parts_follow_each_other_also_where_one_is_left_out() -> None:
    told: list[tuple[int, int]] = []
    first, _, third = in_stages(lambda *news: told.append(news), 10, 20, 5)
    first(4, 10)
    first(10, 10)
    third(5, 5)
    assert told == [(4, 35), (10, 35), (35, 35)]
    in_stages(None, 3)[0](1, 3)
