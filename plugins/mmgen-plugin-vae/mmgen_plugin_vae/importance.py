"""The importance-sampled log-likelihood: streaming, batched, resumable."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mmgen.errors import InputError, OutputError
from mmgen.interfaces import Progress

if TYPE_CHECKING:
    from mmgen_plugin_vae.autoencoder import Autoencoder

_CHUNK = 100
"""Draws of a picture that share a seed. Fixed, so that the noise does not depend on batches."""

_PICTURES_PER_CHECKPOINT = 64

_REFINE_DRAWS = 8
_REFINE_RATE = 0.03


@dataclass(frozen=True, kw_only=True)
class ImportanceSampling:
    """How to estimate.

    Attributes:
        num_samples: k, draws per picture.
        refine_steps: steps that fit each picture's proposal before; 0 takes the encoder's.
        seed: of the draws; picture i's depend on (seed, i) alone.
        rows: how many draws go through the network at once.
    """

    num_samples: int
    refine_steps: int = 0
    seed: int
    rows: int


@torch.inference_mode()
def estimate(
    model: "Autoencoder",
    images: Tensor,
    vector: Tensor | None,
    settings: ImportanceSampling,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Tensor:
    """Return log 1/k Σ_j p(x | z_j) p(z_j) / q(z_j | x) per picture: float64 (N,), in nats.

    Rezende et al. 2014, appendix E; Burda et al. 2016: a lower bound on log p(x) in expectation,
    tight as k grows. Each picture goes up once; its draws come down in chunks, and a running
    log-sum-exp in double precision keeps memory independent of k.

    Args:
        images: (N, C, H, W) in [0, 1].
        vector: the condition's (N, D), or None.
        progress: called with (pictures done, N).
        checkpoint: a file that holds the values done so far; taken up if it is there.

    Raises:
        InputError: no draws are asked for, or the checkpoint belongs to another estimate.
    """
    if settings.num_samples < 1 or settings.rows < 1:
        raise InputError(
            "num_samples and batch_size must be at least 1; "
            f"got {settings.num_samples} and {settings.rows}"
        )
    if settings.refine_steps < 0:
        raise InputError(f"refine_steps must be at least 0; got {settings.refine_steps}")
    kept = Checkpoint(checkpoint, model, images, vector, settings)
    values = kept.load()
    draws = min(_CHUNK, settings.num_samples)
    if settings.refine_steps:
        draws = max(draws, _REFINE_DRAWS)
    pictures = max(1, settings.rows // draws)
    for start in range(len(values), len(images), pictures):
        part = slice(start, start + pictures)
        rows = None if vector is None else vector[part]
        batch = images[part].to(model.device)
        values += _estimate_batch(model, batch, rows, settings, start).tolist()
        if progress is not None:
            progress(len(values), len(images))
        kept.save(values)
    kept.save(values, now=True)
    return torch.tensor(values, dtype=torch.float64)


def _estimate_batch(
    model: "Autoencoder",
    images: Tensor,
    vector: Tensor | None,
    settings: ImportanceSampling,
    first: int,
) -> Tensor:
    """Return the values of images numbered from `first`, float64 (N,)."""
    evidence = model.collect(images, vector)
    if settings.refine_steps:
        evidence = refine(model, images, vector, evidence, settings, first)
    total = torch.full((len(images),), -math.inf, dtype=torch.float64, device=images.device)
    for chunk, count in enumerate(_chunks(settings.num_samples)):
        noise = _draw_noise(model, settings.seed, range(first, first + len(images)), chunk, count)
        weights = torch.cat(
            [
                _log_weights(model, images, vector, evidence, noise[:, start:stop])
                for start, stop in _spans(count, max(1, settings.rows // len(images)))
            ],
            dim=1,
        )
        total = torch.logaddexp(total, torch.logsumexp(weights, dim=1))
    return total - math.log(settings.num_samples)


@torch.inference_mode(mode=False)
@torch.enable_grad()
def refine(
    model: "Autoencoder",
    images: Tensor,
    vector: Tensor | None,
    evidence: tuple[Tensor, ...],
    settings: ImportanceSampling,
    first: int,
) -> tuple[Tensor, ...]:
    """Fit what the posteriors need of each picture, `evidence`, to the picture itself.

    The encoder guesses every picture's proposal at one go; a few steps of ascent close most of
    the gap that this leaves (Cremer et al. 2018, section 5.2; Kim et al. 2018). They climb the
    bound of a few draws (Burda et al. 2016), not of one, which keeps the proposal wide enough to
    draw from. Any proposal gives a lower bound in expectation: the draws of the estimate are
    fresh ones. It pays where the latents are one vector; of a ladder's many, most say nothing of
    a picture, and the noise of the steps moves them away from their priors.

    Args:
        first: the first image's number; the draws of image i depend on (seed, i) alone.
    """
    # Tensors of inference mode cannot take part in a gradient; their copies can.
    images = images.clone()
    vector = None if vector is None else vector.clone()
    fitted = [part.float().clone().requires_grad_() for part in evidence]
    optimiser = torch.optim.Adam(fitted, lr=_REFINE_RATE)
    pictures = range(first, first + len(images))
    for step in range(settings.refine_steps):
        for group in optimiser.param_groups:
            group["lr"] = _REFINE_RATE * math.cos(math.pi / 2 * step / settings.refine_steps)
        noise = _draw_noise(model, settings.seed, pictures, f"refine-{step}", _REFINE_DRAWS)
        parts = tuple(part.to(model.dtype) for part in fitted)
        weights = _log_weights(model, images, vector, parts, noise)
        gradients = torch.autograd.grad(-torch.logsumexp(weights, dim=1).sum(), fitted)
        for part, gradient in zip(fitted, gradients, strict=True):
            part.grad = gradient
        optimiser.step()
    return tuple(part.detach().to(model.dtype) for part in fitted)


def _log_weights(
    model: "Autoencoder",
    images: Tensor,
    vector: Tensor | None,
    evidence: tuple[Tensor, ...],
    noise: Tensor,
) -> Tensor:
    """Return log p(x | z) + log p(z) - log q(z | x), float64 (N, S), for noise (N, S, D)."""
    draws = noise.shape[1]
    evidence = tuple(part.repeat_interleave(draws, dim=0) for part in evidence)
    vector = None if vector is None else vector.repeat_interleave(draws, dim=0)
    result = model.top_down(vector, model.split_latents(noise.flatten(0, 1)), evidence)
    repeated = images.repeat_interleave(draws, dim=0)
    log_likelihood = model.pixels.log_prob(result.parameters, repeated)
    return (log_likelihood.double() + result.log_ratio().double()).view(-1, draws)


def _chunks(num_samples: int) -> Iterator[int]:
    for start in range(0, num_samples, _CHUNK):
        yield min(_CHUNK, num_samples - start)


def _spans(count: int, longest: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, longest):
        yield start, min(start + longest, count)


def _draw_noise(
    model: "Autoencoder", seed: int, pictures: range, chunk: int | str, count: int
) -> Tensor:
    """Return standard normal (N, count, D); picture i's depends on (seed, i, chunk) alone."""
    generator = torch.Generator(model.device)
    rows = []
    for picture in pictures:
        key = blake2b(f"{seed}/{picture}/{chunk}".encode(), digest_size=7).digest()
        generator.manual_seed(int.from_bytes(key, "little"))
        rows.append(torch.randn(count, model.latent_dim, generator=generator, device=model.device))
    return torch.stack(rows)


class Checkpoint:
    """The values of an estimate under way, in a JSON file that is always whole."""

    def __init__(
        self,
        path: Path | None,
        model: "Autoencoder",
        images: Tensor,
        vector: Tensor | None,
        settings: ImportanceSampling,
    ) -> None:
        self._path = None if path is None else Path(path)
        self._saved = 0
        self._about: dict[str, Any] = {}
        if self._path is not None:
            tensors = [images, *model.state_dict().values()]
            tensors += [] if vector is None else [vector]
            self._about = {**asdict(settings), "of": _fingerprint(tensors)}
            del self._about["rows"]  # the values do not depend on it
            if not settings.refine_steps:
                del self._about["refine_steps"]  # as in the checkpoints of before there were any

    def load(self) -> list[float]:
        """Return the values done so far."""
        if self._path is None or not self._path.exists():
            return []
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            about, values = content["about"], [float(value) for value in content["values"]]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._path} is not a likelihood checkpoint: {error}") from error
        if about != self._about:
            raise InputError(
                f"{self._path} belongs to another model, data, seed or number of samples; "
                "remove it, or name another file"
            )
        self._saved = len(values)
        return values

    def save(self, values: list[float], *, now: bool = False) -> None:
        """Write the values, if there are enough new ones or `now`."""
        fresh = len(values) - self._saved
        if self._path is None or fresh == 0 or (fresh < _PICTURES_PER_CHECKPOINT and not now):
            return
        partial = self._path.with_name(self._path.name + ".partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({"about": self._about, "values": values}), "utf-8")
            partial.replace(self._path)
        except OSError as error:
            raise OutputError(f"{self._path} could not be written: {error}") from error
        self._saved = len(values)


def _fingerprint(tensors: list[Tensor]) -> str:
    digest = blake2b(digest_size=16)
    for tensor in tensors:
        content = tensor.detach().cpu().contiguous().view(-1)
        digest.update(str(tensor.dtype).encode())
        digest.update(content.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
