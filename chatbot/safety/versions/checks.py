"""What must hold before a draft is saved or a version published, and the errors that say what does not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatbot.errors import Conflict, InvalidInput, NotFound, VersionConflict
from chatbot.safety.signs import Sign, shipped_signs
from chatbot.safety.versions.compare import Lowered, to_type
from chatbot.safety.versions.records import Draft, Version
from chatbot.safety.versions.suite import blocking, run_suite
from chatbot.safety.wordings import Wording, faults_of, shipped_wordings

LONGEST_NOTE = 300
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_ID = 40


class ExamplesFail(Conflict):
    code = "examples_fail"
    title = "A version that fails its own examples cannot be published"


class WantsConfirmation(Conflict):
    code = "wants_confirmation"
    title = "This version would find less than the one in force: say once more that you want it"


def must_be_new(sign_id: str, known: Iterable[Sign]) -> None:
    """Raises InvalidInput for an id of another form, or one that is taken (also by a shipped sign that is out)."""
    if not _ID.fullmatch(sign_id) or len(sign_id) > LONGEST_ID:
        raise InvalidInput("An id is small letters and digits with single hyphens between, at most "
                           f"{LONGEST_ID} characters.", field="id", remedy="For example: swollen-leg.")
    if sign_id in {sign.id for sign in (*shipped_signs(), *known)}:
        raise InvalidInput(f"There is a sign {sign_id} already.", field="id", remedy="Change that one, or choose "
                           "another id.")


def must_be_known(sign_id: str, known: Iterable[Sign]) -> None:
    """Raises NotFound."""
    if sign_id not in {sign.id for sign in (*shipped_signs(), *known)}:
        raise NotFound("There is no such sign.", field="sign")


def must_be_sound(key: str, wording: Wording) -> None:
    """Raises NotFound for a reply that there is not, InvalidInput naming the language whose text cannot be shown."""
    if key not in shipped_wordings():
        raise NotFound("There is no such reply.", field="reply")
    for language, text in wording.items():
        for fault in faults_of(text):
            raise InvalidInput(fault, field=language)


def must_pass(before: tuple[Sign, ...], signs: tuple[Sign, ...]) -> None:
    """Raises ExamplesFail."""
    if failed := blocking(run_suite(signs), before, signs):
        raise ExamplesFail(f"Signs whose examples fail: {', '.join(failed)}.")


def must_be_wanted(less: tuple[Lowered, ...], *, confirmed: bool, typed: str) -> None:
    """Raises WantsConfirmation: for whatever finds less a yes, for what is grave also its name, typed."""
    names = to_type(less)
    if missing := [name for name in names if name not in typed.replace(",", " ").split()]:
        raise WantsConfirmation(f"Type what would be lost, to show that you have seen it: {' '.join(missing)}",
                                field="typed")
    if less and not confirmed:
        raise WantsConfirmation(f"Signs that would be looked for less: {', '.join(one.sign for one in less)}.",
                                field="confirmed")


def checked(draft: Draft, revision: int) -> Draft:
    """The draft, when `revision` is its latest. Raises VersionConflict."""
    if draft.revision == revision:
        return draft
    if draft.revision == 0:
        raise VersionConflict("This draft was published or discarded in the meantime.")
    when = draft.updated_at.strftime("%Y-%m-%d %H:%M UTC") if draft.updated_at else ""
    raise VersionConflict(f"{draft.updated_by} changed the draft at {when} (revision {draft.revision}).")


def published_since(latest: Version) -> VersionConflict:
    return VersionConflict(f"{latest.published_by} has published version {latest.number} in the meantime.")


def said(note: str) -> str:
    """The note without spaces around it. Raises InvalidInput."""
    note = note.strip()
    if not note:
        raise InvalidInput("Say in the note what changes, and why.", field="note")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"The note is longer than {LONGEST_NOTE} characters.", field="note")
    return note
