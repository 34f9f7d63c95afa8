"""Networks of the library `transformers` that read text: from a config in JSON to a module."""

import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.errors import ModelFileError, NotInstalledError, shown
from mmgen.pretrained.strict_json import parse_json

COMMAND = "pip install 'mmgen-plugin-text[transformers]'"
_MAX_VALUES = 100_000
_MAX_BUFFER_BYTES = 64 * 2**20
_LEFT_OUT = frozenset(
    {
        "auto_map",  # code of a repository
        "attn_implementation",  # may name code of a repository, as may the next ones
        "experts_implementation",
        "fusion_config",
        "distributed_config",
        "transformers_weights",
        "dtype",
        "torch_dtype",
        "name_or_path",
        "output_attentions",
        "output_hidden_states",
        "return_dict",
        "torchscript",
        "id2label",
        "label2id",
    }
)


def library(module: str = "transformers") -> Any:
    """Return a module of `transformers`.

    Raises:
        NotInstalledError: it is missing; says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise NotInstalledError(
            f"transformers-text needs the library 'transformers': {error}; install it: {COMMAND}",
            command=COMMAND,
        ) from error


def read_config(text: str) -> Any:
    """Return the config of a text network from JSON; of CLIP as a whole, that of its text half.

    Raises:
        ModelFileError: it is damaged, of quantised weights, or of no network that reads text.
        NotInstalledError: `transformers` is missing.
    """
    try:
        data = parse_json(text.encode("utf-8"), max_values=_MAX_VALUES)
        if not isinstance(data, dict) or not isinstance(data.get("model_type"), str):
            raise ValueError("it has no 'model_type'")
    except ValueError as error:
        raise ModelFileError(f"this is no config of transformers: {error}") from error
    kind = data["model_type"]
    if data.get("quantization_config"):
        raise ModelFileError(
            f"its {kind!r} is quantised; take the repository that it was made from"
        )
    configs = library().CONFIG_MAPPING
    if kind not in configs:
        raise ModelFileError(
            f"the installed transformers {library().__version__} knows no {shown(kind)}; code of "
            "a repository is never run"
        )
    try:
        config = configs[kind].from_dict(_plain(data))
    except Exception as error:  # each class has checks of its own
        raise ModelFileError(f"this is no config of {kind!r}: {error}") from error
    for found in (config, getattr(config, "text_config", None)):
        if found is not None and _network_class(found) is not None:
            return found
    raise ModelFileError(
        f"{kind!r} has no text encoder that transformers names as one: take one of CLIP, T5, "
        "BERT or their like"
    )


def write_config(config: Any) -> str:
    """Return a config as JSON, without paths and without what names code."""
    return (
        json.dumps(
            _plain(json.loads(config.to_json_string(use_diff=False))), indent=2, sort_keys=True
        )
        + "\n"
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in data.items()
        if name not in _LEFT_OUT and (not name.startswith("_") or name[1:] not in _LEFT_OUT)
    }


def _network_class(config: Any) -> Any:
    """Return the class that encodes text by a config; None where there is none.

    It is what transformers lists for that; or a network that fills in words of masked texts.
    """
    auto = library("transformers.models.auto.modeling_auto")
    if type(config) in auto.MODEL_FOR_TEXT_ENCODING_MAPPING:
        return auto.MODEL_FOR_TEXT_ENCODING_MAPPING[type(config)]
    masked = type(config) in auto.MODEL_FOR_MASKED_LM_MAPPING
    if masked and not config.is_encoder_decoder and type(config) in auto.MODEL_MAPPING:
        return auto.MODEL_MAPPING[type(config)]
    return None


def _settings(network: Any) -> dict[str, Any]:
    """Return what a network's class is to be made with."""
    settings: dict[str, Any] = {
        "dtype": torch.float32,
        "attn_implementation": "sdpa" if network._supports_sdpa else "eager",
    }
    if "add_pooling_layer" in inspect.signature(network.__init__).parameters:
        settings["add_pooling_layer"] = False  # it has learned to tell following sentences
    return settings


def build_network(config: Any) -> nn.Module:
    """Return a new network; where tensors are made without storage, its buffers have values yet.

    Buffers that are not saved (places, rates of angles) are what the config says; in models that
    are built without storage they are computed here, as the library does when it loads weights.

    Raises:
        ModelFileError: its buffers are larger than any network's.
    """
    network = _network_class(config)
    found = network._from_config(config, **_settings(network))
    _compute_buffers(found)
    return found


def _compute_buffers(network: Any) -> None:
    left = [
        (module, name, buffer)
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if buffer.is_meta and name in module._non_persistent_buffers_set
    ]
    if sum(buffer.nbytes for *_, buffer in left) > _MAX_BUFFER_BYTES:
        raise ModelFileError("its config describes a network far larger than any that reads text")
    # The library computes what does not bear its mark.
    for item in (*network.parameters(), *network.buffers(), *network.modules()):
        item._is_hf_initialized = True
    for module, name, buffer in left:
        setattr(module, name, torch.zeros_like(buffer, device="cpu"))
        module._is_hf_initialized = False
    if left:
        with torch.device("cpu"):
            network.initialize_weights()


def load_network(config: Any, tensors: dict[str, Tensor]) -> nn.Module:
    """Return a network with weights by the names that they have in the library's files.

    Tensors of other parts, as of CLIP's eye or T5's decoder, are left out.

    Raises:
        ModelFileError: some are missing, or of other shapes.
    """
    network = _network_class(config)
    with torch.device("meta"):
        torch.empty(0)  # torch learns here what makes tensors, before the library changes that
    try:
        with _quiet():
            found, report = network.from_pretrained(
                None,
                config=config,
                state_dict=tensors,
                output_loading_info=True,
                local_files_only=True,
                **_settings(network),
            )
    except Exception as error:  # each network has checks of its own
        raise ModelFileError(f"these are no weights of {config.model_type!r}: {error}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelFileError(
            f"these weights lack {len(missing)} tensors of {config.model_type!r}, first "
            f"{missing[0]!r}"
        )
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from telling of parts that are left out, and from drawing bars."""
    logging = library("transformers.utils.logging")
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
