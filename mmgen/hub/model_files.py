"""Which files in a folder make a saved model."""

import json
from pathlib import Path

_MAX_CONFIG_BYTES = 2 * 2**20


def model_files(folder: Path) -> set[str]:
    """Return the paths, relative to a folder, of its configs, weights and assets.

    A config that cannot be read names no assets: whoever loads the model says what is wrong.
    """
    configs = sorted(folder.glob("**/config.json"))
    weights = [
        *folder.glob("**/*.safetensors"),
        *folder.glob("**/*.safetensors.index.json"),
    ]
    assets = [
        config.parent / name
        for config in configs
        for name in _assets(config)
        if name == Path(name).name and (config.parent / name).is_file()
    ]
    return {path.relative_to(folder).as_posix() for path in (*configs, *weights, *assets)}


def _assets(config: Path) -> list[str]:
    try:
        if config.stat().st_size > _MAX_CONFIG_BYTES:
            return []
        content = json.loads(config.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    names = content.get("assets") if isinstance(content, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
