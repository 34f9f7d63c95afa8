"""The hooks: every place where a plugin adds to mmgen.

A plugin is a module, named by an entry point of the group `mmgen`, that states the version of
this contract (`MMGEN_API = 1`) and has some of these functions, each marked with
`@mmgen.hookimpl`. All are called at listing time except the last two, and none may import torch
at module level.
"""

from typing import Any

import pluggy

from mmgen.families import DatasetSource, Family, Format, Metric, Modality

hookspec = pluggy.HookspecMarker("mmgen")
hookimpl = pluggy.HookimplMarker("mmgen")


@hookspec
def mmgen_families() -> list[Family]:
    """Return the families of this distribution with their architectures."""
    return []


@hookspec
def mmgen_models() -> str:
    """Return the path of the registry.toml, inside the package, with the models it brings."""
    return ""


@hookspec
def mmgen_modalities() -> list[Modality]:
    """Return further kinds of input."""
    return []


@hookspec
def mmgen_datasets() -> list[DatasetSource]:
    """Return data sets that `--data` and `mmgen.data.load` know by name."""
    return []


@hookspec
def mmgen_metrics() -> list[Metric]:
    """Return measures that `mmgen evaluate --metric` knows by name."""
    return []


@hookspec
def mmgen_formats() -> list[Format]:
    """Return readers of repositories that other libraries wrote."""
    return []


@hookspec
def mmgen_commands(group: Any) -> None:
    """Add click commands to `group`, the top of the command line."""


@hookspec
def mmgen_before_save(samples: Any) -> Any:
    """Return samples to save in place of `samples` (a watermark, a filter), or None.

    Called by `Samples.save` with what is about to be written; the plugin's name goes into the
    recipe when it returns something.
    """


@hookspec
def mmgen_training_event(event: Any) -> None:
    """Hear of a training's progress.

    `event` is a `mmgen.training.TrainingEvent`: its kind ("start", "step", "evaluation",
    "checkpoint", "end"), the step, the figures and the run folder.
    """
