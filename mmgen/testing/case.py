"""What a plugin's test names: an architecture, and tiny configs to check it with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from mmgen.data import PictureData
from mmgen.families import Architecture, load_reference
from mmgen.interfaces import (
    ClassifyingEncoder,
    Conditioner,
    Encoder,
    Generator,
    Model,
    Samples,
    Trainer,
)
from mmgen.options import Options
from mmgen.plugins import manager
from mmgen.pretrained import build, build_encoder
from mmgen.slots import REFERENCE, Size
from mmgen.testing import stand_in
from mmgen.testing.outcome import NotApplicable
from mmgen.testing.plugin import temporary_plugin
from mmgen.testing.values import CLASSES, TEXTS, encoder_data, picture_data

Values = Mapping[str, Any]
CONDITION_WIDTH = 8


@dataclass(frozen=True, kw_only=True)
class GeneratorCase:
    """A generator's architecture with tiny configs: a few px, a few channels, built in no time.

    Attributes:
        architecture: its registered name.
        config: values of its config class.
        colour: what to change for pictures in colour; or a sentence that says why there are none.
        non_square: likewise, for unequal height and width.
        large: likewise, for sides of at least 128 px.
        options: of generate; few steps, for speed.
        trainer: the trainer's options.
        parts: makes the further models that it is built from, by name.
        random: whether the seed changes the pictures (a restorer may be deterministic).
        tolerance: by how much pictures may differ for float rounding.
        half_precision: "" if it runs in bfloat16, else a sentence that says why not.
        not_descending: phases whose gradient is not that of their loss (straight-through), and why.
        texts: captions of the pictures that it learns from.
    """

    architecture: str
    config: Values
    colour: Values | str
    non_square: Values | str
    large: Values | str
    options: Values = field(default_factory=dict)
    trainer: Values = field(default_factory=dict)
    parts: Callable[[], Mapping[str, Model]] = dict
    random: bool = True
    tolerance: float = 1e-4
    half_precision: str = ""
    not_descending: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = TEXTS

    @property
    def registered(self) -> Architecture:
        """What the plugin registered under the architecture's name."""
        return manager().architecture(self.architecture)[2]

    def configs(self) -> Iterator[tuple[str, Values]]:
        """Yield (name, config) of every size that the family allows."""
        yield "config", self.config
        for name in ("colour", "non_square", "large"):
            change = getattr(self, name)
            if not isinstance(change, str):
                yield name, {**self.config, **change}

    def build(self, config: Values | None = None, *, perturbed: bool = True) -> Generator:
        """Return a model in eval mode, told of labels, and by the stand-ins of texts and pictures.

        Args:
            config: None takes the case's own.
            perturbed: shake the weights: gates and last layers that start at zero would hide
                what lies behind them.
        """
        encoders = {
            "label": build("label-embedding", {"classes": CLASSES, "width": 5}),
            "text": build(stand_in.NAME, {"width": 6}),
            REFERENCE: build(stand_in.PIXELS, {"features": 6}),
        }
        conditioner = Conditioner(
            cast(Mapping[str, Encoder], encoders), width=CONDITION_WIDTH, dropout=0.3
        )
        model = build(
            self.architecture,
            self.config if config is None else config,
            conditioner=conditioner,
            parts=self.parts(),
        )
        if perturbed:
            perturb(model)
        return cast(Generator, model).eval()

    def draw(self, model: Generator, num_images: int, **inputs: Any) -> Samples:
        """Generate with the case's options; `seed` is 0 unless given."""
        return model.generate(num_images, **{"seed": 0, **self.options, **inputs})

    def build_trainer(self) -> Trainer[Any]:
        """Return the architecture's trainer, with a model of its own, in train mode.

        Raises:
            NotApplicable: the architecture has none.
        """
        return _build_trainer(self.registered, self.build(), self.trainer)

    def learning_data(self, count: int) -> PictureData:
        """Return captioned and labelled pictures to learn from, which encoders may look at too."""
        data = picture_data(self.build().size, count, self.texts)
        return replace(data, has_references=True)


@dataclass(frozen=True, kw_only=True)
class EncoderCase:
    """An encoder's architecture with a tiny config.

    Attributes:
        values: at least three contract values of its modality, all distinct, of unequal length
            where the modality allows for it. What the encoder takes from data, it takes from
            them.
        conditions: of an encoder that joins others, its [conditions] by slot, as
            {"text": {"encoder": "contract-words"}}; the kit has "contract-words" of text,
            "contract-pixels" of pictures and "label-embedding". `values` are pictures then.
        trainer: the trainer's options.
        tolerance: by how much embeddings may differ for float rounding.
        not_descending, texts: as in `GeneratorCase`.
        compares: "" if held-out figures are of each row alone, else a sentence that says why rows
            of a batch are compared.
    """

    architecture: str
    config: Values
    values: Any
    conditions: Mapping[str, Values] = field(default_factory=dict)
    trainer: Values = field(default_factory=dict)
    tolerance: float = 1e-4
    not_descending: Mapping[str, str] = field(default_factory=dict)
    compares: str = ""
    texts: tuple[str, ...] = TEXTS

    @property
    def registered(self) -> Architecture:
        """What the plugin registered under the architecture's name."""
        return manager().architecture(self.architecture)[2]

    def build(self) -> Encoder:
        """Return a model in eval mode, its weights perturbed."""
        if self.conditions:
            model = self._join()
        else:
            model = build_encoder(self.architecture, self.config, self.values)
        perturb(model)
        return model.eval()

    def _join(self) -> Encoder:
        """Return a new model made of the encoders that [conditions] names."""
        from mmgen.training.assembly import build_model
        from mmgen.training.settings import build_settings

        tables = {"model": self.config, "conditions": self.conditions}
        tables |= {"conditioner": {"width": CONDITION_WIDTH}}
        channels, height, width = self.values.shape[1:]
        data = picture_data(Size(channels=channels, height=height, width=width), len(self.values))
        settings = build_settings(self.architecture, tables)
        return cast(Encoder, build_model(settings, data))

    def build_trainer(self) -> Trainer[Any]:
        """Return the architecture's trainer, with a model of its own, in train mode.

        Raises:
            NotApplicable: the architecture has none, or the case has no classes to learn.
        """
        model = self.build()
        if isinstance(model, ClassifyingEncoder) and not model.classes:
            raise NotApplicable("this case has no classes, from which the encoder would learn")
        return _build_trainer(self.registered, model, self.trainer)

    def learning_data(self, count: int) -> PictureData:
        """Return rows to learn from: pictures, or the case's values where it embeds others."""
        encoder = self.build()
        if encoder.size is not None:
            return picture_data(encoder.size, count, self.texts)
        return encoder_data(encoder, self.values, count)


def _build_trainer(registered: Architecture, model: Model, values: Values) -> Trainer[Any]:
    if registered.trainer is None:
        raise NotApplicable(f"{registered.name} has no trainer")
    options = (registered.training or Options).build(values)
    trainer = load_reference(registered.trainer)(model, options)
    return cast(Trainer[Any], trainer.train())


@torch.no_grad()
def perturb(module: nn.Module, seed: int = 0) -> None:
    """Add noise to all floating-point parameters, so that none is at its start.

    The noise keeps a layer's gain of order one, however wide the layer.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        if parameter.is_floating_point():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_((_scale(parameter) * noise).to(parameter))


def _scale(parameter: Tensor) -> float:
    fan_in = parameter[0].numel() if parameter.ndim >= 2 else 16
    return 0.5 / max(fan_in, 1) ** 0.5


Case = GeneratorCase | EncoderCase
CaseT = TypeVar("CaseT")


def check(function: Callable[[CaseT], None]) -> Callable[[CaseT], None]:
    """Make a check repeatable: the stand-in is registered, global random numbers are its own."""

    @wraps(function)
    def run(case: CaseT) -> None:
        with temporary_plugin(stand_in, "contract"), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            function(case)

    return run
