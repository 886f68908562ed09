"""What was said, kept for RETENTION_DAYS and sealed for each subject; or in memory only.

In memory only when RETENTION_DAYS=0 or when there is no SECRET_KEY to seal with: then it ends with the process, or
after a day. A question is answered even when its words cannot be kept: help comes first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, Engine, Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import new_id, now
from chatbot.errors import RecordsUnavailable
from chatbot.privacy.kept_tables import SUBJECT_KEYS, TURNS
from chatbot.transactions import Transactions

MEMORY_TURNS = 2_000
"""Turns that a process holds in memory, of all subjects together; the oldest go first."""
MEMORY_FOR = timedelta(days=1)
_KEPT = Transactions(lambda: RecordsUnavailable("What was said cannot be read now."),
                     lambda: RecordsUnavailable("Nothing was forgotten: the database does not answer."))
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Said:
    """One turn, readable."""

    conversation_id: str
    at: datetime
    message: str
    answer: str
    provider: str = ""
    """Who wrote the answer."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One conversation in a list."""

    conversation_id: str
    turns: int
    began_at: datetime
    last_at: datetime


class Conversations(Protocol):
    """Where turns are kept. `forget` without a conversation forgets all of a subject."""

    def keep(self, principal: str, said: Said) -> None: ...

    def all_of(self, principal: str) -> list[Summary]: ...

    def turns(self, principal: str, conversation_id: str = "") -> list[Said]: ...

    def latest(self, principal: str, conversation_id: str, most: int, since: datetime) -> list[Said]: ...

    def forget(self, principal: str, conversation_id: str = "") -> int: ...

    def forget_older(self, than: datetime) -> int: ...


def conversations(engine: Engine, secret_key: str, retention_days: int) -> Conversations:
    """The store that these settings ask for."""
    return SealedConversations(engine, secret_key) if retention_days and secret_key.strip() else InMemory()


class SealedConversations:
    """Turns in the database, each encrypted (Fernet: AES-128-CBC with HMAC-SHA256) under its subject's key."""

    def __init__(self, engine: Engine, secret_key: str) -> None:
        self._engine = engine
        master = hmac.digest(secret_key.encode(), b"funza conversations 1", hashlib.sha256)
        self._master = Fernet(base64.urlsafe_b64encode(master))

    def keep(self, principal: str, said: Said) -> None:
        """Write a turn down; where that fails, a log line without words says so."""
        words = json.dumps({"message": said.message, "answer": said.answer, "provider": said.provider}).encode()
        try:
            with self._engine.begin() as connection:
                sealed = self._key(connection, principal).encrypt(words)
                connection.execute(TURNS.insert().values(
                    id=new_id(), principal=principal, conversation_id=said.conversation_id, at=said.at, sealed=sealed))
        except (SQLAlchemyError, InvalidToken) as error:
            log.warning("turn_not_kept", kind=type(error).__name__)

    def all_of(self, principal: str) -> list[Summary]:
        """A subject's conversations, the latest first. Raises RecordsUnavailable."""
        asked = select(TURNS.c.conversation_id, func.count(), func.min(TURNS.c.at), func.max(TURNS.c.at)).where(
            TURNS.c.principal == principal).group_by(TURNS.c.conversation_id).order_by(func.max(TURNS.c.at).desc())
        with _KEPT.reading(self._engine) as connection:
            return [Summary(*row) for row in connection.execute(asked)]

    def turns(self, principal: str, conversation_id: str = "") -> list[Said]:
        """A conversation of a subject, or all of them, oldest turn first. Raises RecordsUnavailable.

        What another SECRET_KEY sealed is left out: nobody can read it any more.
        """
        asked = select(TURNS).where(TURNS.c.principal == principal).order_by(TURNS.c.at, TURNS.c.id)
        if conversation_id:
            asked = asked.where(TURNS.c.conversation_id == conversation_id)
        return self._read(principal, asked)

    def latest(self, principal: str, conversation_id: str, most: int, since: datetime) -> list[Said]:
        """The last turns of a conversation, `most` of them and none before `since`, oldest first.

        Raises RecordsUnavailable.
        """
        asked = select(TURNS).where(TURNS.c.principal == principal, TURNS.c.conversation_id == conversation_id,
                                    TURNS.c.at >= since).order_by(TURNS.c.at.desc(), TURNS.c.id.desc()).limit(most)
        return self._read(principal, asked)[::-1]

    def _read(self, principal: str, asked: Select[Any]) -> list[Said]:
        with _KEPT.reading(self._engine) as connection:
            key = connection.scalar(select(SUBJECT_KEYS.c.sealed).where(SUBJECT_KEYS.c.principal == principal))
            rows = connection.execute(asked).all() if key else []
        try:
            fernet = Fernet(self._master.decrypt(key)) if key else None
            return [_opened(row, fernet) for row in rows if fernet]
        except InvalidToken:
            return []

    def forget(self, principal: str, conversation_id: str = "") -> int:
        """Returns how many turns that were. Raises RecordsUnavailable."""
        with _KEPT.writing(self._engine) as connection:
            return forget_turns(connection, principal, conversation_id)

    def forget_older(self, than: datetime) -> int:
        """Retention. Returns how many turns that were. Raises SQLAlchemyError, as upkeep expects."""
        with self._engine.begin() as connection:
            return connection.execute(delete(TURNS).where(TURNS.c.at < than)).rowcount

    def _key(self, connection: Connection, principal: str) -> Fernet:
        asked = select(SUBJECT_KEYS.c.sealed).where(SUBJECT_KEYS.c.principal == principal)
        sealed = connection.scalar(asked)
        if sealed is None:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(SUBJECT_KEYS).values(
                principal=principal, sealed=self._master.encrypt(Fernet.generate_key()), made_at=now(),
            ).on_conflict_do_nothing())
            sealed = connection.execute(asked).scalar_one()
        return Fernet(self._master.decrypt(sealed))


class InMemory:
    """Turns in this process alone."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[str, Said]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, principal: str, said: Said) -> None:
        with self._lock:
            self._turns[new_id()] = (principal, said)
            while len(self._turns) > MEMORY_TURNS:
                self._turns.popitem(last=False)

    def all_of(self, principal: str) -> list[Summary]:
        grouped: dict[str, list[datetime]] = {}
        for said in self.turns(principal):
            grouped.setdefault(said.conversation_id, []).append(said.at)
        found = [Summary(name, len(times), min(times), max(times)) for name, times in grouped.items()]
        return sorted(found, key=lambda one: one.last_at, reverse=True)

    def turns(self, principal: str, conversation_id: str = "") -> list[Said]:
        oldest = now() - MEMORY_FOR
        with self._lock:
            return [said for whose, said in self._turns.values()
                    if whose == principal and conversation_id in ("", said.conversation_id) and said.at >= oldest]

    def latest(self, principal: str, conversation_id: str, most: int, since: datetime) -> list[Said]:
        return [said for said in self.turns(principal, conversation_id) if said.at >= since][-most:]

    def forget(self, principal: str, conversation_id: str = "") -> int:
        return self._drop(lambda whose, said: whose == principal and conversation_id in ("", said.conversation_id))

    def forget_older(self, than: datetime) -> int:
        oldest = max(than, now() - MEMORY_FOR)
        return self._drop(lambda _, said: said.at < oldest)

    def _drop(self, goes: Any) -> int:
        with self._lock:
            gone = [key for key, (whose, said) in self._turns.items() if goes(whose, said)]
            for key in gone:
                del self._turns[key]
            return len(gone)


def forget_turns(connection: Connection, principal: str, conversation_id: str = "") -> int:
    """Delete a subject's turns, the key with the last of them. Returns how many turns that were."""
    mine = [TURNS.c.principal == principal]
    if conversation_id:
        mine.append(TURNS.c.conversation_id == conversation_id)
    gone = connection.execute(delete(TURNS).where(*mine)).rowcount
    if connection.scalar(select(func.count()).select_from(TURNS).where(TURNS.c.principal == principal)) == 0:
        connection.execute(delete(SUBJECT_KEYS).where(SUBJECT_KEYS.c.principal == principal))
    return gone


def as_rows(turns: Sequence[Said]) -> list[dict[str, Any]]:
    """For an export: times in ISO 8601."""
    return [{**asdict(said), "at": said.at.isoformat()} for said in turns]


def _opened(row: Any, fernet: Fernet) -> Said:
    words = json.loads(fernet.decrypt(row.sealed))
    return Said(row.conversation_id, row.at, words["message"], words["answer"], words.get("provider", ""))
