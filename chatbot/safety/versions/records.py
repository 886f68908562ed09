"""Versions and the draft as records: what a row of their tables means, and how the latest is found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from chatbot.errors import Conflict, NotFound
from chatbot.safety.signs import Sign
from chatbot.safety.versions.compare import Changed, Lowered, differences, from_json, lowered, reworded, silenced
from chatbot.safety.versions.tables import DRAFT, VERSIONS
from chatbot.safety.versions.text import signs_from, wordings_from
from chatbot.safety.wordings import Wordings


@dataclass(frozen=True, slots=True)
class Version:
    """One published version; number 0 is what ships with the system."""

    number: int
    changes: str = ""
    published_at: datetime | None = None
    published_by: str = ""
    note: str = ""
    lowers: tuple[Lowered, ...] = ()
    back_to: int | None = None

    def signs(self) -> tuple[Sign, ...]:
        """Raises Conflict when this system cannot read them any more."""
        return _read(self.changes)

    def wordings(self) -> Wordings:
        """Raises Conflict when this system cannot read them any more."""
        return _read_wordings(self.changes)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being worked on. Revision 0: nothing yet, the signs are those of the latest version."""

    revision: int
    base: int
    changes: str
    updated_at: datetime | None = None
    updated_by: str = ""

    def signs(self) -> tuple[Sign, ...]:
        """Raises Conflict when this system cannot read them any more."""
        return _read(self.changes)

    def wordings(self) -> Wordings:
        """Raises Conflict when this system cannot read them any more."""
        return _read_wordings(self.changes)


SHIPPED = Version(0)


def changed_between(before: Version | Draft, after: Version | Draft) -> tuple[Changed, ...]:
    """The signs and the replies that differ. Raises Conflict."""
    return (*differences(before.signs(), after.signs()), *reworded(before.wordings(), after.wordings()))


def lost_between(before: Version | Draft, after: Version | Draft) -> tuple[Lowered, ...]:
    """What `after` looks for or says less. Raises Conflict."""
    return (*lowered(before.signs(), after.signs()), *silenced(before.wordings(), after.wordings()))


def readable(version: Version) -> Version:
    """The version; the shipped one when it cannot be read any more, so that there is a way out of it."""
    try:
        version.signs()
        version.wordings()
    except Conflict:
        return SHIPPED
    return version


def _read(changes: str) -> tuple[Sign, ...]:
    try:
        return signs_from(changes)
    except ValueError as error:
        raise Conflict(f"This system cannot read that version any more: {error}.") from error


def _read_wordings(changes: str) -> Wordings:
    try:
        return wordings_from(changes)
    except ValueError as error:
        raise Conflict(f"This system cannot read that version any more: {error}.") from error


def latest(connection: Connection) -> Version:
    """The version that was published last; the shipped one when none was."""
    row = connection.execute(select(VERSIONS).order_by(VERSIONS.c.number.desc()).limit(1)).first()
    return _version(row) if row else SHIPPED


def published(connection: Connection) -> list[Version]:
    """Every published version, the latest first."""
    return [_version(row) for row in connection.execute(select(VERSIONS).order_by(VERSIONS.c.number.desc()))]


def find(connection: Connection, number: int) -> Version:
    """A published version. Raises NotFound."""
    row = connection.execute(select(VERSIONS).where(VERSIONS.c.number == number)).first()
    if row is None:
        raise NotFound("There is no such version.")
    return _version(row)


def draft(connection: Connection) -> Draft:
    """The draft; the latest version as revision 0 when there is none."""
    row = connection.execute(select(DRAFT)).first()
    if row is None:
        begun = latest(connection)
        return Draft(0, begun.number, begun.changes)
    return Draft(row.revision, row.base, row.changes, row.updated_at, row.updated_by)


def _version(row: Any) -> Version:
    return Version(row.number, row.changes, row.published_at, row.published_by, row.note, from_json(row.lowers),
                   row.back_to)
