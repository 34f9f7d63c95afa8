"""The command line. One file per command; each is imported when it is called."""

from mmgen.cli.program import main, program

__all__ = ["main", "program"]
