"""Folders that another library wrote, read by the formats that plugins register."""

from pathlib import Path

from mmgen.errors import MmgenError, ModelFileError
from mmgen.families import load_reference
from mmgen.interfaces.model import Model
from mmgen.plugins import manager
from mmgen.pretrained.config_file import CONFIG_NAME, is_ours


def read_foreign(folder: Path) -> Model | None:
    """Return the model in a folder that mmgen did not write; None where no plugin knows its form.

    Raises:
        ModelFileError: a reader took it on and failed; names the plugin.
    """
    if is_ours(folder / CONFIG_NAME):
        return None
    for plugin in manager().plugins:
        for item in plugin.formats:
            try:
                model = load_reference(item.reader)(folder)
            except MmgenError:
                raise
            except Exception as error:
                raise ModelFileError(
                    f"{folder}: {plugin.distribution} could not read it as {item.name!r}: "
                    f"{type(error).__name__}: {error}"
                ) from error
            if isinstance(model, Model):
                return model.eval()
    return None
