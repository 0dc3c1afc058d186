"""A client: on whose behalf a request is made, what it may do, and what it is shown."""

from dataclasses import dataclass
from typing import Final, Literal

from service.register.audience import EVERYBODY, OFFICE, Audience

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
"""What a key may do, each including those before it. `admin` also reads how the mirrors are, and may change blindly."""


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever makes a request. `id` is that of the key, and empty without one."""

    id: str
    name: str
    scope: Scope
    audience: Audience

    def may(self, scope: Scope) -> bool:
        """Whether what this scope stands for is allowed."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)

    @property
    def is_admin(self) -> bool:
        return self.scope == "admin"


LOCAL: Final = Client("", "api", "admin", OFFICE)
"""Whoever is on this machine, where no key was ever made."""

READER: Final = Client("", "public", "read", EVERYBODY)
"""Whoever reads what is public, where that is open to all."""
