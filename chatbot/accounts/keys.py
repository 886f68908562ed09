"""API keys: `fm_<prefix>_<secret>`, made once, shown once, kept as a digest.

A key is looked up by the digest of the whole of it, so nothing can be learned from timing or from a prefix that two
keys share (faults.md B27). It is read from the database at every request: a revoked key is refused by every worker
from the next request on (B24). No expired key comes back when the clock jumps back (S11, `latest.py`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine, RowMapping, insert, select, update

from chatbot.accounts import latest
from chatbot.accounts.principal import A_MINUTE, Principal, Role
from chatbot.accounts.seal import Seal, same
from chatbot.accounts.tables import KEYS
from chatbot.accounts.transactions import note, reading, writing
from chatbot.database import new_id, now
from chatbot.errors import InvalidInput, NotFound

SHAPE = re.compile(r"fm_([a-z2-9]{8})_[A-Za-z0-9_-]{43}")
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Of prefixes: nothing that looks like something else when it is read aloud."""
LIFETIME = timedelta(days=365)
LONGEST_NAME = 100
State = Literal["active", "not yet valid", "expired", "revoked", "of another SECRET_KEY"]


@dataclass(frozen=True, slots=True)
class Key:
    """What may be told of a key."""

    id: str
    prefix: str
    name: str
    role: Role
    per_minute: int
    state: State
    created_at: datetime
    valid_from: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `secret` is the whole key; nobody can read it again."""

    secret: str
    key: Key

    def __repr__(self) -> str:
        return f"NewKey({self.key.prefix})"


class Keys:
    """Makes, reads and revokes keys. Every method may raise LedgerUnavailable: the database does not answer."""

    def __init__(self, engine: Engine, seal: Seal, clock: Callable[[], datetime] = now) -> None:
        self._engine = engine
        self._seal = seal
        self._now = clock

    def create(self, name: str, role: Role, *, expires_at: datetime | None, valid_from: datetime | None = None,
               per_minute: int = A_MINUTE) -> NewKey:
        """Make a key. Raises InvalidInput when it could never be used."""
        at = self._now()
        starts = valid_from or at
        self._check(name, starts, expires_at, per_minute)
        prefix = "".join(secrets.choice(ALPHABET) for _ in range(8))
        secret = f"fm_{prefix}_{secrets.token_urlsafe(32)}"
        values: dict[str, Any] = {
            "id": new_id(), "prefix": prefix, "digest": self._seal.digest(secret), "pepper": self._seal.mark,
            "name": name, "role": role, "per_minute": per_minute, "created_at": at, "valid_from": starts,
            "expires_at": expires_at}
        with writing(self._engine) as connection:
            connection.execute(insert(KEYS).values(**values))
        return NewKey(secret, self._key({**values, "revoked_at": None, "last_used_at": None}, at))

    def principal_of(self, secret: str) -> Principal | None:
        """Whose key this is, when it may be used now; None otherwise."""
        if not SHAPE.fullmatch(secret):
            return None
        digest = self._seal.digest(secret)
        with reading(self._engine) as connection:
            row = connection.execute(
                select(KEYS, latest.stored().label("seen_at")).where(KEYS.c.digest == digest)).mappings().first()
        if row is None or not same(row["digest"], digest):
            return None
        read_at = self._now()
        at = latest.moment(row["seen_at"], read_at)
        state = self._state(row, at)
        if state == "expired" and row["revoked_at"] is None:
            self._note(row, revoked_at=at)
        if state != "active":
            return None
        if latest.is_stale(row["last_used_at"], read_at) or latest.is_stale(row["seen_at"], read_at):
            self._note(row, last_used_at=read_at)
        return Principal(row["id"], row["role"], row["prefix"], row["per_minute"])

    def all(self) -> list[Key]:
        """Every key that was ever made, oldest first."""
        with reading(self._engine) as connection:
            at = latest.read(connection, self._now())
            return [self._key(row, at) for row in connection.execute(select(KEYS).order_by(KEYS.c.id)).mappings()]

    def revoke(self, prefix: str) -> Key:
        """End a key for good, by its prefix or id. Raises NotFound."""
        with writing(self._engine) as connection:
            row = connection.execute(
                select(KEYS).where((KEYS.c.prefix == prefix) | (KEYS.c.id == prefix))).mappings().first()
            if row is None:
                raise NotFound("There is no key with this prefix.", remedy="`flask keys list` shows every prefix.")
            at = row["revoked_at"] or self._now()
            connection.execute(update(KEYS).where(KEYS.c.id == row["id"]).values(revoked_at=at))
        return self._key({**row, "revoked_at": at}, at)

    def trust_clock(self) -> datetime:
        """Judge expiry by this machine's clock again, after it ran ahead by mistake and was mended; what it says."""
        at = self._now()
        with writing(self._engine) as connection:
            connection.execute(latest.trusted(at))
        return at

    def _check(self, name: str, starts: datetime, expires_at: datetime | None, per_minute: int) -> None:
        if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
            raise InvalidInput(f"A key needs a name of 1 to {LONGEST_NAME} printable characters.", field="name")
        if per_minute < 1:
            raise InvalidInput("A key needs at least one request a minute.", field="per_minute")
        if expires_at is None:
            return
        with reading(self._engine) as connection:
            at = latest.read(connection, self._now())
        if expires_at <= max(at, starts):
            raise InvalidInput(
                f"The key would be expired at once: the latest time seen here is {at:%Y-%m-%d %H:%M} UTC.",
                field="expires_at", remedy="If this machine's clock once ran ahead: `flask keys trust-clock`.")

    def _state(self, row: RowMapping | dict[str, Any], at: datetime) -> State:
        if row["revoked_at"] is not None:
            return "expired" if row["expires_at"] and row["expires_at"] <= row["revoked_at"] else "revoked"
        if row["expires_at"] is not None and row["expires_at"] <= at:
            return "expired"
        if not same(row["pepper"], self._seal.mark):
            return "of another SECRET_KEY"
        return "active" if row["valid_from"] <= at else "not yet valid"

    def _key(self, row: RowMapping | dict[str, Any], at: datetime) -> Key:
        shown = ("id", "prefix", "name", "role", "per_minute", "created_at", "valid_from", "expires_at", "revoked_at",
                 "last_used_at")
        return Key(state=self._state(row, at), **{name: row[name] for name in shown})

    def _note(self, row: RowMapping, **values: datetime) -> None:
        note(self._engine, latest.advanced(self._now()), update(KEYS).where(KEYS.c.id == row["id"]).values(**values))
