"""What goes out: catalogue entries, model cards, and models on the Hub."""

from mmgen.publishing.publication import Publication, publish

__all__ = ["Publication", "publish"]
