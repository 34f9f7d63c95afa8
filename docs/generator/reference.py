"""The Python reference: the public names of mmgen, in the order in which one meets them."""

import mmgen

_PAGES = {
    "models": (
        "Models and pictures",
        "Load a model, draw, look at what moved a picture, publish.",
        ("from_pretrained", "list_models", "Model", "Generator", "Encoder", "Samples"),
        ("LogLikelihood", "explain", "walk", "publish"),
    ),
    "conditions": (
        "Conditions and noise",
        "What a network gets: what was asked for, and numbers that depend on the picture alone.",
        ("Condition", "Conditioner", "Embedding", "Noise", "Slot", "Size"),
    ),
    "training": (
        "Training",
        "How a family says how it learns.",
        ("Trainer", "Stage", "Phase"),
    ),
    "plugins": (
        "Plugins",
        "What a plugin registers. `mmgen.hookimpl` marks the functions that are its [hooks]"
        "(../hooks/index.md).",
        ("Family", "Architecture", "Paper", "Options", "option"),
        ("Modality", "DatasetSource", "Metric", "Format"),
    ),
    "errors": (
        "Errors",
        "Everything that mmgen raises on purpose is a `MmgenError`.",
        ("errors",),
    ),
}


def pages() -> dict[str, str]:
    """Return path -> Markdown.

    Raises:
        ValueError: a public name is on no page, or on several.
    """
    placed = sorted(name for _, _, *groups in _PAGES.values() for group in groups for name in group)
    if placed != sorted(set(mmgen.__all__) - {"__version__", "hookimpl", "MmgenError"}):
        raise ValueError(f"the reference and mmgen.__all__ differ: {placed}")
    found = {f"reference/{path}.md": _page(*page) for path, page in _PAGES.items()}
    found["reference/index.md"] = "# Python\n\n" + "\n".join(
        f"- [{title}]({path}.md): {about}" for path, (title, about, *_) in _PAGES.items()
    )
    return found


def _page(title: str, about: str, *groups: tuple[str, ...]) -> str:
    names = [name for group in groups for name in group]
    return "\n\n".join([f"# {title}", about, *map(_entry, names)])


def _entry(name: str) -> str:
    """Return where a name is documented: at its definition."""
    value = getattr(mmgen, name)
    module = getattr(value, "__module__", None)
    path = f"{module}.{name}" if module else value.__name__
    shown = f"mmgen.{name}"
    return f"::: {path}\n    options:\n      heading: {shown}\n      toc_label: {shown}"
