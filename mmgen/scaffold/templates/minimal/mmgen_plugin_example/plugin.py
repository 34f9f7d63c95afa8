from dataclasses import dataclass

import mmgen

MMGEN_API = 1


@dataclass(frozen=True, kw_only=True)
class ExampleConfig(mmgen.Options):
    channels: int = mmgen.option(1, choices=(1, 3, 4), help="of the pictures")
    height: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures")
    width: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures")


@mmgen.hookimpl
def mmgen_families():
    architecture = mmgen.Architecture(
        name="example",
        summary="rectified flow on pixels (Liu et al. 2023)",
        network="mmgen_plugin_example.network:Example",
        config=ExampleConfig,
        trainer="mmgen_plugin_example.network:ExampleTrainer",
    )
    return [mmgen.Family(name="example", summary="a flow", architectures=(architecture,))]
