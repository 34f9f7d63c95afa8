"""Who may read and write what."""

from dataclasses import asdict, dataclass
from typing import Literal

Role = Literal["read", "write"]


@dataclass(frozen=True)
class Token:
    """A secret that speaks for a user.

    The user owns the namespace of its own name, and those of its organizations; a token of role
    "read" sees what the user sees and changes nothing.
    """

    value: str
    role: Role
    user: str
    orgs: tuple[str, ...]

    def owns(self, namespace: str) -> bool:
        return namespace == self.user or namespace in self.orgs

    def to_dict(self) -> dict[str, object]:
        return asdict(self)
