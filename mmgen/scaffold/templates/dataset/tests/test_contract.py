"""The data set keeps the contract of `mmgen.testing`."""

from mmgen.testing import DatasetCase, DatasetContract


class TestExample(DatasetContract):
    case = DatasetCase(dataset="example")
