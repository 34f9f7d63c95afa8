"""A saved model in a folder, as the catalogue would tell of it."""

from pathlib import Path

from mmgen.catalogue import FileEntry, ModelEntry
from mmgen.errors import ModelFileError
from mmgen.plugins import manager
from mmgen.slots import Size, Slot


def read_saved(name: str) -> ModelEntry:
    """Load the model of a folder, or of a run's folder, and return its entry.

    Raises:
        ModelFileError: there is no such folder, or its model is damaged.
    """
    if not Path(name).expanduser().is_dir():
        raise ModelFileError(f"there is no folder {name!r}; models of the Hub: mmgen search WORDS")

    from mmgen.hub.locate import locate
    from mmgen.pretrained import from_pretrained  # torch from here on
    from mmgen.publishing.entry import (
        describe_model,
        read_training,
        training_dataset,
        training_figures,
    )

    folder = locate(name).folder
    model = from_pretrained(name)
    told = describe_model(model, folder)
    training = read_training(folder)
    _, _, architecture = manager().architecture(told["architecture"], told["family"])
    return ModelEntry(
        name=name,
        kind=told["kind"],
        family=told["family"],
        architecture=told["architecture"],
        summary=architecture.summary,
        tasks=tuple(told["tasks"]),
        slots=tuple(map(Slot.from_dict, told["slots"])),
        size=Size(**told["size"]) if "size" in told else None,
        parameters=told["parameters"],
        bytes=told["bytes"],
        files=tuple(FileEntry(**file) for file in told["files"]),
        licence={},
        data=training_dataset(training),
        plugin=model.identity.distribution,
        figures=training_figures(training),
        installed=True,
        folder=folder,
    )
