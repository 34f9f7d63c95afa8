"""Sound in: files of any rate and channels, brought to one channel at the rate that is asked."""

import io
import math
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmgen.errors import InputError, MmgenWarning, NotInstalledError
from mmgen.media.chunks import sound_bytes
from mmgen.slots import Size, Slot

COMMAND = "pip install 'mmgen-core[audio]'"
_LARGEST = 1.0 + 1e-3  # what lossy files overshoot by is no reason for a warning
# Bytes of a sample of one channel; the encodings that are not here pack samples in blocks.
_SAMPLE_BYTES = {
    **{"PCM_S8": 1, "PCM_U8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4},
    **{"FLOAT": 4, "DOUBLE": 8},
}


def read_sounds(value: Any, slot: Slot, size: Size) -> list[Tensor]:  # noqa: ARG001
    """Return K clips, float32 (samples,) in [-1, 1], of one channel at the slot's rate.

    A clip is a file (path or bytes), samples at the slot's own rate, (samples,) or
    (channels, samples), or a pair of such samples and their rate in Hz; whole numbers count from
    the least to the largest of their type. A list has several.

    Raises:
        InputError: not sound, or nothing in it.
        NotInstalledError: the libraries that read and resample sound are missing.
    """
    rate = slot.sample_rate
    if rate is None:
        raise InputError(f"{slot.name!r} does not say at what rate it takes sound")
    many = list(value) if isinstance(value, list) else [value]
    if not many:
        raise InputError(f"{slot.name!r} got an empty list; give at least one clip")
    return [_read(item, slot.name, rate) for item in many]


def decode_sound(source: str | Path | bytes) -> tuple[np.ndarray, int]:
    """Return float32 (samples, channels) of a file, and its rate in Hz.

    Raises:
        InputError: no such file, not sound, cut short, or without a sample.
        NotInstalledError: the library that reads sound is missing.
    """
    soundfile = _library("soundfile")
    name = "the sound" if isinstance(source, bytes) else repr(str(source))
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else str(Path(source).expanduser())
        with soundfile.SoundFile(file) as opened:
            promised = max(opened.frames, _declared_samples(source, opened))
            rate = opened.samplerate
            samples = opened.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        if not isinstance(source, bytes) and not Path(source).expanduser().exists():
            raise InputError(f"{name} does not exist; give the path of a sound file") from None
        raise InputError(
            f"{name} is not sound that can be read (WAV, FLAC, Ogg, …): {error}"
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{name} cannot be read: {error}") from error
    if len(samples) < promised:
        raise InputError(f"{name} is cut short: it has {len(samples):,} of {promised:,} samples")
    return samples, rate


def _declared_samples(source: str | Path | bytes, opened: Any) -> int:
    """Return how many samples a file says it has, or 0 where it does not say.

    The library that reads sound counts those that are there, in a file of chunks that is cut.
    """
    if isinstance(source, bytes):
        sizes = sound_bytes(io.BytesIO(source))
    elif (path := Path(source).expanduser()).is_file():  # a pipe can be read only once
        with path.open("rb") as file:
            sizes = sound_bytes(file)
    else:
        return 0
    declared, present = sizes
    if declared <= present:
        return 0
    if width := _SAMPLE_BYTES.get(opened.subtype):
        return declared // (width * opened.channels)
    # Of blocks the number of samples is known only about, but some are missing.
    return max(opened.frames + 1, math.ceil(opened.frames * declared / max(1, present)))


def decode_mono(source: str | Path | bytes) -> tuple[np.ndarray, int]:
    """Return float32 (samples,) of a file, the mean of its channels, and its rate in Hz.

    Raises:
        InputError: as `decode_sound`, and where there is no sample or one that is no number.
    """
    samples, rate = decode_sound(source)
    return _to_mono(samples.T, "the sound" if isinstance(source, bytes) else str(source)), rate


def resample(mono: np.ndarray, found: int, rate: int) -> np.ndarray:
    """Return samples (samples,) of `found` Hz at another rate, float32 in [-1, 1]."""
    if found != rate:
        mono = _library("soxr").resample(mono, found, rate)
        if not len(mono):
            raise InputError(f"a clip is shorter than one sample at {rate:,} Hz")
    return np.clip(mono, -1, 1).astype(np.float32, copy=False)


def _to_mono(channels: np.ndarray, what: str) -> np.ndarray:
    if not channels.shape[1]:
        raise InputError(f"{what!r} has no samples: it is empty")
    if not np.isfinite(channels).all():
        raise InputError(f"{what!r} has samples that are no finite numbers")
    return channels.mean(axis=0)


def _read(item: Any, name: str, rate: int) -> Tensor:
    if isinstance(item, str | Path | bytes):
        samples, found = decode_sound(item)
        channels, what = samples.T, name if isinstance(item, bytes) else str(item)
    else:
        pair = isinstance(item, tuple) and len(item) == 2 and np.ndim(item[1]) == 0
        samples, found = item if pair else (item, rate)
        channels, found, what = _channels(samples, name), _rate(found, name), name
    mono = _to_mono(channels, what)
    loudest = float(np.abs(mono).max())  # resampling overshoots at edges: that is no fault
    if loudest > _LARGEST:
        warnings.warn(
            f"{what!r} has samples up to {loudest:.3g}; those beyond 1 are cut",
            MmgenWarning,
            stacklevel=4,
        )
    clip = torch.from_numpy(resample(mono, found, rate))
    if not loudest:
        warnings.warn(
            f"{what!r} is silent from beginning to end: what is made of it means nothing",
            MmgenWarning,
            stacklevel=4,
        )
    return clip


def _channels(samples: Any, name: str) -> np.ndarray:
    """Return float32 (channels, samples)."""
    try:
        values = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else samples
        values = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name!r} takes sound; got {type(samples).__name__}") from error
    if values.dtype == np.uint8:
        values = (values.astype(np.float32) - 128) / 128
    elif np.issubdtype(values.dtype, np.signedinteger):
        values = values.astype(np.float32) / (np.iinfo(values.dtype).max + 1)
    elif not np.issubdtype(values.dtype, np.floating):
        raise InputError(f"{name!r} takes sound; got an array of {values.dtype}")
    if values.ndim not in (1, 2) or (values.ndim == 2 and 0 < values.shape[1] < values.shape[0]):
        raise InputError(
            f"{name!r} takes samples, or (channels, samples); got the shape {values.shape}"
        )
    return np.atleast_2d(values).astype(np.float32, copy=False)


def _rate(value: Any, name: str) -> int:
    try:
        rate = int(value)
    except (TypeError, ValueError, OverflowError):
        rate = 0
    if rate != value or rate < 1:
        raise InputError(f"{name!r}: a rate is a whole number of samples a second; got {value!r}")
    return rate


def pad_clips(clips: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return clips as one tensor (N, samples), zeros after each, and their lengths int64 (N,)."""
    lengths = torch.tensor([len(clip) for clip in clips])
    return torch.nn.utils.rnn.pad_sequence([*clips], batch_first=True), lengths


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        raise NotInstalledError(
            f"sound needs the library {name!r}: {error}; install it: {COMMAND}", command=COMMAND
        ) from error
