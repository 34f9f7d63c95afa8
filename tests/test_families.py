"""What a plugin registers is checked where it is written down."""

from typing import Any

import pytest

from mmgen.errors import PluginError
from mmgen.families import (
    Architecture,
    DatasetSource,
    Family,
    Metric,
    Modality,
    Paper,
    load_reference,
)
from mmgen.options import Options

ARCHITECTURE: dict[str, Any] = {
    "name": "conv-vae",
    "summary": "convolutions",
    "network": "package.module:Network",
    "config": Options,
}


def test_an_architecture_in_order_is_taken() -> None:
    made = Architecture(**ARCHITECTURE, trainer="package.module:Trainer", training=Options)
    assert Family(name="vae", summary="", architectures=(made,)).architectures == (made,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Conv VAE"}, "small letters, digits and hyphens"),
        ({"name": ""}, "a name has"),
        ({"name": None}, "a name has"),
        ({"network": "package.module"}, "network must be named as 'package.module:Name'"),
        ({"network": object}, "network must be named"),
        ({"trainer": "Trainer"}, "trainer must be named"),
        ({"kind": "decoder"}, "kind must be 'generator' or 'encoder'"),
        ({"config": Options()}, "config must be a class of Options"),
        ({"config": None}, "config must be a class of Options"),
        ({"generation": dict}, "generation must be a class of Options"),
        ({"training": int}, "training must be a class of Options"),
    ],
)
def test_an_architecture_that_cannot_work_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PluginError, match=words):
        Architecture(**(ARCHITECTURE | changes))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Family(name="V A E", summary="", architectures=()), "family: a name has"),
        (lambda: Family(name="vae", summary="", architectures="conv"), "tuple of Architecture"),  # type: ignore[arg-type]
        (lambda: Family(name="vae", summary="", architectures=(), papers=["x"]), "tuple of Paper"),  # type: ignore[arg-type,list-item]
        (lambda: Modality(name="smell", kind="olfactory", reader="a:b"), "semantic' or 'spatial"),
        (lambda: Modality(name="smell", kind="semantic", reader="a"), "reader must be named"),
        (lambda: Metric(name="fid", summary="", function="fid"), "function must be named"),
        (lambda: Metric(name="fid", summary="", function="a:b", options="c"), "options must be"),
        (lambda: DatasetSource(name="faces", summary="", loader="a.b"), "loader must be named"),
    ],
)
def test_other_registrations_that_cannot_work_are_refused(make: Any, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        make()


def test_a_metrics_options_are_a_class_or_name_one() -> None:
    named = Metric(name="fid", summary="", function="a:b", options="mmgen.options:Options")
    assert named.option_class is Options
    assert Metric(name="fid", summary="", function="a:b", options=Options).option_class is Options
    assert Metric(name="fid", summary="", function="a:b").option_class is Options


def test_papers_need_no_url() -> None:
    assert Paper(title="t", authors="a", year=2013).url == ""


def test_a_reference_is_loaded() -> None:
    assert load_reference("mmgen.options:Options") is Options


@pytest.mark.parametrize("reference", ["no.such.module:Name", "mmgen.options:Nothing", "mmgen"])
def test_a_reference_that_leads_nowhere_is_named(reference: str) -> None:
    with pytest.raises(PluginError, match=reference):
        load_reference(reference)
