"""Whether a data set suits what is to learn from it."""

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Encoder, Generator, Model
from mmgen.slots import REFERENCE
from mmgen.training.config import TrainingConfig


def check_has_pictures(learner: str, data: PictureData) -> None:
    """Raise DataError, naming who learns, where the rows of a data set have no pictures."""
    if data.has_pictures:
        return
    if data.clips is None:
        raise DataError(
            f"{learner!r} learns from pictures; {data.name} has none: give a data set of pictures"
        )
    raise DataError(
        f"{learner!r} learns from pictures; {data.name} has recordings alone: give a data set of "
        "pictures, and these as data.sounds where they go with pictures of their classes"
    )


def check_pictures(model: Model, data: PictureData) -> None:
    """Raise DataError unless a model makes, or takes, pictures of the data's size and channels."""
    if not isinstance(model, Generator | Encoder) or model.size is None:
        return
    check_has_pictures(model.identity.architecture, data)
    size = model.size
    _, channels, height, width = data.images.shape
    fits = (
        (size.height, size.width) == (height, width)
        if size.multiple_of is None
        else not (height % size.multiple_of or width % size.multiple_of)
    )
    if size.channels != channels or not fits:
        raise DataError(
            f"the model is for pictures of {size}; {data.name} has {width}×{height} with "
            f"{channels} channels; set data.size and data.channels, or [model] accordingly"
        )
    if data.given is None:
        return
    slots = {slot.name for slot in model.slots} if isinstance(model, Generator) else set()
    if not slots & {"image", REFERENCE}:
        raise DataError(
            f"{data.name} has pictures to be made from others; the model takes no picture: choose "
            f"an architecture with the slot 'image', or set conditions.{REFERENCE}.encoder"
        )
    if "image" not in slots:
        return
    given, wanted = tuple(data.given.shape[1:]), (channels, height, width)
    if given != (channels, height // size.scale, width // size.scale):
        raise DataError(
            f"the model makes pictures {size.scale} times as large as those that go in; "
            f"{data.name} has {given} and {wanted} (channels, height, width): set data.size"
        )


def check_balance(config: TrainingConfig, data: PictureData) -> None:
    """Raise DataError where balanced classes are asked for and there are no labels."""
    if config.balance and data.labels is None:
        raise DataError(f"training.balance needs labels; {data.name} has none")
