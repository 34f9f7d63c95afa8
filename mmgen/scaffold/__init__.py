"""New plugins: `mmgen plugins new` writes a distribution that works as it stands."""

from mmgen.scaffold.writing import KINDS, Kind, write_plugin

__all__ = ["KINDS", "Kind", "write_plugin"]
