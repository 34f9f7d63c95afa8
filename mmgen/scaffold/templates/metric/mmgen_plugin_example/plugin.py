"""What this package brings to mmgen. No torch here: it is read when metrics are listed."""

import mmgen

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_metrics() -> list[mmgen.Metric]:
    """The measure: `mmgen evaluate MODEL --data D --metric example`."""
    return [
        mmgen.Metric(
            name="example",
            summary="how much neighbouring pixels of samples differ, beside those of real pictures",
            function="mmgen_plugin_example.metric:measure",  # loaded when it is used
            options="mmgen_plugin_example.config:ExampleOptions",
            workbench=True,  # samples are drawn once, whatever other metrics are asked for
        )
    ]
