"""The named inputs of a model, and the size of what it makes."""

from dataclasses import dataclass
from typing import Any

from mmgen.errors import InputError, did_you_mean

JOINS = ("sum", "mean")
"""How what several semantic slots say joins in one vector."""
REFERENCE = "reference"
"""The slot of a picture that an encoder sees: it says what to show, and no pixel of it is kept."""
MOST_EXAMPLES = 100_000
"""How many conditions of training rows a model may keep."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A named input with its modality; two slots may share a modality.

    Attributes:
        classes: the names of a label's classes.
        sample_rate: of sound, in Hz.
    """

    name: str
    modality: str
    required: bool = False
    classes: tuple[str, ...] | None = None
    sample_rate: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the slot as config.json and registry.toml hold it."""
        data: dict[str, Any] = {"name": self.name, "modality": self.modality}
        data["required"] = self.required
        if self.classes is not None:
            data["classes"] = list(self.classes)
        if self.sample_rate is not None:
            data["sample_rate"] = self.sample_rate
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Slot":
        """Read what `to_dict` wrote."""
        classes = data.get("classes")
        return cls(
            name=data["name"],
            modality=data["modality"],
            required=data.get("required", False),
            classes=None if classes is None else tuple(classes),
            sample_rate=data.get("sample_rate"),
        )

    def class_number(self, value: Any) -> int:
        """Return the number of a class that is given by its name, in any case, or its number.

        Numbers count from 0. Where the names are numbers themselves, it is the name that counts.

        Raises:
            InputError: it is none of the classes; names the nearest and the first twelve.
        """
        classes = self.classes or ()
        names = [name.lower() for name in classes]
        if isinstance(value, str) and value.lower() in names:
            return names.index(value.lower())
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = -1
        if 0 <= number < len(classes) and not isinstance(value, float | bool):
            return number
        near = did_you_mean(str(value), classes)
        known = f"{near} The" if near else "; the"
        listed = ", ".join(classes[:12]) + (", …" if len(classes) > 12 else "")
        raise InputError(f"unknown {self.name} {value!r}{known} {len(classes)} classes: {listed}")


@dataclass(frozen=True, kw_only=True)
class Size:
    """What sizes of picture a model makes or takes.

    Attributes:
        channels: 1, 3 or 4.
        height, width: in px; of the one size where it is fixed, else of the usual one. Where
            there are spatial slots it is what they take; what is made is `scale` times as large.
        multiple_of: None for a fixed size; k where every multiple of k px will do.
        scale: output px per input px of a restorer.
    """

    channels: int
    height: int
    width: int
    multiple_of: int | None = None
    scale: int = 1

    @property
    def fixed(self) -> bool:
        """Whether there is one size only."""
        return self.multiple_of is None

    def accept(self, height: int, width: int, name: str) -> str:
        """Check the size of a picture that is given to the slot `name`, in px.

        Returns:
            A note for a picture that will be resized, or "".

        Raises:
            InputError: the model does not take it; says the rule.
        """
        if self.multiple_of is not None:
            if height % self.multiple_of or width % self.multiple_of:
                raise InputError(
                    f"{name!r} must have sides that are multiples of {self.multiple_of} px; "
                    f"got {width}×{height}: crop or resize it"
                )
            return ""
        if height * self.width != width * self.height:
            raise InputError(
                f"{name!r} must have the shape of the model's pictures, "
                f"{self.width}×{self.height}; got {width}×{height}: crop it first"
            )
        if (height, width) == (self.height, self.width):
            return ""
        return f"{name!r} is resized from {width}×{height} to {self.width}×{self.height}"

    def __str__(self) -> str:
        colours = {1: "grey", 3: "colour", 4: "colour with alpha"}[self.channels]
        rule = "" if self.fixed else f", any multiple of {self.multiple_of}"
        return f"{self.width}×{self.height} {colours}{rule}"
