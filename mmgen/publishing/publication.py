"""From a trained model to a repository that anyone can pull: checked, in one commit, read back."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmgen.catalogue import FigureEntry, ModelEntry
from mmgen.catalogue import catalogue as current_catalogue
from mmgen.errors import ConflictError, InputError, UnknownNameError
from mmgen.hub.locate import ModelFiles, verify
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.model import Model, Origin
from mmgen.pretrained.folder import load_folder
from mmgen.publishing.card import (
    BADGE_NAME,
    CARD_NAME,
    SAMPLES_NAME,
    UNKNOWN_LICENCE,
    CardFacts,
    read_card,
    stated_licence,
    write_card,
)
from mmgen.publishing.entry import (
    describe_model,
    read_training,
    training_dataset,
    training_figures,
)
from mmgen.publishing.move import Move, make_move, plan_move
from mmgen.publishing.samples import draw_samples
from mmgen.publishing.staging import stage
from mmgen.publishing.upload import Change, Standing, Upload, compare


@dataclass(frozen=True, kw_only=True)
class About:
    """What only the publisher knows of a model. Empty: what the catalogue or the run says.

    Attributes:
        summary: one line.
        dataset: what it was trained on, in words.
        licence: of the weights; an SPDX name.
        figures: measured ones.
        conditions: for the sample picture, values by slot.
        badge: what `mmgen plugins check --badge` wrote of the model's plugin; None: none.
    """

    summary: str = ""
    dataset: str = ""
    licence: str = ""
    figures: Sequence[FigureEntry] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    badge: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What was published, or would be.

    Attributes:
        commit: 40 hex digits; "" after a dry run.
        url: where people look at it.
        changes: of every file, against what the repository held.
        card: the text of the model card.
        entry: for the catalogue: repo, revision, files, and all the rest.
        move: what was changed in the catalogue, or would be; None where that was not asked for.
    """

    repo: str
    commit: str
    url: str
    changes: tuple[Change, ...]
    card: str
    entry: dict[str, Any]
    move: Move | None = None


def publish(
    source: str | Path | Model,
    to: str,
    *,
    private: bool = False,
    revision: str | None = None,
    tag: str | None = None,
    dry_run: bool = False,
    catalogue: bool = False,
    about: About | None = None,
) -> Publication:
    """Publish a model on the Hub, in one commit.

    The folder must load, and a generator must draw its sample picture, before anything is sent.
    The commit is guarded by its parent: where somebody else published in between, nothing is
    changed. What the Hub says of the new commit's files is compared with what was sent.

    Args:
        source: a training run, a folder, a zoo name, a repository, or a model in memory; one that
            is still what was loaded takes the record of its training along.
        to: "org/name"; it is made where it does not exist.
        private: make it private, where it is made.
        revision: a branch to publish on; it is made where it does not exist.
        tag: a name for the new commit, as "v1".
        dry_run: stop before anything is sent.
        catalogue: write the entry into the registry.toml of the plugin that brings the family,
            rebuild the zoo's index, and remove the copy of the weights in the plugin's package.
        about: what the card says beside what is known.

    Raises:
        InputError: `to` is no repository's name, the sample picture needs conditions, the badge
            is none, or there is no registry.toml to write into.
        ModelFileError: the folder does not load.
        ConflictError: somebody published in between, or the tag stands already.
        HubError: the Hub refused.
    """
    about = about or About()
    if to.count("/") != 1 or not all(to.split("/")):
        raise InputError(f"a repository is named org/name; got {to!r}")
    badge = None if about.badge is None else _read_badge(about.badge)
    upload = Upload(to, revision=revision)
    with tempfile.TemporaryDirectory(prefix="mmgen-publish-") as temporary:
        staged = Path(temporary) / "model"
        files = stage(source, staged)
        known = _entry_of(files) if files else None
        model = load_folder(staged)
        hashes = verify(ModelFiles(name=to, folder=staged, source="hub"))
        model.origin = Origin(name=to, source="hub", sha256=hashes)  # where the recipe finds it
        name = known.name if known else to.partition("/")[2]
        move = plan_move(model.identity.family, name) if catalogue else None
        own_card = read_card(staged / CARD_NAME)
        samples = None
        if isinstance(model, Generator):
            samples = draw_samples(model, about.conditions)
        standing = upload.look()
        card = own_card or upload.standing_card(standing) or _source_card(files)
        has_badge = badge is not None or any(f.path == BADGE_NAME for f in standing.files)
        facts = _facts(model, staged, to, about, known, stated_licence(card), has_badge=has_badge)
        card = write_card(facts, card)
        (staged / CARD_NAME).write_text(card, encoding="utf-8")
        if badge is not None:
            (staged / BADGE_NAME).write_bytes(badge)
        if samples is not None:
            samples.save(staged / SAMPLES_NAME, force=True)
        changes = tuple(compare(staged, standing.files))
        tagged = _check_tag(upload, tag, standing, changes)
        commit = "" if dry_run else upload.send(staged, standing, private=private)
        if commit and tag and not tagged:
            upload.tag(tag, commit)
    entry = {
        "name": name,
        "summary": facts.summary,
        "data": facts.dataset,
        "licence": dict(facts.licence),
        **facts.entry,
        "repo": to,
        "revision": commit,
        "figures": [_figure(figure) for figure in facts.figures],
    }
    if move is not None and commit:
        make_move(move, entry)
    return Publication(
        repo=to,
        commit=commit,
        url=upload.url,
        changes=changes,
        card=card,
        entry=entry,
        move=move,
    )


def _read_badge(path: Path) -> bytes:
    """Return the badge's file.

    Raises:
        InputError: it cannot be read, or `mmgen plugins check --badge` did not write it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"the badge {path} cannot be read: {error.strerror or error}") from error
    if not content.startswith(b"<svg ") or b"<title>mmgen contract: " not in content:
        raise InputError(
            f"{path} is no badge; mmgen plugins check PLUGIN --badge contract.svg writes one"
        )
    return content


def _check_tag(
    upload: Upload, tag: str | None, standing: Standing, changes: Sequence[Change]
) -> bool:
    """Return whether the tag names what stands, and nothing changes.

    Raises:
        ConflictError: it names another commit; a tag never moves.
    """
    named = upload.find_tag(tag) if tag else None
    if named is None:
        return False
    if named == standing.commit and all(change.what == "kept" for change in changes):
        return True
    raise ConflictError(
        f"{upload.repo!r} has a tag {tag!r} already ({named[:12]}), and a tag never moves; "
        "nothing was sent: choose another tag"
    )


def _figure(figure: FigureEntry) -> dict[str, Any]:
    return {key: value for key, value in asdict(figure).items() if value not in ("", None)}


def _source_card(files: ModelFiles | None) -> str | None:
    """Return the card of a model that is on the Hub already."""
    if files is None or not files.repo:
        return None
    source = Upload(files.repo, revision=files.revision)
    return source.standing_card(source.look())


def _entry_of(files: ModelFiles) -> ModelEntry | None:
    try:
        return current_catalogue().find(files.name)
    except UnknownNameError:
        return None


def _facts(
    model: Model,
    folder: Path,
    repo: str,
    about: About,
    known: ModelEntry | None,
    standing_licence: str,
    *,
    has_badge: bool,
) -> CardFacts:
    training = read_training(folder)
    entry = describe_model(model, folder)
    licence = dict(known.licence) if known else {"weights": standing_licence or UNKNOWN_LICENCE}
    if about.licence:
        licence["weights"] = about.licence
    dataset = about.dataset or (known.data if known else training_dataset(training))
    summary = about.summary or (known.summary if known else f"a {entry['architecture']} of mmgen")
    measured = known.figures if known else training_figures(training)
    return CardFacts(
        repo=repo,
        summary=summary,
        plugin=model.identity.distribution,
        entry=entry,
        licence=licence,
        dataset=dataset,
        figures=tuple(about.figures) or measured,
        training=training,
        conditions=about.conditions,
        has_samples=isinstance(model, Generator),
        has_badge=has_badge,
    )
