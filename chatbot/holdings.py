"""Everything that is held about one person, in one index: what an export shows and an erasure takes.

A table that gets a `principal` gets a row here too; a test compares this index with the schema. The ledger's rows stay,
for they are the books, but no longer say whose they were: sums do not change.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, update

from chatbot.database import now
from chatbot.errors import RecordsUnavailable
from chatbot.images.lessons.tables import JOBS, PICTURES
from chatbot.privacy.conversations import Conversations, as_rows, forget_turns
from chatbot.privacy.tables import CONSENTS, RECEIPTS
from chatbot.quizzes.learning.attempts import erase as erase_attempts
from chatbot.quizzes.records.tables import ATTEMPTS as QUIZ_ATTEMPTS
from chatbot.quizzes.records.tables import SPACED
from chatbot.safe_csv import safe_cell
from chatbot.safety.escalation.tables import ESCALATIONS, NOBODYS
from chatbot.transactions import Transactions
from chatbot.usage.replay_tables import REPLAYS
from chatbot.usage.tables import ATTEMPTS, CALLS

Row = Mapping[str, Any]
_KEPT = Transactions(lambda: RecordsUnavailable("What is kept of you cannot be read now."),
                     lambda: RecordsUnavailable("Nothing was erased: the database does not answer."))


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that is held about a person."""

    name: str
    """Names its file in an export."""
    what: str
    """One line for the person."""
    tables: tuple[Table, ...]
    read: Callable[[Connection, str], list[Row]]
    """What a principal's export shows; secrets and digests left out."""
    erase: Callable[[Connection, str], int]
    """Returns how many rows were deleted or cut loose."""


def _rows(table: Table, *left_out: str) -> Callable[[Connection, str], list[Row]]:
    shown = [column for column in table.c if column.name not in left_out]

    def read(connection: Connection, principal: str) -> list[Row]:
        return [dict(row._mapping) for row in connection.execute(select(*shown).where(table.c.principal == principal))]

    return read


def _delete(table: Table) -> Callable[[Connection, str], int]:
    return lambda connection, principal: connection.execute(
        delete(table).where(table.c.principal == principal)).rowcount


def _mine(principal: str) -> ColumnElement[bool]:
    return RECEIPTS.c.call_id.in_(select(CALLS.c.id).where(CALLS.c.principal == principal))


def _receipts(connection: Connection, principal: str) -> list[Row]:
    shown = [column for column in RECEIPTS.c if column.name != "sealed"]
    return [dict(row._mapping) for row in connection.execute(select(*shown).where(_mine(principal)))]


def _erase_receipts(connection: Connection, principal: str) -> int:
    """The words and their hash go; that something left, to whom and when, stays in the ledger's attempts."""
    return connection.execute(delete(RECEIPTS).where(_mine(principal))).rowcount


def _calls(connection: Connection, principal: str) -> list[Row]:
    shown = [column for column in CALLS.c if column.name != "worker"]
    return [dict(row._mapping) for row in connection.execute(
        select(*shown).where(CALLS.c.principal == principal).order_by(CALLS.c.id))]


def _cut_loose(connection: Connection, principal: str) -> int:
    return connection.execute(update(CALLS).where(CALLS.c.principal == principal).values(
        principal="", conversation_id="")).rowcount


def _close_escalations(connection: Connection, principal: str) -> int:
    """That there was a danger sign, and that it was seen to, stays; whose it was goes, with the note."""
    return connection.execute(update(ESCALATIONS).where(ESCALATIONS.c.principal == principal).values(
        **NOBODYS)).rowcount


def _pictures(connection: Connection, principal: str) -> list[Row]:
    shown = [column for column in PICTURES.c if column.name != "words"]
    return [dict(row._mapping) for row in connection.execute(select(*shown).where(PICTURES.c.owner == principal))]


def _disown_pictures(connection: Connection, principal: str) -> int:
    """The team's lessons keep their pictures; who asked for them, and in which words, goes."""
    return connection.execute(update(PICTURES).where(PICTURES.c.owner == principal).values(
        owner="", prompt="", negative_prompt="",
        words=func.lower(PICTURES.c.title + " " + PICTURES.c.alt_text))).rowcount


HOLDINGS: tuple[Holding, ...] = (
    Holding("attempts", "quizzes you took, and which items come back to you", (QUIZ_ATTEMPTS, SPACED),
            _rows(QUIZ_ATTEMPTS), erase_attempts),
    Holding("escalations", "danger signs that a person was told of, and what was done", (ESCALATIONS,),
            _rows(ESCALATIONS), _close_escalations),
    Holding("image_jobs", "pictures that you asked for, and what became of it", (JOBS,), _rows(JOBS, "worker"),
            _delete(JOBS)),
    Holding("pictures", "pictures of the library that were drawn for you", (PICTURES,), _pictures, _disown_pictures),
    Holding("consents", "what you allowed to leave this machine, and when", (CONSENTS,), _rows(CONSENTS),
            _delete(CONSENTS)),
    Holding("receipts", "what left this machine for you, to whom and why (hashes and counts)", (RECEIPTS,), _receipts,
            _erase_receipts),
    Holding("calls", "what you asked in numbers: when, who answered, tokens, cost", (CALLS, ATTEMPTS), _calls,
            _cut_loose),
)
"""In the order of erasing: what finds its rows through the calls comes before them."""
ELSEWHERE: Mapping[str, str] = {
    "turns": "conversations.json, through the key they are sealed with",
    "subject_keys": "goes with the turns",
    "replays": "kept answers of a day; they can be read only with the client's own key, and are erased",
    "budgets": "an admin's setting",
    "budget_spending": "sums of an admin's limit",
    "budget_holds": "gone when a call ends",
}
"""Tables that name a person and are no holding of the index, and why."""


class OnePerson:
    """What is held about one principal."""

    def __init__(self, engine: Engine, conversations: Conversations, principal: str, replay_subject: str) -> None:
        self._engine = engine
        self._conversations = conversations
        self._principal = principal
        self._replay_subject = replay_subject

    def export(self) -> bytes:
        """A ZIP: `conversations.json`, one CSV a holding, and a `README.txt`. Raises RecordsUnavailable."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            words = as_rows(self._conversations.turns(self._principal))
            archive.writestr("conversations.json", json.dumps(words, ensure_ascii=False, indent=1))
            with _KEPT.reading(self._engine) as connection:
                for holding in HOLDINGS:
                    archive.writestr(f"{holding.name}.csv", _csv(holding.read(connection, self._principal)))
            archive.writestr("README.txt", _readme(len(words)))
        return made.getvalue()

    def erase(self) -> dict[str, int]:
        """Delete it all in one transaction; rows by name. Raises RecordsUnavailable: then nothing is gone.

        SQLite overwrites what is freed (`secure_delete`) and then lets go of its journal, so that no file of it holds a
        byte. PostgreSQL overwrites its own at its next VACUUM; the words in it are unreadable at once, without a key.
        """
        with _KEPT.writing(self._engine) as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            gone = {"turns": forget_turns(connection, self._principal)}
            gone["replays"] = connection.execute(
                delete(REPLAYS).where(REPLAYS.c.subject == self._replay_subject)).rowcount
            for holding in HOLDINGS:
                gone[holding.name] = holding.erase(connection, self._principal)
        gone["turns"] += self._conversations.forget(self._principal)
        _let_go_of_the_journal(self._engine)
        return gone


def _let_go_of_the_journal(engine: Engine) -> None:
    """The rollback journal holds pages as they were before: it goes."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode=DELETE")
        raw.cursor().execute("PRAGMA journal_mode=PERSIST")
    finally:
        raw.close()


def _csv(rows: Sequence[Row]) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    if rows:
        writer.writerow(rows[0])
        writer.writerows([safe_cell(value) for value in row.values()] for row in rows)
    return made.getvalue()


def _readme(turns: int) -> str:
    lines = [f"What Funza Mama holds about you, {now().date().isoformat()}.", "",
             f"conversations.json: {turns} questions with their answers, in your words"]
    lines += [f"{holding.name}.csv: {holding.what}" for holding in HOLDINGS]
    return "\r\n".join([*lines, "", "To have all of it erased: DELETE /api/v1/me", ""])
