"""A whole training: its folder, its model, what it says, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import DataError, OptionError, OutOfMemoryError, TrainingError
from mmgen.interfaces import CounterNoise
from mmgen.pretrained import from_pretrained
from mmgen.training import Run, train
from mmgen.training.checkpoint import CheckpointStore
from mmgen.training.tensor_file import read_tensors

Config = dict[str, Any]


def go(toy: str, data: Any, config: Config, path: Path, **options: Any) -> Run:
    return train(toy, data, config=config, output=path, **{"progress": False, **options})


def changed(config: Config, **tables: Config) -> Config:
    """Return the config with some settings changed."""
    return {**config, **{name: {**config.get(name, {}), **new} for name, new in tables.items()}}


def test_the_model_is_the_best_average_and_loads(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    run = go(toy, pictures, quick, run_path)
    evaluations = json.loads((run_path / "figures.json").read_text())
    assert [entry["step"] for entry in evaluations] == [4, 8, 12]
    best = min(evaluations, key=lambda entry: entry["figures"]["error"])
    assert run.figures == best["figures"]
    record = json.loads((run.model_folder / "training.json").read_text())
    assert record["steps"] == best["step"]
    assert record["evaluation"] == best
    assert record["data"]["num_train"] == 48
    assert record["config"]["training"]["warmup_steps"] == 3
    model = run.load()
    assert [slot.classes for slot in model.slots] == [("low", "mid", "high")]
    assert len(model.generate(label=["low", "high"], seed=0)) == 2  # type: ignore[operator]


def test_the_saved_weights_are_the_averaged_ones(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = changed(quick, data={"held_out": 0.0})
    model = go(toy, pictures, config, run_path).load()
    latest = CheckpointStore(run_path / "checkpoints", 1).read_latest()
    assert latest is not None
    average = latest.tensors["ema-denoise"]["model.head.weight"]
    assert torch.equal(model.state_dict()["head.weight"], average)
    assert not torch.equal(average, latest.tensors["trainer"]["model.head.weight"])


def test_a_later_stage_builds_on_the_averages_of_the_one_before(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = changed(quick, trainer={"frozen_stage": True}, training={"keep_checkpoints": 9})
    assert go(toy, pictures, config, run_path).steps == 24
    folder = run_path / "checkpoints"
    name = "model.body.0.weight"  # frozen in the second stage
    average = read_tensors(folder / "step-00000012" / "ema-denoise.safetensors")[name]
    last = read_tensors(folder / "step-00000012" / "trainer.safetensors")[name]
    assert not torch.equal(last, average)
    assert torch.equal(
        read_tensors(folder / "step-00000024" / "trainer.safetensors")[name], average
    )


def test_plugins_hear_of_start_steps_evaluations_checkpoints_and_end(
    toy: str, events: list[Any], pictures: PictureData, quick: Config, run_path: Path
) -> None:
    go(toy, pictures, quick, run_path)
    heard = [(event.kind, event.step) for event in events]
    assert heard[0] == ("start", 0)
    assert heard[-1] == ("end", 12)
    assert heard[1:4] == [("step", 4), ("evaluation", 4), ("checkpoint", 4)]
    assert events[1].figures.keys() == {"loss", "noise", "gradient_norm"}
    assert events[2].figures.keys() == {"error"}
    assert events[2].folder == run_path


def test_samples_and_tensorboard_files_are_written(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    pytest.importorskip("tensorboard")
    settings = {"sample_every": 6, "num_samples": 7, "tensorboard": True}
    go(toy, pictures, changed(quick, training=settings), run_path)
    names = sorted(path.name for path in (run_path / "samples").iterdir())
    assert names == ["step-00000006.png", "step-00000012.png"]
    from PIL import Image

    with Image.open(run_path / "samples" / names[0]) as grid:
        assert grid.size == (3 * 4 + 2 * 2, 2 * 4 + 2)  # a column per class, whole rows
    assert list((run_path / "logs").glob("events.*"))


def test_sampling_does_not_change_the_training(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    go(toy, pictures, quick, tmp_path / "without")
    settings = {"sample_every": 2, "evaluate_every": 3, "checkpoint_every": 5, "log_every": 1}
    go(toy, pictures, changed(quick, training=settings), tmp_path / "with")
    weights = []
    for name in ("without", "with"):
        latest = CheckpointStore(tmp_path / name / "checkpoints", 1).read_latest()
        assert latest is not None
        weights.append(latest.tensors["trainer"]["model.head.weight"])
    assert torch.equal(*weights)


def test_a_second_run_in_the_folder_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    go(toy, pictures, quick, run_path)
    with pytest.raises(TrainingError, match=r"already holds a run.*--resume"):
        go(toy, pictures, quick, run_path)


def test_a_folder_with_other_files_is_refused(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(TrainingError, match="new or empty folder"):
        go(toy, pictures, quick, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_resuming_what_is_no_run_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    with pytest.raises(TrainingError, match="no run to resume"):
        go(toy, pictures, quick, run_path, resume=True)


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"training": {"learning_rate": 0.5}}, r"training\.learning_rate: 0\.001 → 0\.5"),
        ({"model": {"hidden": 9}}, r"model\.hidden: 8 → 9"),
        ({"trainer": {"noise": 0.2}}, r"trainer\.noise: 0\.1 → 0\.2"),
        ({"conditioner": {"width": 7}}, r"conditioner\.width: 6 → 7"),
    ],
)
def test_resuming_with_other_settings_names_what_differs(
    toy: str, pictures: PictureData, quick: Config, run_path: Path, tables: Config, named: str
) -> None:
    go(toy, pictures, quick, run_path)
    with pytest.raises(TrainingError, match=named):
        go(toy, pictures, changed(quick, **tables), run_path, resume=True)


def test_resuming_another_architecture_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    go(toy, pictures, quick, run_path)
    record = json.loads((run_path / "run.json").read_text())
    (run_path / "run.json").write_text(json.dumps(record | {"architecture": "vae"}))
    with pytest.raises(TrainingError, match=r"architecture 'vae'.*'toy'"):
        go(toy, pictures, {}, run_path, resume=True)


def test_resuming_on_other_pictures_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    go(toy, pictures, quick, run_path)
    other = PictureData(
        images=pictures.images.flip(3), labels=pictures.labels, class_names=pictures.class_names
    )
    with pytest.raises(TrainingError, match="data: other pictures"):
        go(toy, other, quick, run_path, resume=True)


def test_a_finished_run_goes_on_when_it_is_given_more_steps(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    quick["training"]["schedule"] = "constant"
    go(toy, pictures, quick, run_path)
    run = go(toy, pictures, {"training": {"steps": 16}}, run_path, resume=True)
    assert run.steps == 16
    assert run.finished


def test_a_nan_loss_stops_with_the_step_and_the_last_good_checkpoint(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = changed(quick, trainer={"fail_at": 9})
    with pytest.raises(TrainingError, match=r"'denoise' is nan at step 9; .*step-00000008"):
        go(toy, pictures, config, run_path)
    assert CheckpointStore(run_path / "checkpoints", 9).steps() == [4, 8]
    model = from_pretrained(run_path / "model")
    assert all(tensor.isfinite().all() for tensor in model.state_dict().values())


def test_sick_weights_are_never_saved(
    toy: str, pictures: PictureData, quick: Config, run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmgen_toys import ToyTrainer  # type: ignore[import-not-found]

    def poison(trainer: Any, step: int) -> None:
        if step == 10:
            torch.nn.init.constant_(trainer.model.head.bias, float("inf"))

    monkeypatch.setattr(ToyTrainer, "count", poison)
    monkeypatch.setattr("mmgen.training.losses.LossLog._refuse_nan", lambda *_: None)
    with pytest.raises(TrainingError, match=r"weights are NaN or infinite after step 12"):
        go(toy, pictures, quick, run_path)
    assert CheckpointStore(run_path / "checkpoints", 9).steps() == [4, 8]


def test_running_out_of_memory_says_the_batch_size_to_try(
    toy: str, pictures: PictureData, quick: Config, run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmgen_toys import ToyTrainer

    def greedy(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ToyTrainer, "loss", greedy)
    with pytest.raises(OutOfMemoryError, match=r"batch_size=4"):
        go(toy, pictures, quick, run_path)


def test_fine_tuning_starts_from_the_models_weights(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    first = go(toy, pictures, quick, tmp_path / "first")
    plain = {"training": {**quick["training"], "steps": 1, "learning_rate": 0.0}}
    run = go(toy, pictures, plain, tmp_path / "second", from_model=first.folder)
    before, after = first.load().state_dict(), run.load().state_dict()
    assert torch.equal(before["head.weight"], after["head.weight"])
    assert run.load().conditioner.slot_names == ("label",)  # type: ignore[union-attr]


def told(model: Any, count: int = 3000) -> list[float]:
    """Return how often a model of labels draws each class where nothing is given."""
    nothing = model.encode_conditions({}, count)
    found = model.conditioner.draw_examples(nothing, CounterNoise(0, range(count)))
    classes = list(model.slots[0].classes)
    asked = model.semantic_condition({"label": classes}, len(classes))
    same = (found.pooled[:, None] - asked.pooled).abs().amax(dim=2) < 1e-5
    return same.float().mean(dim=0).tolist()


def test_a_generator_keeps_conditions_of_its_training_rows(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    assert pictures.labels is not None
    uneven = pictures.select(torch.cat([torch.arange(len(pictures)),
                                        pictures.labels.eq(0).nonzero()[:, 0]]))  # fmt: skip
    config = {**quick, "conditioner": {"num_examples": 40}}
    run = go(toy, uneven, config, tmp_path / "run")
    assert uneven.labels is not None
    shares = uneven.labels.bincount() / len(uneven)
    assert told(run.load()) == pytest.approx(shares.tolist(), abs=0.1)


def test_fine_tuning_keeps_conditions_of_the_new_rows(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    assert pictures.labels is not None
    first = go(toy, pictures, quick, tmp_path / "first")
    of_zero = pictures.select(pictures.labels.eq(0).nonzero()[:, 0].repeat(4))
    plain = {"training": quick["training"]}
    asked = {**plain, "conditioner": {"num_examples": 6}}
    second = go(toy, of_zero, asked, tmp_path / "second", from_model=first.folder)
    assert told(second.load())[0] == 1
    third = go(toy, pictures, plain, tmp_path / "third", from_model=second.folder)
    assert told(third.load())[0] < 0.9


def test_what_is_published_of_a_run_says_no_path_of_this_machine(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    sounds, files = tmp_path / "recordings/spoken-digits", ("captions.toml", "withheld.txt")
    sounds.mkdir(parents=True)
    for name in files:
        (tmp_path / name).touch()
    first = go(toy, pictures, quick, tmp_path / "first")
    paths = {"sounds": sounds, "base": tmp_path / "recordings", "captions": tmp_path / files[0],
             "withheld": tmp_path / files[1]}  # fmt: skip
    config = {
        "training": {**quick["training"], "steps": 1},
        "data": {name: str(path) for name, path in paths.items()},
    }
    run = go(toy, pictures, config, tmp_path / "second", from_model=first.model_folder)
    text = (run.model_folder / "training.json").read_text()
    assert str(tmp_path) not in text
    record = json.loads(text)
    assert record["from_model"] == "first"
    data = record["config"]["data"]
    assert {name: data[name] for name in paths} == {
        "sounds": "spoken-digits",
        "base": "recordings",
        "captions": "captions.toml",
        "withheld": "withheld.txt",
    }
    assert data["text_column"] is None
    own = json.loads((run.folder / "run.json").read_text())  # by which the run is resumed
    assert own["from_model"] == str(first.model_folder)
    assert own["config"]["data"]["sounds"] == str(sounds)


def test_fine_tuning_starts_from_a_folder_beside_one(
    toy: str,
    pictures: PictureData,
    quick: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go(toy, pictures, quick, tmp_path / "first").load().save(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    plain = {"training": {**quick["training"], "steps": 1}}
    assert go(toy, pictures, plain, tmp_path / "second", from_model="./model").load()


def test_fine_tuning_refuses_another_config_and_unknown_classes(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    first = go(toy, pictures, quick, tmp_path / "first")
    plain = {"training": quick["training"]}
    with pytest.raises(TrainingError, match="hidden is 8, not 5"):
        go(
            toy,
            pictures,
            {**plain, "model": {"hidden": 5}},
            tmp_path / "a",
            from_model=first.folder,
        )
    other = PictureData(
        images=pictures.images, labels=pictures.labels, class_names=("low", "mid", "sky")
    )
    with pytest.raises(DataError, match="'sky'"):
        go(toy, other, plain, tmp_path / "b", from_model=first.folder)
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


def test_a_condition_that_the_data_lacks_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = {**quick, "conditions": {"text": {"encoder": "label-embedding"}}}
    with pytest.raises(DataError, match=r"needs a column 'text'; stripes has label"):
        go(toy, pictures, config, run_path)
    assert not run_path.exists()


def test_pictures_of_another_size_than_the_models_are_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    with pytest.raises(DataError, match=r"5×4 grey.*4×4"):
        go(toy, pictures, {**quick, "model": {"width": 5}}, run_path)


def test_balance_needs_labels(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    bare = PictureData(images=pictures.images, name="bare")
    config = {**changed(quick, training={"balance": 0.5}), "conditions": {}}
    with pytest.raises(DataError, match=r"balance needs labels; bare has none"):
        go(toy, bare, config, run_path)
    assert not run_path.exists()


def test_a_trainer_that_refuses_its_options_leaves_no_run(
    toy: str, pictures: PictureData, quick: Config, run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OptionError("not with this model")

    monkeypatch.setattr("mmgen_toys.ToyTrainer.__init__", refuse)
    with pytest.raises(OptionError, match="not with this model"):
        go(toy, pictures, quick, run_path)
    assert not run_path.exists()


def test_a_device_that_is_not_there_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = changed(quick, training={"device": "cuda:77"})
    with pytest.raises(TrainingError, match="'cuda:77' cannot be used here"):
        go(toy, pictures, config, run_path)


def test_a_batch_that_cannot_be_cut_is_refused(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    with pytest.raises(OptionError, match="'accumulate' must divide"):
        go(toy, pictures, changed(quick, training={"accumulate": 3}), run_path)


def test_training_leaves_the_callers_random_numbers_alone(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    go(toy, pictures, quick, run_path)
    assert torch.equal(torch.rand(2), expected)


def test_a_last_fit_on_pictures_in_memory_takes_a_part_of_those_held_out(
    toy: str, pictures: PictureData, quick: Config, run_path: Path
) -> None:
    config = changed(quick, data={"held_out": 0.5, "train_on_valid": 0.6})
    go(toy, pictures, config, run_path)
    record = json.loads((run_path / "run.json").read_text())["data"]
    assert (record["num_train"], record["num_held_out"]) == (48, 12)
