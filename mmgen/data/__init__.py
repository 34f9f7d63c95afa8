"""Pictures with labels and captions, from wherever they are, ready to learn from."""

from mmgen.data.checking import check
from mmgen.data.loading import available_splits, load
from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.records import Problem
from mmgen.data.report import DataReport, SplitReport

__all__ = [
    "DataOptions",
    "DataReport",
    "PictureData",
    "Problem",
    "SplitReport",
    "available_splits",
    "check",
    "load",
]
