"""Metric and data set keep the contract of `mmgen.testing`."""

from functools import partial

from mmgen.testing import DatasetCase, DatasetContract, MetricCase, MetricContract

GRADIENTS = DatasetCase(dataset="gradients")


class TestGradients(DatasetContract):
    case = GRADIENTS


class TestColourfulness(MetricContract):
    case = MetricCase(metric="colourfulness", data=partial(GRADIENTS.load, "test"))
