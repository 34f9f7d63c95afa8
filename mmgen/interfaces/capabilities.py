"""What some models can do beyond `generate`: small protocols that a family adds.

`conditions` are values by slot name, one for all images or one each, in any form that `generate`
takes, and `weights`, how much they count, as there. `Generator.semantic_condition` reads both, and
`Generator.read_conditions` brings the values to the tensor contract.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from mmgen.slots import Slot

Progress = Callable[[int, int], None]
"""Called with (done, total) as a long job goes on."""


@dataclass(frozen=True, kw_only=True)
class LogLikelihood:
    """Log-likelihoods of N pictures.

    Attributes:
        values: float64 (N,), in nats per picture.
        data_space: "binary" (pixels are 0 or 1) or "8-bit" (256 values per pixel and channel).
        kind: "exact" or "importance-sampled bound".
        num_samples: importance samples per picture; 0 where exact.
        refine_steps: steps by which each picture's proposal was refined before.
    """

    values: Tensor
    data_space: str
    kind: str
    num_samples: int
    refine_steps: int = 0
    unit: str = "nats"


@runtime_checkable
class HasLikelihood(Protocol):
    """Models that say how probable a picture is."""

    def log_likelihood(
        self,
        images: Tensor,
        *,
        num_samples: int = 1000,
        refine_steps: int = 0,
        seed: int = 0,
        batch_size: int | None = None,
        progress: Progress | None = None,
        checkpoint: Path | None = None,
        **conditions: Any,
    ) -> LogLikelihood:
        """Return log p(x) of images (N, C, H, W) in [0, 1].

        What is exact takes no notice of `num_samples`, the importance samples of a picture, and
        `refine_steps`, the steps that fit their proposal to the picture first. With `checkpoint`
        the work done so far is kept in that file, and taken up from it.
        """
        ...


@runtime_checkable
class HasLatents(Protocol):
    """Models with a latent space, or several by name."""

    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Any:
        """Return the latents of images (N, C, H, W) in [0, 1]."""
        ...

    def decode(self, latents: Any, **conditions: Any) -> Tensor:
        """Return the images (N, C, H, W) in [0, 1] of latents."""
        ...


@runtime_checkable
class Reconstructs(Protocol):
    """Models that give a picture back through their latents."""

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] like those given."""
        ...


@runtime_checkable
class Interpolates(Protocol):
    """Models that find a way between two pictures."""

    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        """Return images (steps, C, H, W) in [0, 1] from a to b, each (C, H, W), both included.

        Conditions are one for all images or one for each step: the first is a's, the last b's.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What a classifier says of N pictures.

    Attributes:
        probabilities: float32 (N, K), rows that add up to 1.
        classes: the K names.
    """

    probabilities: Tensor
    classes: tuple[str, ...]

    @property
    def labels(self) -> Tensor:
        """The number of the most probable class, int64 (N,)."""
        return self.probabilities.argmax(dim=1)

    @property
    def names(self) -> list[str]:
        """The name of the most probable class, N of them."""
        return [self.classes[label] for label in self.labels.tolist()]


@runtime_checkable
class Classifies(Protocol):
    """Models that tell classes of pictures, texts or sounds apart, if `classes` names any."""

    classes: tuple[str, ...]

    def classify(self, values: Any, /) -> Classification:
        """Return the classes' probabilities of contract values.

        Pictures are (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
        """
        ...


def classes_of(model: object) -> tuple[str, ...]:
    """Return the names of the classes that a model tells apart; none where it does not."""
    return model.classes if isinstance(model, Classifies) else ()


@runtime_checkable
class HasFeatures(Protocol):
    """Models that show what they see in a picture, layer by layer."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, from the first to the last."""
        ...

    def encode(
        self, images: Tensor | Sequence[Tensor], *, layers: Sequence[str] = ("pooled",)
    ) -> dict[str, Tensor]:
        """Return features by layer: maps (N, D, h, w) or vectors (N, D), float32 on the CPU.

        Images are (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
        """
        ...


@runtime_checkable
class Reshapes(Protocol):
    """Models that can go on learning under other settings than they have learned with."""

    def reshaped(self, config: Any) -> Any:
        """Return a model of another config of the same class that begins with what was learned.

        Raises:
            OptionError: a setting with which it is of no use.
        """
        ...


@runtime_checkable
class HasMaps(Protocol):
    """Encoders of pictures whose feature maps a loss can compare: they pass gradients on."""

    def maps(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the feature maps (N, D_l, h_l, w_l) of images (N, C, H, W) in [-1, 1].

        Images are of the encoder's own size and channels, as its `prepare` makes them.
        """
        ...


@runtime_checkable
class EmbedsTogether(Protocol):
    """Models that bring several modalities into one space, where what belongs together is near."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The inputs by name, two or more."""
        ...

    def embed(self, **values: Any) -> dict[str, Tensor]:
        """Return unit vectors, float32 (K, D) on the CPU, of each slot that is given K values.

        Values are one or several, in any form that `generate` takes; pictures may be (K, C, H, W)
        in [0, 1], or a list of unequal sizes. A vector does not depend on the others. The cosine
        of two is their product: `a @ b.T`.

        Raises:
            UnsupportedConditionError: there is no such slot, or nothing was given.
            InputError: a value that cannot be read.
        """
        ...

    def classify(
        self,
        images: Tensor | Sequence[Tensor],
        classes: Sequence[str],
        *,
        templates: Sequence[str] = ("a photo of a {}",),
    ) -> Classification:
        """Return the probabilities of classes that are only named ("zero-shot").

        A class's vector is that of its name in the template's place {}, over several templates
        the mean; probabilities are the softmax of the cosines over the model's temperature.

        Args:
            images: (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
            classes: two names or more.

        Raises:
            InputError: fewer names, or a template without {}.
            UnsupportedOperationError: the model has no pictures or no texts.
        """
        ...


@runtime_checkable
class Tokenizer(Protocol):
    """Models that turn images into discrete codes and back."""

    codebook_size: int

    def tokenize(self, images: Tensor) -> Tensor:
        """Return int64 (N, h, w), 0 to codebook_size - 1, for images (N, C, H, W) in [0, 1]."""
        ...

    def detokenize(self, tokens: Tensor) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] for int64 (N, h, w)."""
        ...
