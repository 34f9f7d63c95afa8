"""Checks of what is kept: saved models that load as they were, recipes that make them again."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from mmgen.interfaces import Generator, Model
from mmgen.media.files import read_recipe
from mmgen.media.pictures import to_bytes
from mmgen.nn import channels_last
from mmgen.pretrained import load_folder
from mmgen.testing.case import GeneratorCase, check
from mmgen.testing.outcome import ContractError, demand, demand_alike, demand_identical
from mmgen.testing.values import required_inputs


@check
def check_saved_model_is_whole(case: GeneratorCase) -> None:
    """save → load gives the same config, slots, tensors and pictures, bit for bit."""
    model = case.build()
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "a"))
        loaded = _load(Path(folder, "a"))
        demand_same_model(model, loaded)
        given = required_inputs(model, 3)
        demand_identical(
            case.draw(model, 3, label="odd", text="so", **given).images,
            case.draw(loaded, 3, label="odd", text="so", **given).images,
            "a loaded model must make the pictures of the saved one",
        )
        loaded.save(Path(folder, "b"))
        _demand_same_files(Path(folder, "a"), Path(folder, "b"))
        for name in model.parts():
            demand_same_model(model.parts()[name][1], load_folder(Path(folder, "a", name)))


@check
def check_memory_format_is_not_saved(case: GeneratorCase) -> None:
    """Pictures and file are the same whatever the memory format of the weights."""
    model = case.build()
    given = required_inputs(model, 2)
    images = case.draw(model, 2, **given).images
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "a"))
        channels_last(model)
        demand_alike(
            images,
            case.draw(model, 2, **given).images,
            case.tolerance,
            "another memory format must give the same pictures",
        )
        model.save(Path(folder, "b"))
        demand_same_model(model, _load(Path(folder, "b")))
        _demand_same_files(Path(folder, "a"), Path(folder, "b"))


def _load(folder: Path) -> Generator:
    loaded = load_folder(folder)
    if not isinstance(loaded, Generator):
        raise ContractError(f"a saved generator must load as one; got {type(loaded).__name__}")
    return loaded


def demand_same_model(model: Model, loaded: Model) -> None:
    """Demand the same class, config, slots and tensors."""
    name = type(model).__name__
    demand(type(model) is type(loaded), f"{name} loads as a {type(loaded).__name__}")
    demand(model.config == loaded.config, f"{name}: the config must be the same when loaded")
    demand(model.identity == loaded.identity, f"{name}: its names must be the same when loaded")
    if isinstance(model, Generator) and isinstance(loaded, Generator):
        demand(model.slots == loaded.slots, f"{name}: the slots must be the same when loaded")
        demand(model.size == loaded.size, f"{name}: the size must be the same when loaded")
    _demand_same_tensors(name, dict(model.state_dict()), dict(loaded.state_dict()))


def _demand_same_tensors(
    name: str, saved: Mapping[str, Tensor], loaded: Mapping[str, Tensor]
) -> None:
    missing = sorted(saved.keys() ^ loaded.keys())
    demand(not missing, f"{name}: tensors must be the same when loaded; {missing[:1]} is not")
    for key, tensor in saved.items():
        demand_identical(tensor, loaded[key], f"{name}: tensor {key!r} must be the same")


def _demand_same_files(a: Path, b: Path) -> None:
    for path in sorted(a.rglob("*")):
        if path.is_file():
            twin = b / path.relative_to(a)
            demand(
                twin.is_file() and twin.read_bytes() == path.read_bytes(),
                f"a model that is saved again must give the same {path.relative_to(a)}",
            )


@check
def check_recipe_replays(case: GeneratorCase) -> None:
    """The recipe in a saved picture makes the same picture again, with the model loaded anew."""
    model = case.build()
    given = required_inputs(model, 3)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model"))
        samples = case.draw(
            model, 3, seed=11, label=["odd", "round", "odd"], text="words", batch_size=2, **given
        )
        paths = samples.save(Path(folder, "pictures"))
        recipe = read_recipe(paths[1])
        given = {name: value[1:2] for name, value in given.items()}
        conditions = {k: v for k, v in recipe["conditions"].items() if k not in given}
        again = _load(Path(folder, "model")).generate(
            seed=recipe["seed"],
            indices=recipe["indices"],
            **conditions,
            **recipe["options"],
            **given,
        )
        # Another batch size may round one value in a thousand to the neighbouring byte.
        before, after = to_bytes(samples.images[1:2]), to_bytes(again.images)
        demand(before.shape == after.shape, "a replayed picture must have the same shape")
        apart = abs(before.astype(int) - after.astype(int))
        demand(
            int(apart.max()) <= 1 and float((apart > 0).mean()) < 0.01,
            f"a recipe must make the same picture again; it differs by up to {apart.max()}",
        )
