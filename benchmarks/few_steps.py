"""A sheet of pictures in few steps, against the same sheet in many steps of the flow.

    OMP_NUM_THREADS=1 python benchmarks/few_steps.py

One model draws the same captions both ways, decoding and all: by the short cuts that it learned,
and by its flow, guided, with DPM-Solver++. How good the two are is another question:
`mmgen evaluate diffusion-scenes --metric scene-attributes`, with `--set sampling=…`.
"""

import argparse
import time
from collections.abc import Callable

import mmgen
from measuring import interleave, median_ratio, print_table, verdict

BAR = 8.0
CAPTIONS = (
    "two digits: a cyan nine on the left and an orange four to the right",
    "at the top is a huge red seven; the little digit 3 in green to the left",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--model", default="diffusion-scenes")
    parser.add_argument("--few", type=int, default=4)
    parser.add_argument("--many", type=int, default=50)
    parser.add_argument("--pictures", type=int, nargs="*", default=[1, 16])
    arguments = parser.parse_args()

    model = mmgen.from_pretrained(arguments.model)
    if not getattr(model, "distilled", False):
        parser.error(f"{arguments.model} did not learn to take few steps: name one that did")
    few = {"steps": arguments.few}
    many = {"steps": arguments.many, "sampler": "dpm++"}
    rows = []
    for pictures in arguments.pictures:
        tasks = {"few": drawing(model, pictures, few), "many": drawing(model, pictures, many)}
        times = interleave(tasks, repeats=arguments.repeats)
        ratio = median_ratio(times["many"], times["few"])
        seconds = [f"{1000 * min(times[name]):.0f}" for name in tasks]
        asked = str(pictures * len(CAPTIONS))
        rows.append([asked, *seconds, f"{ratio:.1f}", verdict(ratio, BAR, at_most=False)])
    heads = [f"{arguments.few} steps, ms", f"{arguments.many} steps, ms"]
    print_table(["pictures", *heads, "ratio", "bar"], rows)


def drawing(model: mmgen.Generator, pictures: int, options: dict) -> Callable[[], float]:
    """A task that draws so many pictures of each caption and returns the seconds it took."""

    def run() -> float:
        start = time.perf_counter()
        model.generate(pictures * len(CAPTIONS), text=list(CAPTIONS) * pictures, seed=0, **options)
        return time.perf_counter() - start

    return run


if __name__ == "__main__":
    main()
