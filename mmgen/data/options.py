"""How a data set is read: the table [data] of a run file, `--set size=64`."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option, seed_option


@dataclass(frozen=True, kw_only=True)
class DataOptions(Options):
    """Options of `mmgen.data.load`; the defaults take a tidy data set as it is."""

    size: tuple[int, ...] | None = option(
        None,
        minimum=1,
        unit="px",
        help="height,width to scale pictures to, or one number for a square",
    )
    crop: str = option(
        "center",
        choices=("center", "none"),
        help="when scaling: cut out the middle, or keep all and let proportions change",
    )
    channels: int | None = option(
        None,
        choices=(1, 3, 4),
        help="1 grey, 3 RGB (transparent parts over white), 4 RGBA; none: as stored",
    )
    stack: int = option(
        1,
        choices=(1, 3),
        help="so many pictures of a grey, labelled set are put into the channels of one, as in "
        "StackedMNIST; 1: none",
    )
    stack_pictures: int | None = option(
        None, minimum=1, help="stacked pictures made of each split; none: as many as it has"
    )
    stack_seed: int = seed_option("which pictures are stacked")
    base: str | None = option(
        None,
        help="the data set that a made one, as mnist-scenes, is made from: a folder, a file, a "
        "name; none: the digits of the Hub's ylecun/mnist",
    )
    made_pictures: int | None = option(
        None, minimum=1, help="pictures of each split of a made data set; none: as many as it says"
    )
    made_seed: int = seed_option("of what a made data set draws")
    image_shape: tuple[int, ...] | None = option(
        None,
        minimum=1,
        help="channels,height,width of pictures stored as flat rows or packed bits",
    )
    image_column: str | None = option(None, help="column of the pictures; none: found by its type")
    given_column: str | None = option(
        None,
        help="column of the pictures that go in, where each picture is to be made from another; "
        "none: 'input' or 'conditioning_image' (in metadata.jsonl: input_file_name, …)",
    )
    audio_column: str | None = option(
        None,
        help="column of the sounds; none: of a table found by what is said of it, else 'audio', "
        "'sound' or 'speech' (in metadata.jsonl: audio_file_name, …)",
    )
    sample_rate: int | None = option(
        None, minimum=1, unit="Hz", help="sounds are brought to it; none: as stored"
    )
    sounds: str | None = option(
        None,
        help="a data set of labelled sounds: each picture gets those of its class, and one of "
        "them is drawn whenever it is learned from",
    )
    captions: str | None = option(
        None,
        help="wordings that captions are made in from the labels, drawn likewise: 'digits', or a "
        "TOML file of templates",
    )
    label_column: str | None = option(None, help="column of the labels; none: 'label' or 'labels'")
    text_column: tuple[str, ...] | None = option(
        None,
        help="column of the captions, or several, as text,keywords: whenever a picture is learned "
        "from, a caption of one of them is drawn, and the first has its name; none: 'text', "
        "'caption' or 'captions'",
    )
    class_names: tuple[str, ...] | None = option(
        None, help="names of the classes 0, 1, 2, … where the source has only numbers"
    )
    on_broken: str = option(
        "skip",
        choices=("skip", "stop"),
        help="what a picture that cannot be decoded does: it is left out and named, or ends it all",
    )
    withheld: str | None = option(
        None,
        help="file of captions, one a line: their pictures are not in 'train' but in the split "
        "'withheld', to see what a model makes of captions that it never learned",
    )
    held_out: float = option(
        0.05,
        minimum=0.0,
        maximum=0.9,
        help="part of train that becomes 'valid' where the source has no such split; 0: none",
    )
    held_out_seed: int = seed_option("which pictures are held out")
    train_on_valid: float = option(
        0.0,
        minimum=0.0,
        maximum=0.99,
        help="part of 'valid' that is trained on as well, for a last fit when all is chosen; "
        "the rest stays 'valid'",
    )
    in_memory_limit_mb: int = option(
        4096,
        minimum=0,
        unit="MB",
        help="above this many bytes of decoded pictures, they are decoded batch by batch",
    )

    def check(self) -> None:
        """Refuse sizes and shapes with the wrong count of numbers, and stacks of one."""
        if self.size is not None and len(self.size) not in (1, 2):
            raise OptionError(
                f"option 'size' takes one number or height,width; got {len(self.size)} numbers"
            )
        shape = self.image_shape
        if shape is not None and (len(shape) != 3 or shape[0] not in (1, 3, 4)):
            raise OptionError(
                "option 'image_shape' takes channels,height,width with 1, 3 or 4 channels, "
                f"as 1,28,28; got {','.join(map(str, shape))}"
            )
        if self.stack_pictures is not None and self.stack == 1:
            raise OptionError("option 'stack_pictures' says how many are stacked; set stack=3 too")

    @property
    def height_width(self) -> tuple[int, int] | None:
        """The size to scale to, as (height, width), or None."""
        return None if self.size is None else (self.size[0], self.size[-1])
