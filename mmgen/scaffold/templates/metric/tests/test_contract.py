"""The metric keeps the contract of `mmgen.testing`."""

from mmgen.testing import MetricCase, MetricContract


class TestExample(MetricContract):
    case = MetricCase(metric="example", options={"num_samples": 8, "distance": 2})
