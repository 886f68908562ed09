"""The queue of escalations, for the people who see to them: what is open, since when, and what was done.

Nobody's words are in it. Where the subject allowed it (purpose `escalation_words`), the message is read where the
conversation is kept, sealed: so it ends with its retention, its erasure, or the withdrawal of that consent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import structlog
from sqlalchemy import ColumnElement, Connection, Engine, and_, case, delete, func, or_, select, update

from chatbot.database import now
from chatbot.errors import InvalidInput, NotFound, RecordsUnavailable, VersionConflict, WrongState
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.conversations import Conversations
from chatbot.privacy.redaction import without_identifiers
from chatbot.safety.escalation.escalating import GRAVE, OPEN
from chatbot.safety.escalation.tables import ESCALATIONS, NOBODYS
from chatbot.transactions import Transactions

Tier = Literal["emergency", "urgent"]
State = Literal["new", "seen", "handled", "closed"]
Shown = Literal["open", "overdue", "new", "seen", "handled", "closed", "all"]
STATES: tuple[State, ...] = get_args(State)
LONGEST_NOTE = 500
MOST = 200
_KEPT = Transactions(lambda: RecordsUnavailable("The queue cannot be read now."),
                     lambda: RecordsUnavailable("Nothing was changed: the database does not answer."))
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Escalated:
    """One record, as of now."""

    id: str
    at: datetime
    tier: Tier
    signs: tuple[str, ...]
    """Ids, gravest first."""
    rules: int
    """Version of the rules that found them; 0 is what ships."""
    stage: str
    language: str
    surface: str
    conversation_id: str
    principal: str
    state: State
    state_at: datetime | None
    state_by: str
    note: str
    version: int
    minutes: int
    """Since it was found; until its last step when it is handled or closed."""
    overdue: bool
    """Nobody has handled it, and its tier's minutes are over."""


class Queue:
    """The records of one installation.

    Args:
        engine: of the database that holds them.
        minutes: by tier, after how many minutes a record that nobody handled is overdue.
    """

    def __init__(self, engine: Engine, minutes: Mapping[str, int]) -> None:
        self._engine = engine
        self._minutes = minutes

    def find(self, shown: Shown = "open", tier: Tier | None = None, *, after: str = "",
             limit: int = MOST) -> list[Escalated]:
        """Records, oldest first; `after` is the id of the last one that was read. Raises RecordsUnavailable."""
        asked = select(ESCALATIONS).where(*self._which(shown, tier), ESCALATIONS.c.id > after)
        with _KEPT.reading(self._engine) as connection:
            rows = connection.execute(asked.order_by(ESCALATIONS.c.id).limit(limit)).all()
        return [self._escalated(row) for row in rows]

    def gravest_first(self, shown: Shown, tier: Tier | None) -> list[Escalated]:
        """For people: what is open with emergencies first and the longest wait first; what is done, latest first.

        Raises RecordsUnavailable.
        """
        still = shown in ("open", "overdue", *OPEN)
        order = (case((ESCALATIONS.c.tier == "emergency", 0), else_=1), ESCALATIONS.c.at) if still else (
            ESCALATIONS.c.id.desc(),)
        asked = select(ESCALATIONS).where(*self._which(shown, tier)).order_by(*order).limit(MOST)
        with _KEPT.reading(self._engine) as connection:
            return [self._escalated(row) for row in connection.execute(asked)]

    def counts(self) -> dict[str, int]:
        """How many are open and overdue, by `open`, `overdue`, and each state. Raises RecordsUnavailable."""
        with _KEPT.reading(self._engine) as connection:
            found = connection.execute(select(ESCALATIONS.c.state, func.count()).group_by(ESCALATIONS.c.state))
            by_state = {row[0]: row[1] for row in found}
            overdue = connection.scalar(select(func.count()).select_from(ESCALATIONS).where(
                *self._which("overdue", None)))
        states: dict[str, int] = {state: by_state.get(state, 0) for state in STATES}
        return {"open": sum(states[state] for state in OPEN), "overdue": overdue or 0, **states,
                "all": sum(states.values())}

    def one(self, id_: str) -> Escalated:
        """Raises NotFound, RecordsUnavailable."""
        with _KEPT.reading(self._engine) as connection:
            return self._escalated(_find(connection, id_))

    def change(self, id_: str, state: State, note: str, version: int, by: str) -> Escalated:
        """Set the state and the note of a record that was last seen at `version`.

        What we recognise as an identifier is taken out of the note. Raises NotFound, VersionConflict, WrongState (a
        record that somebody has seen is not new again), InvalidInput, RecordsUnavailable.
        """
        if len(note) > LONGEST_NOTE:
            raise InvalidInput(f"The note is longer than {LONGEST_NOTE} characters.", field="note")
        values = {"state": state, "note": without_identifiers(note.strip())[:LONGEST_NOTE].strip(), "state_at": now(),
                  "state_by": by, "version": version + 1}
        mine = (ESCALATIONS.c.id == id_, ESCALATIONS.c.version == version)
        with _KEPT.writing(self._engine) as connection:
            old = _find(connection, id_)
            if old.version == version and state == "new" and old.state != "new":
                raise WrongState("Somebody has seen this record: it cannot be new again.", field="state")
            if connection.execute(update(ESCALATIONS).where(*mine).values(**values)).rowcount == 0:
                raise VersionConflict(f"{old.state_by} set this record to {old.state} in the meantime "
                                      f"(version {old.version}).", field="version")
            return self._escalated(_find(connection, id_))

    def _which(self, shown: Shown, tier: Tier | None) -> Sequence[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if tier:
            wanted.append(ESCALATIONS.c.tier == tier)
        if shown in STATES:
            wanted.append(ESCALATIONS.c.state == shown)
        elif shown != "all":
            wanted.append(ESCALATIONS.c.state.in_(OPEN))
        if shown == "overdue":
            wanted.append(or_(*(and_(ESCALATIONS.c.tier == one, ESCALATIONS.c.at < self._late(one))
                                for one in GRAVE)))
        return wanted

    def _late(self, tier: str) -> datetime:
        return now() - timedelta(minutes=self._minutes[tier])

    def _escalated(self, row: Any) -> Escalated:
        is_open = row.state in OPEN
        until = now() if is_open or row.state_at is None else row.state_at
        return Escalated(
            row.id, row.at, row.tier, tuple(json.loads(row.signs)), row.rules, row.stage, row.language, row.surface,
            row.conversation_id, row.principal, row.state, row.state_at, row.state_by, row.note, row.version,
            minutes=max(0, int((until - row.at).total_seconds() // 60)),
            overdue=is_open and row.at < self._late(row.tier))


def words_of(one: Escalated, consents: Consents, kept: Conversations, reader: str) -> str | None:
    """The message that was escalated, where its subject allows that now and it is still kept; else None.

    `reader` is written to the log, with the record's id. Raises LedgerUnavailable, RecordsUnavailable.
    """
    if consents.state(purpose_named("escalation_words"), one.principal, one.conversation_id).state != "given":
        return None
    turns = kept.turns(one.principal, one.conversation_id)
    message = next((said.message for said in turns if said.at >= one.at), None)
    if message is not None:
        log.info("escalation_words_read", escalation=one.id, by=reader)
    return message


def forget_escalations(engine: Engine, before: datetime) -> int:
    """Retention: delete records from before that moment that were seen to. Returns how many.

    What nobody has seen to stays in the queue, and no longer says whose it was. Raises SQLAlchemyError.
    """
    old, is_open = ESCALATIONS.c.at < before, ESCALATIONS.c.state.in_(OPEN)
    with engine.begin() as connection:
        connection.execute(update(ESCALATIONS).where(old, is_open, ESCALATIONS.c.principal != "").values(**NOBODYS))
        return connection.execute(delete(ESCALATIONS).where(old, ~is_open)).rowcount


def _find(connection: Connection, id_: str) -> Any:
    row = connection.execute(select(ESCALATIONS).where(ESCALATIONS.c.id == id_)).first()
    if row is None:
        raise NotFound("There is no such record.")
    return row
