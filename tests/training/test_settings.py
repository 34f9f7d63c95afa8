"""Run files, `--set`, and the tables they fill."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmgen.errors import InputError, OptionError, UnknownNameError
from mmgen.training import (
    apply_assignments,
    build_settings,
    locate,
    option_classes,
    read_run_file,
)

RUN_FILE = """
architecture = "toy"

[model]
hidden = 5

[training]
steps = 7
betas = [0.9, 0.99]

[conditions.label]
encoder = "label-embedding"
width = 3

[parts]
tokenizer = "some-model"
"""


def test_a_run_file_fills_the_tables_and_leaves_the_defaults(toy: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(RUN_FILE)
    settings = build_settings(toy, read_run_file(path))
    assert settings.model == {"hidden": 5}
    assert settings.training.steps == 7
    assert settings.training.betas == (0.9, 0.99)
    assert settings.training.batch_size == 128
    assert settings.conditions == {"label": {"encoder": "label-embedding", "width": 3}}
    assert settings.parts == {"tokenizer": "some-model"}


def test_a_missing_and_a_broken_run_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.toml' does not exist"):
        read_run_file(tmp_path / "nothing.toml")
    path = tmp_path / "broken.toml"
    path.write_text("[training\nsteps = 3")
    with pytest.raises(InputError, match=r"broken\.toml' cannot be read"):
        read_run_file(path)


def test_a_misspelt_table_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[trainig]\nsteps = 3")
    with pytest.raises(OptionError, match=r"\[trainig\]; did you mean .*'training'"):
        read_run_file(path)


def test_a_run_file_for_another_architecture_is_refused(toy: str) -> None:
    with pytest.raises(OptionError, match=r"'vae'.*'toy'"):
        build_settings(toy, {"architecture": "vae"})


@pytest.mark.parametrize(
    ("table", "setting", "guess"),
    [("training", "step", "steps"), ("model", "hiden", "hidden"), ("trainer", "nose", "noise")],
)
def test_a_misspelt_setting_is_guessed(toy: str, table: str, setting: str, guess: str) -> None:
    with pytest.raises(OptionError, match=f"did you mean .*'{guess}'"):
        build_settings(toy, {table: {setting: 3}})


def test_a_value_out_of_range_names_its_table(toy: str) -> None:
    with pytest.raises(OptionError, match=r"\[training\].*'batch_size'.*at least 1"):
        build_settings(toy, {"training": {"batch_size": 0}})


def test_a_condition_needs_an_encoder_or_a_model(toy: str) -> None:
    for values in ({}, {"encoder": "a", "model": "b"}):
        with pytest.raises(OptionError, match=r"\[conditions\.label\] needs either"):
            build_settings(toy, {"conditions": {"label": values}})


def test_a_bare_key_finds_its_table(toy: str) -> None:
    classes = option_classes(toy)
    assert locate("steps", classes) == ("training", "steps")
    assert locate("hidden", classes) == ("model", "hidden")
    assert locate("noise", classes) == ("trainer", "noise")
    assert locate("data.channels", classes) == ("data", "channels")
    assert locate("conditions.label.width", classes) == ("conditions", "label", "width")


def test_an_ambiguous_key_names_the_tables(toy: str) -> None:
    with pytest.raises(OptionError, match=r"model\.channels or data\.channels"):
        locate("channels", option_classes(toy))


@pytest.mark.parametrize(
    ("key", "guess"),
    [("stepps", "steps"), ("trainng.steps", "training"), ("training.stepps", "steps")],
)
def test_an_unknown_key_is_guessed(toy: str, key: str, guess: str) -> None:
    with pytest.raises(OptionError, match=f"did you mean .*'{guess}'"):
        locate(key, option_classes(toy))


def test_assignments_go_over_the_run_file_which_stays_as_it_was(toy: str) -> None:
    config: dict[str, Any] = {"training": {"steps": 3, "seed": 1}}
    result = apply_assignments(
        config, ["steps=5", "conditions.label.width=9", "precision = bf16"], toy
    )
    assert result["training"] == {"steps": "5", "seed": 1, "precision": "bf16"}
    assert result["conditions"] == {"label": {"width": "9"}}
    assert config == {"training": {"steps": 3, "seed": 1}}
    with pytest.raises(InputError, match="key=value"):
        apply_assignments(config, ["steps"], toy)


def test_an_unknown_architecture_is_an_error(toy: str) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*'toy'"):
        option_classes("toyy")


def test_importing_the_settings_of_loop_and_metrics_is_light() -> None:
    code = (
        "import sys, mmgen.training, mmgen.training.config, mmgen.metrics.options; "
        "print(sorted({'torch', 'numpy', 'accelerate', 'rich'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
