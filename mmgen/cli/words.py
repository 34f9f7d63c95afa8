"""Numbers in words, the same in every command."""


def count(number: int) -> str:
    """Return 1234567 as "1.23 M"."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def file_size(number: int) -> str:
    """Return 1234567 bytes as "1.23 MB"."""
    short = count(number)
    return short + "B" if short[-1].isalpha() else short + " B"


def listed(items: object, none: str = "none") -> str:
    """Return the items of a sequence with commas between."""
    return ", ".join(map(str, items)) or none  # type: ignore[call-overload]
