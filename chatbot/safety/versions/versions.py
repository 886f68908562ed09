"""Published versions of the danger signs and of the replies, the draft of the next one, and the ways back.

A version holds only what differs from what ships. It is published when its examples pass; one that would find or say
less than the one before it wants a second yes, and where an emergency is concerned its name, typed. History only
grows: going back publishes the old text anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from chatbot.database import now
from chatbot.errors import InvalidInput, NotFound, RecordsUnavailable, VersionConflict
from chatbot.safety.signs import Sign, shipped_signs
from chatbot.safety.versions import checks, records
from chatbot.safety.versions.checks import ExamplesFail, WantsConfirmation
from chatbot.safety.versions.compare import as_json
from chatbot.safety.versions.records import SHIPPED, Draft, Version
from chatbot.safety.versions.tables import DRAFT, VERSIONS
from chatbot.safety.versions.text import changes_text
from chatbot.safety.wordings import Wording, shipped_wordings
from chatbot.transactions import Transactions

__all__ = ["ExamplesFail", "SafetyVersions", "WantsConfirmation"]
_KEPT = Transactions(lambda: RecordsUnavailable("The versions cannot be read now; triage goes on as it is."),
                     lambda: RecordsUnavailable("Nothing was saved: the database does not answer."))


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

    def add(self, sign: Sign, revision: int, by: str) -> None:
        """Put a new sign into the draft. Raises InvalidInput (its id), VersionConflict."""
        def changed(draft: Draft, _latest: Version) -> str:
            checks.must_be_new(sign.id, draft.signs())
            return changes_text([*draft.signs(), sign], draft.wordings())

        self._change(changed, revision, by)

    def put(self, sign: Sign, revision: int, by: str) -> None:
        """Put a sign into the draft in place of the one of its id. Raises VersionConflict, NotFound."""
        self._change(lambda draft, latest: _with(draft, latest, sign.id, sign), revision, by)

    def take_out(self, sign_id: str, revision: int, by: str) -> None:
        """Have the draft look for a sign no more. Raises VersionConflict, NotFound."""
        self._change(lambda draft, latest: _with(draft, latest, sign_id, None), revision, by)

    def restore(self, sign_id: str, revision: int, by: str) -> None:
        """Put a sign back as it ships; one that does not ship, as it is in force. Raises VersionConflict, NotFound."""
        def changed(draft: Draft, latest: Version) -> str:
            old = {sign.id: sign for sign in (*latest.signs(), *shipped_signs())}.get(sign_id)
            if old is None:
                raise NotFound("This sign is only in the draft.", field="sign")
            return _with(draft, latest, sign_id, old)

        self._change(changed, revision, by)

    def put_wording(self, key: str, wording: Wording, revision: int, by: str) -> None:
        """Put a reply, `tier.kind`, into the draft. Raises InvalidInput, VersionConflict, NotFound."""
        checks.must_be_sound(key, wording)
        self._change(lambda draft, _latest: changes_text(draft.signs(), {**draft.wordings(), key: wording}),
                     revision, by)

    def restore_wording(self, key: str, revision: int, by: str) -> None:
        """Put a reply back as it ships. Raises VersionConflict, NotFound."""
        self.put_wording(key, shipped_wordings().get(key, {}), revision, by)

    def discard(self, revision: int) -> None:
        """Throw the draft away. Raises VersionConflict."""
        with self._writing() as connection:
            draft = checks.checked(records.draft(connection), revision)
            connection.execute(delete(DRAFT).where(DRAFT.c.revision == draft.revision))

    def publish(self, revision: int, by: str, note: str, *, confirmed: bool = False, typed: str = "") -> int:
        """Make the draft the next version; its number. Workers take it up within seconds.

        `confirmed`: the second yes to a version that would find less; `typed`: the names of the emergency signs and of
        the replies that would. Raises VersionConflict (also when another version was published since the draft was
        begun), ExamplesFail, WantsConfirmation, InvalidInput.
        """
        note = checks.said(note)
        with self._writing() as connection:
            draft, latest = checks.checked(records.draft(connection), revision), records.latest(connection)
            if draft.base != latest.number:
                raise VersionConflict(f"Version {latest.number} was published since this draft was begun.",
                                      remedy="Discard the draft, and make your changes anew.")
            if not records.changed_between(latest, draft):
                raise InvalidInput("The draft changes nothing.", remedy="Change a sign or a reply first.")
            checks.must_pass(latest.signs(), draft.signs())
            number = _add(connection, latest, draft, by=by, note=note, confirmed=confirmed, typed=typed)
            connection.execute(delete(DRAFT))
        return number

    def go_back(self, to: int, seen: int, by: str, note: str, *, confirmed: bool = False, typed: str = "") -> int:
        """Publish an earlier version anew; the new number. To the shipped one (0) there is always a way back.

        `seen`: the latest version when this was decided; `confirmed`, `typed`: as in `publish`. Raises VersionConflict,
        NotFound, ExamplesFail, WantsConfirmation, InvalidInput.
        """
        note = checks.said(note)
        with self._writing() as connection:
            latest = records.latest(connection)
            if seen != latest.number:
                raise checks.published_since(latest)
            old = SHIPPED if to == 0 else records.find(connection, to)
            if to != 0:
                checks.must_pass(records.readable(latest).signs(), old.signs())
            return _add(connection, latest, old, by=by, note=note, confirmed=confirmed, typed=typed, back_to=to)

    def _change(self, changed: Callable[[Draft, Version], str], revision: int, by: str) -> None:
        """Save the draft as `changed` makes it of the draft and the latest version."""
        with self._writing() as connection:
            draft = checks.checked(records.draft(connection), revision)
            values = {"changes": changed(draft, records.latest(connection)), "revision": revision + 1,
                      "updated_at": now(), "updated_by": by}
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


def _with(draft: Draft, latest: Version, sign_id: str, sign: Sign | None) -> str:
    """What the draft holds with a sign in place of the one of its id, or without it. Raises NotFound."""
    checks.must_be_known(sign_id, (*draft.signs(), *latest.signs()))
    kept = [one for one in draft.signs() if one.id != sign_id]
    return changes_text([*kept, sign] if sign else kept, draft.wordings())


def _add(connection: Connection, latest: Version, wanted: Version | Draft, *, by: str, note: str, confirmed: bool,
         typed: str, back_to: int | None = None) -> int:
    """Write the next version. Raises WantsConfirmation when it would find or say less and nobody confirmed that."""
    less = records.lost_between(records.readable(latest), wanted)
    checks.must_be_wanted(less, confirmed=confirmed, typed=typed)
    number = (connection.scalar(select(func.max(VERSIONS.c.number))) or 0) + 1
    connection.execute(insert(VERSIONS).values(
        number=number, changes=wanted.changes, published_at=now(), published_by=by, note=note, lowers=as_json(less),
        back_to=back_to))
    return number
