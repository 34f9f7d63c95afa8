"""How torch's threads wait for each other, in commands that work for a moment only."""

import os

_SPINS = 1000  # some microseconds; GNU OpenMP's own 300,000 are milliseconds


def wait_politely() -> None:
    """Let threads that wait sleep soon; call it before torch is imported.

    A thread of GNU OpenMP that waits for another keeps its processor busy. Where other programs
    want the processors too, the one waited for cannot run, and each of the hundreds of small
    parallel pieces of loading a model costs milliseconds in place of microseconds.

    What the user has set in the environment is left alone.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPINS))
