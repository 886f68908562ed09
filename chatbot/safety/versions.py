"""Published versions of the danger signs, the draft of the next one, and the ways back.

A version holds only what differs from the shipped signs. It is published when its examples pass; one that would find
less than the one before it wants a second yes. History only grows: going back publishes the old text anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from chatbot.database import now
from chatbot.errors import Conflict, InvalidInput, NotFound, RecordsUnavailable, VersionConflict
from chatbot.safety import versions_records as records
from chatbot.safety.signs import Sign, shipped_signs
from chatbot.safety.versions_compare import as_json, differences, lowered
from chatbot.safety.versions_records import SHIPPED, Draft, Version
from chatbot.safety.versions_suite import blocking, run_suite
from chatbot.safety.versions_tables import DRAFT, VERSIONS
from chatbot.safety.versions_text import changes_text
from chatbot.transactions import Transactions

LONGEST_NOTE = 300
_KEPT = Transactions(lambda: RecordsUnavailable("The versions cannot be read now; triage goes on as it is."),
                     lambda: RecordsUnavailable("Nothing was saved: the database does not answer."))


class ExamplesFail(Conflict):
    code = "examples_fail"
    title = "A version that fails its own examples cannot be published"


class WantsConfirmation(Conflict):
    code = "wants_confirmation"
    title = "This version would find less than the one in force: say once more that you want it"


class SafetyVersions:
    """The versions of one installation. Every method may raise RecordsUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self) -> Version:
        """The version that workers take up within seconds."""
        with _KEPT.reading(self._engine) as connection:
            return records.latest(connection)

    def history(self) -> list[Version]:
        """All of them, the latest first, the shipped one last."""
        with _KEPT.reading(self._engine) as connection:
            return [*records.published(connection), SHIPPED]

    def version(self, number: int) -> Version:
        """Raises NotFound."""
        if number == 0:
            return SHIPPED
        with _KEPT.reading(self._engine) as connection:
            return records.find(connection, number)

    def draft(self) -> Draft:
        """The draft, or the latest version as revision 0."""
        with _KEPT.reading(self._engine) as connection:
            return records.draft(connection)

    def put(self, sign: Sign, revision: int, by: str) -> None:
        """Put a sign into the draft in place of the one of its id. Raises VersionConflict, NotFound."""
        self._change(sign.id, sign, revision, by)

    def take_out(self, sign_id: str, revision: int, by: str) -> None:
        """Have the draft look for a sign no more. Raises VersionConflict, NotFound."""
        self._change(sign_id, None, revision, by)

    def restore(self, sign_id: str, revision: int, by: str) -> None:
        """Put a sign back as it ships. Raises VersionConflict, NotFound."""
        self._change(sign_id, _shipped(sign_id), revision, by)

    def discard(self, revision: int) -> None:
        """Throw the draft away. Raises VersionConflict."""
        with self._writing() as connection:
            draft = _checked(records.draft(connection), revision)
            connection.execute(delete(DRAFT).where(DRAFT.c.revision == draft.revision))

    def publish(self, revision: int, by: str, note: str, *, confirmed: bool = False) -> int:
        """Make the draft the next version; its number. Workers take it up within seconds.

        `confirmed`: the second yes to a version that would find less. Raises VersionConflict (also when another version
        was published since the draft was begun), ExamplesFail, WantsConfirmation, InvalidInput.
        """
        note = _said(note)
        with self._writing() as connection:
            draft, latest = _checked(records.draft(connection), revision), records.latest(connection)
            if draft.base != latest.number:
                raise VersionConflict(f"Version {latest.number} was published since this draft was begun.",
                                      remedy="Discard the draft, and make your changes anew.")
            signs = draft.signs()
            if not differences(latest.signs(), signs):
                raise InvalidInput("The draft changes nothing.", remedy="Change a sign first.")
            _must_pass(latest.signs(), signs)
            number = _add(connection, latest, signs, draft.changes, by=by, note=note, confirmed=confirmed)
            connection.execute(delete(DRAFT))
        return number

    def go_back(self, to: int, seen: int, by: str, note: str, *, confirmed: bool = False) -> int:
        """Publish an earlier version anew; the new number. To the shipped one (0) there is always a way back.

        `seen`: the latest version when this was decided. Raises VersionConflict, NotFound, ExamplesFail,
        WantsConfirmation, InvalidInput.
        """
        note = _said(note)
        with self._writing() as connection:
            latest = records.latest(connection)
            if seen != latest.number:
                raise _published_since(latest)
            old = SHIPPED if to == 0 else records.find(connection, to)
            signs = old.signs()
            if to != 0:
                _must_pass(_or_shipped(latest), signs)
            return _add(connection, latest, signs, old.changes, by=by, note=note, confirmed=confirmed, back_to=to)

    def _change(self, sign_id: str, sign: Sign | None, revision: int, by: str) -> None:
        _shipped(sign_id)
        with self._writing() as connection:
            draft = _checked(records.draft(connection), revision)
            kept = [one for one in draft.signs() if one.id != sign_id]
            changes = changes_text([*kept, sign] if sign else kept)
            values = {"changes": changes, "revision": revision + 1, "updated_at": now(), "updated_by": by}
            if revision == 0:
                connection.execute(insert(DRAFT).values(id=1, base=draft.base, **values))
            elif connection.execute(update(DRAFT).where(DRAFT.c.revision == revision).values(**values)).rowcount == 0:
                raise VersionConflict("Somebody saved this draft at the same moment.")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with _KEPT.writing(self._engine) as connection:
                yield connection
        except RecordsUnavailable as error:
            if isinstance(error.__cause__, IntegrityError):
                raise VersionConflict("Somebody saved or published at the same moment.") from error
            raise


def _add(connection: Connection, latest: Version, signs: tuple[Sign, ...], changes: str, *, by: str, note: str,
         confirmed: bool, back_to: int | None = None) -> int:
    """Write the next version. Raises WantsConfirmation when it would find less and nobody confirmed that."""
    less = lowered(_or_shipped(latest), signs)
    if less and not confirmed:
        raise WantsConfirmation(f"Signs that would be looked for less: {', '.join(one.sign for one in less)}.",
                                field="confirmed")
    number = (connection.scalar(select(func.max(VERSIONS.c.number))) or 0) + 1
    connection.execute(insert(VERSIONS).values(
        number=number, changes=changes, published_at=now(), published_by=by, note=note, lowers=as_json(less),
        back_to=back_to))
    return number


def _or_shipped(version: Version) -> tuple[Sign, ...]:
    """The signs of a version; those that ship when it cannot be read, so that there is a way out of it."""
    try:
        return version.signs()
    except Conflict:
        return shipped_signs()


def _must_pass(before: tuple[Sign, ...], signs: tuple[Sign, ...]) -> None:
    if failed := blocking(run_suite(signs), before, signs):
        raise ExamplesFail(f"Signs whose examples fail: {', '.join(failed)}.")


def _checked(draft: Draft, revision: int) -> Draft:
    if draft.revision == revision:
        return draft
    if draft.revision == 0:
        raise VersionConflict("This draft was published or discarded in the meantime.")
    when = draft.updated_at.strftime("%Y-%m-%d %H:%M UTC") if draft.updated_at else ""
    raise VersionConflict(f"{draft.updated_by} changed the draft at {when} (revision {draft.revision}).")


def _published_since(latest: Version) -> VersionConflict:
    return VersionConflict(f"{latest.published_by} has published version {latest.number} in the meantime.")


def _said(note: str) -> str:
    note = note.strip()
    if not note:
        raise InvalidInput("Say in the note what changes, and why.", field="note")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"The note is longer than {LONGEST_NOTE} characters.", field="note")
    return note


def _shipped(sign_id: str) -> Sign:
    for sign in shipped_signs():
        if sign.id == sign_id:
            return sign
    raise NotFound("There is no such sign.", field="sign")
