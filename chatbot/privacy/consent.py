"""Consent to a cloud, where CLOUD_POLICY=ask: per subject and purpose, to a versioned text, taken back at any time.

Every question goes to the database, so that a yes and its withdrawal hold from the next try on, in every worker.
Who cannot be asked has not consented: while the database does not answer, nothing leaves.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import structlog
from sqlalchemy import Engine, Insert, Row, Update, delete, desc, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import new_id, now
from chatbot.errors import InvalidInput, LedgerUnavailable
from chatbot.privacy.tables import CONSENTS

CloudConsent = Literal["not_asked", "needed", "given"]
"""Of one conversation: `not_asked` where the policy asks nobody, or no cloud is set up."""
State = Literal["not_given", "given", "withdrawn", "outdated"]
"""`outdated`: a yes to an older text."""
_TEXTS = Path(__file__).with_name("consent.toml")
_COVERS = {"conversation": "one conversation", "principal": "one key or person"}
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a subject is asked, in its present version."""

    name: str
    version: int
    scope: Literal["conversation", "principal"]
    en: str
    sw: str
    features: tuple[str, ...] = ()
    """Of calls that a yes lets go to a cloud."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.en}\0{self.sw}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Given:
    """A yes that holds now."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Where a subject stands with one purpose."""

    purpose: Purpose
    state: State
    version: int | None = None
    """Of the latest yes."""
    given_at: datetime | None = None
    withdrawn_at: datetime | None = None


@cache
def purposes() -> Mapping[str, Purpose]:
    """Every purpose by its name."""
    return {name: Purpose(name, **row | {"features": tuple(row.get("features", ()))})
            for name, row in tomllib.loads(_TEXTS.read_text("utf-8")).items()}


@cache
def _purpose_of() -> Mapping[str, Purpose]:
    """The purpose of each feature that can have a yes."""
    return {feature: purpose for purpose in purposes().values() for feature in purpose.features}


def purpose_named(name: str) -> Purpose:
    """Raises InvalidInput when there is no such purpose."""
    if name not in purposes():
        raise InvalidInput("There is no such purpose.", field="purpose", remedy=f"Use {', '.join(purposes())}.")
    return purposes()[name]


class Consents:
    """Asks and keeps. One per process; safe in threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def given(self, feature: str, principal: str, conversation_id: str) -> Given | None:
        """The yes to the present text of a feature's purpose, or None: also when the database cannot be asked."""
        purpose = _purpose_of().get(feature)
        if purpose is None or (purpose.scope == "conversation" and not _ULID.fullmatch(conversation_id)):
            return None
        try:
            latest = self._latest(purpose, principal, conversation_id)
        except SQLAlchemyError as error:
            log.warning("consent_unknown", kind=type(error).__name__)
            return None
        holds = latest is not None and latest.withdrawn_at is None and latest.version == purpose.version
        return Given(latest.id, latest.version) if latest is not None and holds else None

    def state(self, purpose: Purpose, principal: str, conversation_id: str) -> ConsentState:
        """Where a subject stands; without a conversation, nowhere. Raises LedgerUnavailable."""
        if purpose.scope == "conversation" and not conversation_id:
            return ConsentState(purpose, "not_given")
        try:
            latest = self._latest(purpose, principal, conversation_id)
        except SQLAlchemyError as error:
            raise LedgerUnavailable("Consents cannot be read now.") from error
        if latest is None:
            return ConsentState(purpose, "not_given")
        state: State = "given" if latest.version == purpose.version else "outdated"
        state = "withdrawn" if latest.withdrawn_at else state
        return ConsentState(purpose, state, latest.version, latest.given_at, latest.withdrawn_at)

    def give(self, purpose: Purpose, principal: str, conversation_id: str, version: int) -> None:
        """Write a yes down. Raises InvalidInput when it is to another version than the present, LedgerUnavailable."""
        if version != purpose.version:
            raise InvalidInput(f"The text is at version {purpose.version} now.", field="version",
                               remedy="GET /api/v1/consents has the text to show.")
        new = insert(CONSENTS).values(
            id=new_id(), principal=principal, conversation_id=_subject(purpose, conversation_id), purpose=purpose.name,
            version=version, text_sha256=purpose.sha256, given_at=now(), withdrawn_at=None)
        self._write(new)

    def withdraw(self, purpose: Purpose, principal: str, conversation_id: str) -> None:
        """Take every yes back; nothing to take back is no error. Raises LedgerUnavailable."""
        mine = (CONSENTS.c.principal == principal, CONSENTS.c.purpose == purpose.name,
                CONSENTS.c.conversation_id == _subject(purpose, conversation_id), CONSENTS.c.withdrawn_at.is_(None))
        self._write(update(CONSENTS).where(*mine).values(withdrawn_at=now()))

    def _latest(self, purpose: Purpose, principal: str, conversation_id: str) -> Row[Any] | None:
        asked = select(CONSENTS).where(
            CONSENTS.c.principal == principal, CONSENTS.c.purpose == purpose.name,
            CONSENTS.c.conversation_id == _subject(purpose, conversation_id))
        with self._engine.connect().execution_options(read_only=True) as connection:
            return connection.execute(asked.order_by(desc(CONSENTS.c.given_at), desc(CONSENTS.c.id)).limit(1)).first()

    def _write(self, statement: Insert | Update) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(statement)
        except SQLAlchemyError as error:
            raise LedgerUnavailable("The consent could not be written down; nothing has changed.") from error


def forget_withdrawn(engine: Engine, before: datetime) -> int:
    """Delete consents that were taken back before that moment. Returns how many. Raises SQLAlchemyError."""
    with engine.begin() as connection:
        return connection.execute(delete(CONSENTS).where(CONSENTS.c.withdrawn_at < before)).rowcount


def rows() -> Iterator[tuple[str, ...]]:
    """For the documents: each purpose, what one yes covers, the version of its text, and the text in English."""
    for purpose in purposes().values():
        yield purpose.name, _COVERS[purpose.scope], str(purpose.version), purpose.en


def _subject(purpose: Purpose, conversation_id: str) -> str:
    """The conversation that a yes covers; empty where it covers the principal. Raises InvalidInput without one."""
    if purpose.scope == "principal":
        return ""
    if not _ULID.fullmatch(conversation_id):
        raise InvalidInput(f"{purpose.name} is for one conversation.", field="conversation_id",
                           remedy="Send the conversation_id of an answer.")
    return conversation_id
