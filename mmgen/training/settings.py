"""What a training is asked for: run files (TOML), `--set key=value`, and the tables they fill.

A run file has the tables [model], [trainer], [training], [data], [conditioner], one
[conditions.<slot>] per condition, and [parts]; `architecture` may stand on top. A `--set` names
a table ("training.steps=500"), or only the key where no two tables have it ("steps=500").
"""

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmgen.data.options import DataOptions
from mmgen.errors import InputError, OptionError, did_you_mean
from mmgen.options import Options, describe
from mmgen.plugins import manager
from mmgen.training.config import ConditionerConfig, TrainingConfig

TABLES = ("model", "trainer", "training", "data", "conditioner")
_FREE_TABLES = ("conditions", "parts")
_TOP = ("architecture",)

Config = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The checked settings of a training.

    Attributes:
        model: values for the architecture's config; what it needs of the data comes later.
        conditions: by slot: "encoder" (an architecture) or "model" (a trained one), and values
            for the encoder's config.
        parts: trained models by the name of the part.
    """

    architecture: str
    model: Config = field(default_factory=dict)
    trainer: Options = field(default_factory=Options)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    data: DataOptions = field(default_factory=DataOptions)
    conditioner: ConditionerConfig = field(default_factory=ConditionerConfig)
    conditions: dict[str, Config] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as tables, every default included."""
        return {
            "model": self.model,
            "trainer": self.trainer.to_dict(),
            "training": self.training.to_dict(),
            "data": self.data.to_dict(),
            "conditioner": self.conditioner.to_dict(),
            "conditions": self.conditions,
            "parts": self.parts,
        }


def read_run_file(path: str | Path) -> Config:
    """Read a run file; it may name the architecture on top.

    Raises:
        InputError: no such file, or it is not TOML.
        OptionError: a table that there is not.
    """
    try:
        config = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"the run file {str(path)!r} does not exist") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the run file {str(path)!r} cannot be read: {error}") from error
    check_tables(config)
    return config


def check_tables(config: Mapping[str, Any]) -> None:
    """Raise OptionError for a table that there is not, or a value where a table belongs."""
    known = (*TABLES, *_FREE_TABLES, *_TOP)
    for name, value in config.items():
        if name not in known:
            raise OptionError(
                f"unknown table [{name}]{did_you_mean(name, known)} "
                f"Tables: {', '.join((*TABLES, *_FREE_TABLES))}"
            )
        if name not in _TOP and not isinstance(value, Mapping):
            raise OptionError(f"[{name}] must be a table of settings; got {value!r}")


def option_classes(architecture: str) -> dict[str, type[Options]]:
    """Return the class that checks each table, for an architecture.

    Raises:
        UnknownNameError: no such architecture is installed.
    """
    _, _, found = manager().architecture(architecture)
    return {
        "model": found.config,
        "trainer": found.training or Options,
        "training": TrainingConfig,
        "data": DataOptions,
        "conditioner": ConditionerConfig,
    }


def apply_assignments(
    config: Mapping[str, Any], assignments: Iterable[str], architecture: str
) -> Config:
    """Return the config with `key=value` assignments, as `--set` gives them, put in.

    Raises:
        OptionError: a key that no table has, or that several have and that names none.
        InputError: an assignment without "=".
    """
    result = deepcopy(dict(config))
    classes = option_classes(architecture)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise InputError(f"--set takes key=value; got {assignment!r}")
        *path, name = locate(key.strip(), classes)
        table = result
        for part in path:
            table = table.setdefault(part, {})
        table[name] = value.strip()
    return result


def locate(key: str, classes: Mapping[str, type[Options]]) -> tuple[str, ...]:
    """Return the path of a setting, as ("training", "steps") for "steps".

    Raises:
        OptionError: no table has it, or several do and the key does not say which.
    """
    options = {table: [info.name for info in describe(cls)] for table, cls in classes.items()}
    table, dot, name = key.partition(".")
    if dot and table in _FREE_TABLES:
        return (table, *name.split("."))
    if dot:
        if table not in options:
            near = did_you_mean(table, (*options, *_FREE_TABLES))
            raise OptionError(f"unknown table {table!r} in {key!r}{near}")
        if name not in options[table]:
            raise OptionError(
                f"unknown setting {key!r}{did_you_mean(name, options[table])} "
                f"[{table}] has: {', '.join(options[table]) or 'none'}"
            )
        return table, name
    owners = [owner for owner, names in options.items() if key in names]
    if len(owners) > 1:
        choices = " or ".join(f"{owner}.{key}" for owner in owners)
        raise OptionError(f"several tables have a setting {key!r}; say {choices}")
    if not owners:
        every = [name for names in options.values() for name in names]
        raise OptionError(f"unknown setting {key!r}{did_you_mean(key, every)} See mmgen info")
    return owners[0], key


def build_settings(architecture: str, config: Mapping[str, Any]) -> Settings:
    """Check a config and fill in the defaults.

    Raises:
        OptionError: an unknown table or setting, or a value out of range; names the table.
    """
    check_tables(config)
    asked = config.get("architecture", architecture)
    if asked != architecture:
        raise OptionError(
            f"the run file is for architecture {asked!r}; {architecture!r} was asked for"
        )
    classes = option_classes(architecture)
    model = dict(config.get("model", {}))
    for name in model:
        locate(f"model.{name}", classes)
    built: dict[str, Any] = {
        table: build_table(table, classes[table], config.get(table, {}))
        for table in TABLES
        if table != "model"
    }
    conditions = {slot: dict(values) for slot, values in config.get("conditions", {}).items()}
    for slot, values in conditions.items():
        # `tuned` alone is of an encoder that the start of a fine-tuning has.
        if ("encoder" in values) == ("model" in values) and set(values) != {"tuned"}:
            raise OptionError(
                f'[conditions.{slot}] needs either encoder = "an architecture" or '
                f'model = "a trained encoder"; got {values or "nothing"}'
            )
    parts = dict(config.get("parts", {}))
    return Settings(architecture, model=model, conditions=conditions, parts=parts, **built)


def build_table(table: str, cls: type[Options], values: Mapping[str, Any]) -> Options:
    """Build the options of a table; an error says which table it is in."""
    try:
        return cls.build(values)
    except OptionError as error:
        raise OptionError(f"[{table}] {error}") from error
