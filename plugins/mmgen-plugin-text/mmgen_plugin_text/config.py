"""What can be set about encoders of text. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class WordVectorsConfig(Options):
    """`word-vectors`: a vector for each word, and one of its letters for words never seen."""

    classes: tuple[str, ...] = option(
        (), help="what it tells apart, where it learns alone; none: it embeds only"
    )
    vectors: str = option(
        "",
        help="file of vectors to start from: GloVe's text, word2vec's text or binary, also .gz; "
        "of the Hub as org/name:file or org/name@revision:file; none: they are learned",
    )
    dimension: int = option(64, minimum=1, help="of a word's vector; that of the file where one is")
    tuned: bool = option(True, help="the vectors learn with the generator; no: they stay")
    max_words: int = option(
        20_000, minimum=1, help="vocabulary: words of the data, then the file's"
    )
    min_count: int = option(
        1, minimum=1, help="words of the data that are rarer have no own vector"
    )
    pooling: str = option(
        "attention",
        choices=("bag", "gru", "attention"),
        help="the text's one vector: the words' mean, a recurrent network's last states, or a "
        "mean with learned weights",
    )
    hidden: int = option(128, minimum=2, help="width of the recurrent network; an even number")
    length: int = option(64, minimum=1, unit="words", help="longer texts are cut, with a warning")
    buckets: int = option(
        20_000, minimum=1, help="vectors that the pieces of words share, by their hash"
    )
    shortest: int = option(2, minimum=1, unit="letters", help="the shortest pieces of a word")
    longest: int = option(4, minimum=1, unit="letters", help="and the longest")
    subword_dropout: float = option(
        0.1,
        minimum=0.0,
        maximum=1.0,
        help="while learning, how often a known word is read by its pieces alone",
    )

    def check(self) -> None:
        """Demand pieces in order, and a recurrent network of two equal halves."""
        if self.shortest > self.longest:
            raise OptionError(
                f"shortest must be at most longest; got {self.shortest} and {self.longest}"
            )
        if self.pooling == "gru" and self.hidden % 2:
            raise OptionError(f"hidden must be even, half for each direction; got {self.hidden}")


@dataclass(frozen=True, kw_only=True)
class TextTransformerConfig(Options):
    """`text-transformer`: byte pairs, and attention among them."""

    classes: tuple[str, ...] = option(
        (), help="what it tells apart, where it learns alone; none: it embeds only"
    )
    vocabulary: int = option(
        4_096, minimum=257, help="byte pairs at most; all 256 bytes are among them"
    )
    width: int = option(128, minimum=1, help="of the embeddings")
    depth: int = option(3, minimum=1, help="layers")
    heads: int = option(4, minimum=1, help="of attention; they share the width")
    length: int = option(64, minimum=1, unit="tokens", help="longer texts are cut, with a warning")
    dropout: float = option(
        0.1, minimum=0.0, maximum=0.95, help="after attention and between layers"
    )
    noise: float = option(
        0.1,
        minimum=0.0,
        maximum=1.0,
        help="while learning, how often a token is another one, so that words never seen do not "
        "mislead",
    )

    def check(self) -> None:
        """Demand heads of equal width."""
        if self.width % self.heads:
            raise OptionError(
                f"width must be a multiple of heads; got {self.width} and {self.heads}"
            )


@dataclass(frozen=True, kw_only=True)
class TransformersTextConfig(Options):
    """`transformers-text`: a trained text model of the library `transformers`."""

    classes: tuple[str, ...] = option(
        (), help="what it tells apart, where it learns alone; none: it embeds only"
    )
    pretrained: str = option(
        "",
        help="the model to start from: a folder, or of the Hub as org/name or org/name@revision; "
        "read once, and saved with the encoder",
    )
    length: int = option(
        77,
        minimum=4,
        unit="tokens",
        help="longer texts are cut, with a warning; at most the model's own",
    )
    tuned: bool = option(False, help="the network learns with the generator; no: it stays")
