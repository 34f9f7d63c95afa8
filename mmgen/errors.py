"""What can go wrong, in words.

Every error states the rule, what was got and what to do. The command line prints the message
alone and exits with `exit_code`; from Python the class says what kind of trouble it is.
"""

from collections.abc import Iterable


class MmgenError(Exception):
    """The root of all errors that mmgen raises on purpose."""

    exit_code = 1


class MmgenWarning(UserWarning):
    """Something that was mended, or that is not as one might think; the work goes on."""


class MmgenDeprecationWarning(MmgenWarning, FutureWarning):
    """Something that goes in a later version, as `mmgen.deprecation` says; users see it."""


class UnknownNameError(MmgenError):
    """A model, family, metric, … that nobody has registered."""


class AmbiguousNameError(MmgenError):
    """A name that two plugins bring."""


class NotInstalledError(MmgenError):
    """A known thing whose distribution is missing; `command` installs it."""

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        self.command = command


class PluginError(MmgenError):
    """A plugin that broke a rule; the rest of mmgen goes on without it."""


class OptionError(MmgenError):
    """An option that is unknown, of the wrong type or out of its range."""


class UnsupportedConditionError(MmgenError):
    """A condition that the model does not answer."""


class UnsupportedOperationError(MmgenError):
    """Something that this model, format or device cannot do."""


class InputError(MmgenError):
    """A picture, mask, label, … handed in by the user that cannot be used."""


class DataError(MmgenError):
    """A data set that cannot be used."""


class ModelFileError(MmgenError):
    """A file of a saved model (config.json, *.safetensors) that is missing, foreign or damaged."""


class CorruptFileError(ModelFileError):
    """A file that is not, bit for bit, the one that was published or pinned."""


class HubError(MmgenError):
    """Something that the Hub refused, or could not give."""


class RepositoryNotFoundError(HubError):
    """No such repository, or a private one that the token does not open."""


class RevisionNotFoundError(HubError):
    """The repository has no such branch, tag or commit."""


class GatedRepositoryError(HubError):
    """A repository whose owner grants access person by person."""


class TokenError(HubError):
    """A token that is missing, wrong, or lacks the right that is needed."""


class OfflineError(HubError):
    """Not in the cache, and the Hub cannot be reached."""


class ConflictError(HubError):
    """Somebody else published in between; nothing was changed."""


class LockError(MmgenError):
    """A mmgen.lock that cannot be read, or that what was asked for contradicts."""


class OutputError(MmgenError):
    """A result that could not be written; nothing half-written is left."""


class TrainingError(MmgenError):
    """A training that cannot start, go on or resume."""


class OutOfMemoryError(MmgenError):
    """The device's memory did not suffice."""


_LONGEST_WORD = 100


def shown(value: object) -> str:
    """Return a value as an error shows it: `repr`, cut to a hundred characters."""
    text = repr(value[:_LONGEST_WORD] if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_WORD else text[: _LONGEST_WORD - 1] + "…"


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest of `words`, or those about as near, or ""."""
    from difflib import SequenceMatcher, get_close_matches

    if len(word) > _LONGEST_WORD:  # to compare takes the square of its length
        return ""
    known = {name.lower(): name for name in words}
    near = get_close_matches(word.lower(), known, n=3, cutoff=0.6)
    if not near:
        return ""
    alike = {name: SequenceMatcher(None, name, word.lower()).ratio() for name in near}
    near = [name for name in near if alike[name] > alike[near[0]] - 0.1]
    return "; did you mean " + " or ".join(repr(known[name]) for name in near) + "?"
