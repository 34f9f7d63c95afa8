"""How often a generator draws the digit that is spoken, clip by clip.

    python benchmarks/spoken_digits.py --model dcgan-mnist-multimodal --clips SPOKEN_DIGITS

Every clip of the test split is given to the generator as often as the others, and a classifier of
pictures judges what is drawn. A clip that the generator takes for another digit is wrong in all of
its samples: so the interval is of clips, drawn anew with repetition, not of pictures. Beside it
stands how often the model's own encoder, where it tells digits apart, is right about the clips.
"""

import argparse

import torch

import mmgen
from mmgen.data import DataOptions, PictureData, load
from mmgen.interfaces import Classifies, Generator
from mmgen.metrics.bootstrap import mean_interval, share_interval

LEAST = 0.97
ENCODER_LEAST = 0.98


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a generator that takes sound")
    parser.add_argument("--clips", required=True, help="labelled recordings with a test split")
    parser.add_argument("--classifier", default="cnn-mnist", help="who judges the pictures")
    parser.add_argument("--samples", type=int, default=10_000, help="pictures in all, at least")
    arguments = parser.parse_args()
    model = mmgen.from_pretrained(arguments.model)
    judge = mmgen.from_pretrained(arguments.classifier)
    assert isinstance(model, Generator)
    assert isinstance(judge, Classifies)
    slot = next(slot for slot in model.slots if slot.modality == "audio")
    clips = load(arguments.clips, "test", DataOptions(sample_rate=slot.sample_rate))
    clips = clips.with_labels(judge.classes)
    each = -(-arguments.samples // len(clips))
    right = draw_and_judge(model, judge, slot.name, clips, each)
    by_clip = right.mean(dim=1)
    low, high = mean_interval(by_clip)
    print(f"{arguments.model}: {len(clips)} clips, {each} pictures of each")
    print(f"agreement {by_clip.mean():.4f} (95 % of clips {low:.4f} to {high:.4f}; "
          f"at least {LEAST}: {'met' if by_clip.mean() >= LEAST else 'MISSED'})")  # fmt: skip
    print(f"clips that are drawn as another digit more often than not: {(by_clip < 0.5).sum()}")
    encoder = model.conditioner.encoders[slot.name]
    if isinstance(encoder, Classifies) and encoder.classes:
        heard = encoder.classify(clips.column("audio"))
        names = [judge.classes[label] for label in clips.labels.tolist()]
        correct = torch.tensor([a == b for a, b in zip(heard.names, names, strict=True)]).double()
        low, high = share_interval(correct)
        said = "met" if correct.mean() >= ENCODER_LEAST else "MISSED"
        print(f"its encoder alone {correct.mean():.4f} (95 % {low:.4f} to {high:.4f}; "
              f"at least {ENCODER_LEAST}: {said})")  # fmt: skip


def draw_and_judge(
    model: Generator, judge: Classifies, slot: str, clips: PictureData, each: int
) -> torch.Tensor:
    """Return float64 (clips, each): 1 where the judge sees the clip's digit."""
    found = []
    sounds = clips.column("audio")
    for turn in range(each):
        indices = range(turn * len(clips), (turn + 1) * len(clips))
        images = model.generate(indices=indices, seed=0, **{slot: sounds}).images
        found.append(judge.classify(images).labels == clips.labels)
    return torch.stack(found, dim=1).double()


if __name__ == "__main__":
    main()
