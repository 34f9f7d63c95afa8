"""Checks of what a plugin registers: cheaply, and with words for every option."""

import json
import os
import subprocess
import sys

from mmgen.families import load_reference
from mmgen.options import Options, describe
from mmgen.testing.case import EncoderCase, GeneratorCase, check
from mmgen.testing.outcome import demand

HEAVY = ("torch", "numpy", "PIL", "rich", "huggingface_hub", "safetensors")

_PROGRAM = """
import json, sys
from mmgen.options import describe
from mmgen.plugins import manager
kind, name, heavy = sys.argv[1:]
found = getattr(manager(), kind)(name)
if kind == "architecture":
    _, _, found = found
    for options in (found.config, found.generation, found.training):
        if options is not None:
            describe(options)
print(json.dumps(sorted(set(json.loads(heavy)) & set(sys.modules))))
"""


@check
def check_registration_is_light(case: GeneratorCase | EncoderCase) -> None:
    """An installed plugin is listed without torch, numpy, or anything else that takes long."""
    demand_light("architecture", case.architecture)


def demand_light(kind: str, name: str) -> None:
    """Demand that a fresh process finds what is registered without importing anything heavy.

    Args:
        kind: "architecture", "metric" or "dataset".
    """
    variables = {key: value for key, value in os.environ.items() if key != "MMGEN_PLUGINS"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, kind, name, json.dumps(HEAVY)],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
    )
    last = (done.stderr.strip().splitlines() or [""])[-1]
    demand(done.returncode == 0, f"the plugin must be found in a fresh process; got: {last}")
    imported = ", ".join(json.loads(done.stdout))
    demand(not imported, f"registration must import nothing heavy; it imports {imported}")


@check
def check_options_are_documented(case: GeneratorCase | EncoderCase) -> None:
    """Every option has help, and the registered classes are those that the network uses."""
    registered = case.registered
    for cls in (registered.config, registered.generation, registered.training):
        for info in describe(cls or Options):
            demand(bool(info.help.strip()), f"option {info.name!r} must have a help text")
    network = type(case.build())
    own = getattr(network, "generation", None)
    demand(
        own is registered.generation or (registered.generation is None and own is Options),
        f"the options of generate must be registered as {own}; got {registered.generation}",
    )
    kind = "encoder" if isinstance(case, EncoderCase) else "generator"
    demand(registered.kind == kind, f"kind must be {kind!r}; got {registered.kind!r}")
    demand(bool(registered.summary.strip()), "an architecture must have a summary")
    demand(bool(registered.tasks), "an architecture must name its tasks")


def demand_described(what: str, summary: str, reference: str) -> None:
    """Demand a summary of what is registered, and a docstring of the function that it names.

    Args:
        what: as "a metric".
        reference: "module:function".
    """
    demand(bool(summary.strip()), f"{what} must have a summary")
    words = load_reference(reference).__doc__ or ""
    demand(bool(words.strip()), f"the function {reference} of {what} must have a docstring")
