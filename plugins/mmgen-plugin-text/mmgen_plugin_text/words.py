"""From a text to its words, and from a word to its pieces."""

import re
import unicodedata

# Of scripts without spaces, every sign is a word: hiragana, katakana and Chinese characters.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    r"|[^\w\s]"
)
_FNV_START, _FNV_PRIME = 0x811C9DC5, 0x01000193


def split_words(text: str) -> list[str]:
    """Return the words and signs of a text, without regard to case and forms of the same sign.

    A text of white space alone is one empty word, so that every text has one.
    """
    words: list[str] = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return words or [""]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the first character and the end of each word of `split_words`, in the text as it is.

    Signs that only together have another form are taken one by one.
    """
    forms = [unicodedata.normalize("NFKC", sign).casefold() for sign in text]
    origins = [place for place, form in enumerate(forms) for _ in form]
    found = _WORD.finditer("".join(forms))
    spans = [(origins[match.start()], origins[match.end() - 1] + 1) for match in found]
    return spans or [(0, len(text))]


def pieces(word: str, shortest: int, longest: int) -> list[str]:
    """Return the runs of letters of a word between < and >; a shorter word is one piece.

    Bojanowski et al. 2017, section 3.2.
    """
    whole = f"<{word}>"
    if len(whole) <= shortest:
        return [whole]
    return [
        whole[start : start + length]
        for length in range(shortest, min(longest, len(whole)) + 1)
        for start in range(len(whole) - length + 1)
    ]


def bucket(piece: str, buckets: int) -> int:
    """Return the piece's bucket, 0 to buckets - 1: FNV-1a with 32 bits of its bytes in UTF-8."""
    found = _FNV_START
    for byte in piece.encode("utf-8"):
        found = (found ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return found % buckets
