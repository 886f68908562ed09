"""Who asks: an id for the ledger, and a role. Roles are a ladder: an educator may what a learner may, and more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["learner", "educator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most."""
A_MINUTE = 60
"""Costly requests a minute that a principal may send, when nobody said otherwise."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who may ask for something."""

    id: str
    """ULID of an API key or of a person; `local` for whoever sits at a machine without keys. The ledger keeps it."""
    role: Role
    key_prefix: str = ""
    """The public part of an API key, to tell keys apart in a list; empty for a person."""
    per_minute: int = A_MINUTE
    """Costly requests a minute."""

    def may(self, needed: Role) -> bool:
        """Whether this role reaches up to `needed`."""
        return ROLES.index(self.role) >= ROLES.index(needed)


LOCAL = Principal("local", "admin")
"""Whoever sits at this machine, with AUTH=off."""
