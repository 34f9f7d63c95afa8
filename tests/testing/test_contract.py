"""The tiny family and the kit's own encoder keep the contract."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmgen.testing import (
    ENCODER_CHECKS,
    GENERATOR_CHECKS,
    EncoderCase,
    EncoderContract,
    GeneratorCase,
    GeneratorContract,
    stand_in,
    temporary_plugin,
)
from mmgen.testing.tiny import plugin as tiny


@pytest.fixture(autouse=True)
def _tiny_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the tiny family and the stand-in here, and install them for fresh processes."""
    metadata = tmp_path / "mmgen_plugin_tiny-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mmgen-plugin-tiny\nVersion: 1\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[mmgen]\ntiny = mmgen.testing.tiny.plugin\nstand_in = mmgen.testing.stand_in\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with temporary_plugin(tiny, "tiny"):
        yield


SIZES: dict[str, Any] = {
    "config": {"height": 6, "width": 6},
    "colour": {"channels": 3},
    "non_square": {"width": 9},
    "large": {"height": 128, "width": 128, "hidden": 2},
}


class TestTinyNet(GeneratorContract):
    case = GeneratorCase(architecture="tiny-net", **SIZES)


class TestTinyInpainter(GeneratorContract):
    case = GeneratorCase(architecture="tiny-inpainter", **SIZES)


class TestStandInEncoder(EncoderContract):
    case = EncoderCase(
        architecture=stand_in.NAME, config={}, values=["one", "three words here", "x"]
    )


class TestLabelEmbedding(EncoderContract):
    case = EncoderCase(
        architecture="label-embedding", config={"classes": ["a", "b", "c"]}, values=[0, 1, 2]
    )


def test_every_check_is_a_test_with_a_sentence() -> None:
    for contract, checks in (
        (GeneratorContract, GENERATOR_CHECKS),
        (EncoderContract, ENCODER_CHECKS),
    ):
        tests = {name: value for name, value in vars(contract).items() if name.startswith("test_")}
        assert len(tests) == len(checks)
        assert all(test.__doc__.endswith(".") for test in tests.values())
