"""What the package brings: a metric and a data set. No torch here."""

import mmgen

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_metrics() -> list[mmgen.Metric]:
    """How colourful samples are."""
    return [
        mmgen.Metric(
            name="colourfulness",
            summary="how colourful samples are (Hasler and Süsstrunk 2003)",
            function="mmgen_plugin_hues.metric:measure",
            options="mmgen.metrics:SamplingOptions",
            workbench=True,
        )
    ]


@mmgen.hookimpl
def mmgen_datasets() -> list[mmgen.DatasetSource]:
    """Gradients."""
    return [
        mmgen.DatasetSource(
            name="gradients",
            summary="pictures that go from one colour to another, with captions",
            loader="mmgen_plugin_hues.gradients:load_gradients",
        )
    ]
