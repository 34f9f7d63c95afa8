"""Models of mmgen on the Hub, whoever published them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmgen.catalogue import catalogue
from mmgen.hub.client import translated
from mmgen.plugins import manager

_LIBRARY = "mmgen"


@dataclass(frozen=True, kw_only=True)
class FoundModel:
    """A repository on the Hub.

    Attributes:
        family: from its tags, or "".
        plugin: the distribution that brings the family, or "" where none is known.
        status: "installed", "not installed: <command>" or "unknown family".
    """

    repo: str
    task: str
    family: str
    plugin: str
    downloads: int
    likes: int
    status: str


def search_hub(words: Sequence[str], *, limit: int) -> list[FoundModel]:
    """Return the models of mmgen on the Hub whose name holds all words, the most used first.

    Raises:
        HubError: the Hub cannot be asked.
    """
    from huggingface_hub import HfApi

    try:  # without `ask`: the client itself tries a search again, for some seconds
        models = HfApi().list_models(
            filter=_LIBRARY, search=" ".join(words) or None, sort="downloads", limit=limit
        )
        return [
            _describe(item.id, item.pipeline_tag, item.tags, item.downloads, item.likes)
            for item in models
        ]
    except Exception as error:
        raise translated(error, "models of mmgen") from error


def _describe(
    repo: str, task: str | None, tags: list[str] | None, downloads: int | None, likes: int | None
) -> FoundModel:
    installed = {family.name: plugin.distribution for plugin, family in manager().families}
    known = {name: item["plugin"] for name, item in catalogue().index.families.items()} | installed
    family = next((tag for tag in tags or () if tag in known), "")
    plugin = known.get(family, "")
    if family in installed:
        status = "installed"
    else:
        status = f"not installed: pip install {plugin}" if plugin else "unknown family"
    return FoundModel(
        repo=repo,
        task=task or "",
        family=family,
        plugin=plugin,
        downloads=downloads or 0,
        likes=likes or 0,
        status=status,
    )
