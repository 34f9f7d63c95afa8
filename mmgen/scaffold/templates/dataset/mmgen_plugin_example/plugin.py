"""What this package brings to mmgen. No torch here: it is read when data sets are listed."""

import mmgen

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_datasets() -> list[mmgen.DatasetSource]:
    """The data set: `mmgen train ARCHITECTURE --data example`."""
    return [
        mmgen.DatasetSource(
            name="example",
            summary="one shape of four in one colour of four, with labels and captions",
            loader="mmgen_plugin_example.dataset:load_pictures",  # loaded when it is used
            splits=("train", "test"),
        )
    ]
