"""What can be set about encoders of sound. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class AudioEncoderConfig(Options):
    """`audio-encoder`: a log-mel spectrogram, convolutions, and attention if wanted."""

    classes: tuple[str, ...] = option(
        (), help="what it tells apart, where it learns alone; none: it embeds only"
    )
    sample_rate: int = option(
        16_000, minimum=1_000, unit="Hz", help="sound of any other rate is brought to it"
    )
    window: float = option(25.0, minimum=1.0, unit="ms", help="of the short-time spectrum")
    hop: float = option(10.0, minimum=1.0, unit="ms", help="from one spectrum to the next")
    mels: int = option(64, minimum=4, help="bands of the mel scale")
    lowest: float = option(20.0, minimum=0.0, unit="Hz", help="where the bands begin")
    highest: float | None = option(
        None, minimum=1.0, unit="Hz", help="and end; none: at half the rate"
    )
    scale: str = option(
        "slaney", choices=("slaney", "htk"), help="whose mel scale, and bands of equal area or peak"
    )
    widths: tuple[int, ...] = option(
        (32, 64, 128), minimum=1, help="channels of the maps; each halves bands and frames"
    )
    width: int = option(128, minimum=1, help="of the embeddings")
    depth: int = option(0, minimum=0, help="layers of attention among the frames")
    heads: int = option(4, minimum=1, help="of attention; they share the width")
    dropout: float = option(0.1, minimum=0.0, maximum=0.95, help="of frames and in attention")
    masks: int = option(
        2, minimum=0, help="while learning, stripes of bands, and of frames, that are left out"
    )
    seconds: float = option(
        30.0, minimum=0.1, unit="s", help="longer clips are cut, with a warning"
    )

    def check(self) -> None:
        """Demand bands below half the rate, spectra that meet, and heads of equal width."""
        top = self.sample_rate / 2 if self.highest is None else self.highest
        if not self.lowest < top <= self.sample_rate / 2:
            raise OptionError(
                "lowest and highest must lie between 0 Hz and half the rate, "
                f"{self.sample_rate / 2:g} Hz; got {self.lowest:g} and {top:g}"
            )
        if self.hop > self.window:
            raise OptionError(
                f"hop must be at most window, or sound is skipped; got {self.hop:g} and "
                f"{self.window:g} ms"
            )
        if not self.widths:
            raise OptionError("widths needs one number or more; got none")
        if self.width % self.heads:
            raise OptionError(
                f"width must be a multiple of heads; got {self.width} and {self.heads}"
            )
