"""One progress for a job of several parts."""

from mmgen.interfaces import Progress


def in_stages(progress: Progress | None, *sizes: int) -> list[Progress]:
    """Return a callback for each part, called with (done, of that part).

    A part that is not needed leaves its share of the whole to the next.

    Args:
        sizes: how much each part is expected to be.
    """
    total = sum(sizes)

    def of_part(start: int) -> Progress:
        def report(done: int, _: int) -> None:
            if progress is not None:
                progress(min(start + done, total), total)

        return report

    return [of_part(sum(sizes[:index])) for index in range(len(sizes))]
