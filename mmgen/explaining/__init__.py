"""Which conditions, and which parts of them, moved a picture."""

from mmgen.explaining.attribution import explain
from mmgen.explaining.explanation import Explanation, Part, SlotShare
from mmgen.explaining.shapley import shapley_values

__all__ = ["Explanation", "Part", "SlotShare", "explain", "shapley_values"]
