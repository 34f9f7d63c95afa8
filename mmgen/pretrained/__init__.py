"""From a name, a folder or a repository to a verified model, and back to a folder."""

from mmgen.pretrained.build import build, build_encoder
from mmgen.pretrained.folder import load_folder, save
from mmgen.pretrained.reference import from_pretrained

__all__ = ["build", "build_encoder", "from_pretrained", "load_folder", "save"]
