"""Runs a request once for each idempotency key, and gives its answer again to whoever asks again.

A key is claimed by one INSERT, so that of any number of parallel requests, in any number of workers, one runs. The
answer is kept for a day, encrypted (Fernet) under a key made from SECRET_KEY and from the client's own key, which is
itself stored only as an HMAC: the database alone tells nothing. Without a SECRET_KEY the client's key alone protects
it, and nothing is lost over a restart. Draft: datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import now
from chatbot.usage.replay_tables import REPLAYS
from chatbot.usage.workers import LONGEST_CALL, is_alive, worker_name

KEPT_FOR = timedelta(hours=24)
MOST_LATE = 1_000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run a request, and to keep its answer under the key."""

    id: str
    key: bytes
    """Encrypts the answer."""
    subject: str = ""
    """Whose it is: HMAC of the principal."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """The same request runs already."""


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The key was used for another request."""


class Replays:
    """Claims keys and keeps answers. One per process; safe in threads."""

    def __init__(self, engine: Engine, secret_key: str) -> None:
        self._engine = engine
        self._secret = hmac.digest(secret_key.encode(), b"funza replays 1", hashlib.sha256)
        self._late: dict[Claim, Kept | None] = {}
        """Ends that the database could not take; in memory only, for they hold words."""

    def claim(self, *, principal: str, route: str, key: str, asked: bytes) -> Claim | Kept | InFlight | OtherRequest:
        """The right to run this request; or its answer when it ran before; or why neither.

        Args:
            principal: who asks; the same key of someone else is another key.
            route: method and rule of the route.
            key: what the client made.
            asked: method, path and body, to tell another request under the same key.

        Raises SQLAlchemyError: nothing is claimed.
        """
        self._catch_up()
        scope = f"{principal}\0{route}\0{key}".encode()
        claim = Claim(self._digest(b"id", scope).hex(), self._digest(b"seal", scope), self.subject(principal))
        fingerprint = self._digest(b"asked", asked).hex()
        with self._engine.begin() as connection:
            if _insert(connection, claim, fingerprint):
                return claim
            found = connection.execute(select(REPLAYS).where(REPLAYS.c.id == claim.id)).first()
            if found is None or _is_free(found):
                return claim if _take_over(connection, claim, fingerprint, found) else InFlight()
        if not hmac.compare_digest(found.fingerprint, fingerprint):
            return OtherRequest()
        return InFlight() if found.sealed is None else _open(claim, found.sealed)

    def finish(self, claim: Claim, answer: Kept | None) -> None:
        """Keep the answer of a claimed request; None lets the key go, for the request may be tried again.

        What the database cannot take now is tried again with the next claim.
        """
        try:
            self._write(claim, answer)
        except SQLAlchemyError as error:
            log.warning("answer_kept_late", kind=type(error).__name__)
            if len(self._late) < MOST_LATE:
                self._late[claim] = answer

    def subject(self, principal: str) -> str:
        """What stands for a principal in the rows."""
        return self._digest(b"subject", principal.encode()).hex()

    def _catch_up(self) -> None:
        for claim, answer in list(self._late.items()):
            self._write(claim, answer)
            self._late.pop(claim, None)

    def _write(self, claim: Claim, answer: Kept | None) -> None:
        with self._engine.begin() as connection:
            if answer is None:
                connection.execute(delete(REPLAYS).where(_mine(claim)))
            else:
                connection.execute(
                    update(REPLAYS).where(_mine(claim)).values(state="done", sealed=_seal(claim, answer)))

    def _digest(self, purpose: bytes, what: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + what, hashlib.sha256)


def forget_expired(engine: Engine) -> int:
    """Delete what is older than a day. Returns how many keys that were. Raises SQLAlchemyError."""
    with engine.begin() as connection:
        return connection.execute(delete(REPLAYS).where(REPLAYS.c.expires_at < now())).rowcount


def _insert(connection: Connection, claim: Claim, fingerprint: str) -> bool:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"id": claim.id, "subject": claim.subject, **_running(fingerprint)}
    new = dialect.insert(REPLAYS).values(row).on_conflict_do_nothing()
    return connection.scalar(new.returning(REPLAYS.c.id)) is not None  # an INSERT's rowcount is not kept everywhere


def _running(fingerprint: str) -> dict[str, Any]:
    at = now()
    return {"fingerprint": fingerprint, "state": "running", "worker": worker_name(), "started_at": at,
            "expires_at": at + KEPT_FOR, "sealed": None}


def _is_free(found: Row[Any]) -> bool:
    """Whether a key that is there may be claimed anew: it expired, or who ran it is dead."""
    if found.expires_at < now():
        return True
    if found.state == "done":
        return False
    alive = is_alive(found.worker)
    return alive is False or (alive is None and found.started_at < now() - LONGEST_CALL)


def _take_over(connection: Connection, claim: Claim, fingerprint: str, found: Row[Any] | None) -> bool:
    """Claim a free key, unless somebody else was faster."""
    if found is None:
        return _insert(connection, claim, fingerprint)
    unchanged = and_(REPLAYS.c.id == claim.id, REPLAYS.c.worker == found.worker,
                     REPLAYS.c.started_at == found.started_at)
    return connection.execute(update(REPLAYS).where(unchanged).values(_running(fingerprint))).rowcount == 1


def _mine(claim: Claim) -> ColumnElement[bool]:
    return and_(REPLAYS.c.id == claim.id, REPLAYS.c.state == "running", REPLAYS.c.worker == worker_name())


def _seal(claim: Claim, answer: Kept) -> bytes:
    head = json.dumps([answer.status, dict(answer.headers)]).encode()
    return _fernet(claim).encrypt(head + b"\n" + answer.body)


def _open(claim: Claim, sealed: bytes) -> Kept | OtherRequest:
    try:
        head, _, body = _fernet(claim).decrypt(sealed).partition(b"\n")
    except InvalidToken:
        return OtherRequest()  # a row that somebody changed by hand
    status, headers = json.loads(head)
    return Kept(status, headers, body)


def _fernet(claim: Claim) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(claim.key))
