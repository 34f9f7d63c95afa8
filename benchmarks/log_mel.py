"""Mel spectrograms of mmgen against librosa's and those of `transformers`' feature extractors.

    OMP_NUM_THREADS=1 python benchmarks/log_mel.py
    OMP_NUM_THREADS=1 python benchmarks/log_mel.py --clips recordings

All get the same clips, brought to 16 kHz before the clock starts, and compute the same bands: a
window of 25 ms every 10 ms, 64 bands of Slaney's scale from 0 to 8 kHz. Where the clips come from
is a folder of sound files, or noise of 0.3 to 2 s. mmgen takes them in batches, as do the feature
extractors; librosa takes one at a time.

Frames that reach beyond a clip's ends are left out of the comparison with `transformers`, which
mirrors the sound there. Its logarithm is undone where it is not cut off.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from mmgen_plugin_audio.mel import mel_filters, mel_spectrogram

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.media.sound import pad_clips, read_sounds
from mmgen.slots import Size, Slot
from peers import beside

PEERS = (
    "librosa==0.11.0",
    "transformers==5.23.0",
    # What these import and mmgen does not bring.
    "numba", "llvmlite", "audioread", "pooch", "platformdirs", "lazy_loader", "msgpack",
    "decorator", "regex",
)  # fmt: skip
RATE, WINDOW, HOP, MELS = 16_000, 400, 160, 64
EQUAL, FASTER = 1e-4, 3.0
EDGE = 1 + WINDOW // 2 // HOP


def main() -> None:
    arguments = parse_arguments()
    beside(arguments.peers, packages=PEERS)
    clips = read_clips(arguments.clips, arguments.count)
    batches = [
        clips[start : start + arguments.batch] for start in range(0, len(clips), arguments.batch)
    ]
    print(f"{len(clips)} clips, {sum(map(len, clips)) / RATE:.0f} s, {arguments.batch} at a time")
    sides = {"mmgen": Ours(), "librosa": Librosa(), "transformers, Whisper": Whisper(),
             "transformers, CLAP": Clap()}  # fmt: skip
    ours = [mel for batch in batches for mel in sides["mmgen"].spectrograms(batch)]
    speeds = interleave(
        {name: timed(side, batches) for name, side in sides.items()}, repeats=arguments.repeats
    )
    rows = []
    for name, side in sides.items():
        speed = f"{statistics.median(speeds[name]):.0f}"
        if name == "mmgen":
            rows.append([name, speed, "", "", "", ""])
            continue
        theirs = [mel for batch in batches for mel in side.spectrograms(batch)]
        far = max(side.distance(a, b) for a, b in zip(ours, theirs, strict=True))
        ratio = median_ratio(speeds["mmgen"], speeds[name])
        rows.append(
            [name, speed, f"{far:.1e}", verdict(far, EQUAL, at_most=True), f"{ratio:.1f}",
             verdict(ratio, FASTER, at_most=False)]
        )  # fmt: skip
    print_table(["", "clips a second", "largest difference", "bar", "mmgen is faster", "bar"], rows)


class Ours:
    """What the encoder computes, before its logarithm."""

    def __init__(self) -> None:
        self.filters = mel_filters(RATE, WINDOW, MELS, 0, RATE / 2, "slaney")
        self.window = torch.hann_window(WINDOW)

    def compute(self, clips: Sequence[torch.Tensor]) -> torch.Tensor:
        padded, lengths = pad_clips(clips)
        return mel_spectrogram(
            padded, self.filters, self.window, fft_size=WINDOW, hop=HOP, lengths=lengths
        )

    def spectrograms(self, clips: Sequence[torch.Tensor]) -> list[np.ndarray]:
        found = self.compute(clips).numpy()
        return [mel[:, : 1 + len(clip) // HOP] for mel, clip in zip(found, clips, strict=True)]


class Librosa:
    """librosa.feature.melspectrogram, clip by clip."""

    def __init__(self) -> None:
        import librosa

        self.library = librosa

    def compute(self, clips: Sequence[torch.Tensor]) -> list[np.ndarray]:
        return [
            self.library.feature.melspectrogram(
                y=clip.numpy(), sr=RATE, n_fft=WINDOW, hop_length=HOP, n_mels=MELS,
                pad_mode="constant",
            )
            for clip in clips
        ]  # fmt: skip

    spectrograms = compute

    def distance(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        """The largest difference, in parts of the loudest band."""
        return float(np.abs(ours - theirs).max() / max(theirs.max(), 1e-10))


class Whisper:
    """Its feature extractor: in PyTorch, all clips padded to the longest."""

    def __init__(self) -> None:
        from transformers import WhisperFeatureExtractor

        self.extract = WhisperFeatureExtractor(
            feature_size=MELS, sampling_rate=RATE, hop_length=HOP, n_fft=WINDOW
        )

    def compute(self, clips: Sequence[torch.Tensor]) -> np.ndarray:
        return self.extract(
            [clip.numpy() for clip in clips], sampling_rate=RATE, padding="longest",
            truncation=False, return_tensors="np",
        ).input_features  # fmt: skip

    def spectrograms(self, clips: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """10 to the power of the features, not a number where they were cut off."""
        found = []
        for features, clip in zip(self.compute(clips), clips, strict=True):
            logarithm = 4 * features.astype(np.float64) - 4
            kept = logarithm > logarithm.max() - 8 + 1e-3
            mel = np.where(kept, 10**logarithm, np.nan)[:, : len(clip) // HOP]
            found.append(mel)
        return found

    def distance(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        """The largest difference between the ends, in parts of the loudest band."""
        between = slice(EDGE, min(ours.shape[1], theirs.shape[1]) - EDGE)
        if between.stop <= between.start:
            return 0.0
        apart = np.abs(ours[:, between] - theirs[:, between])
        return float(np.nanmax(apart) / max(ours[:, between].max(), 1e-10))


class Clap(Whisper):
    """Its feature extractor: in NumPy, clip by clip."""

    def __init__(self) -> None:
        from transformers import ClapFeatureExtractor

        self.extract = ClapFeatureExtractor(
            feature_size=MELS, sampling_rate=RATE, hop_length=HOP, fft_window_size=WINDOW,
            frequency_min=0, frequency_max=RATE // 2,
        )  # fmt: skip

    def compute(self, clips: Sequence[torch.Tensor]) -> list[np.ndarray]:
        extract = self.extract
        return [
            extract._np_extract_fbank_features(clip.numpy(), extract.mel_filters_slaney)
            for clip in clips
        ]

    def spectrograms(self, clips: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """Powers, of decibels."""
        return [10 ** (decibels.T.astype(np.float64) / 10) for decibels in self.compute(clips)]


def timed(side: object, batches: Sequence[Sequence[torch.Tensor]]) -> Callable[[], float]:
    def run() -> float:
        start = time.perf_counter()
        for batch in batches:
            side.compute(batch)  # type: ignore[attr-defined]
        return sum(map(len, batches)) / (time.perf_counter() - start)

    return run


def read_clips(folder: Path | None, count: int) -> list[torch.Tensor]:
    if folder is None:
        rng = torch.Generator().manual_seed(0)
        lengths = torch.randint(int(0.3 * RATE), 2 * RATE, (count,), generator=rng)
        return [torch.randn(int(n), generator=rng).mul(0.1).clamp(-1, 1) for n in lengths]
    slot = Slot(name="clip", modality="audio", sample_rate=RATE)
    paths = sorted(folder.rglob("*.wav"))
    step = max(1, len(paths) // count)
    return read_sounds(paths[::step][:count], slot, Size(channels=1, height=1, width=1))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, help="folder of WAV files")
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--peers", type=Path, default=Path("runs/peers/log-mel"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
