"""The clinical lead's pages: the danger signs in force, a draft to change them in, messages to try, the suite to run.

A new sign is in `clinical_new.py`, the replies in `clinical_replies.py`; what is published, and the way back, in
`clinical_versions.py`; the people's queue in `clinical_queue.py`. All of it works without JavaScript. A message that is
tried is neither kept nor logged.
"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError, InvalidInput, NotFound, TooLong
from chatbot.safety.levels import Triage
from chatbot.safety.replies import reply_text
from chatbot.safety.signs import STAGES, Sign, all_signs, read_sources, shipped_signs
from chatbot.safety.versions.compare import differences
from chatbot.safety.versions.records import Draft, changed_between
from chatbot.safety.versions.suite import run_suite
from chatbot.safety.versions.text import table_of
from chatbot.safety.versions.trial import Trial, try_message, understood
from chatbot.safety.versions.versions import SafetyVersions
from chatbot.safety.wordings import reply_kinds
from chatbot.safety.words.lexicon import the_lexicon
from routes.auth import current_principal
from routes.clinical_forms import GROUPS, number, read_sign, typed
from routes.clinical_page import called, go, page
from routes.compression import compress
from routes.installation import installation
from routes.words import Language

blueprint = APIBlueprint("clinical", __name__, enable_openapi=False)
blueprint.after_request(compress)


@blueprint.get("/clinical")
def overview() -> Response:
    """All signs, what the draft changes, and which version is in force."""
    return _overview()


@blueprint.get("/clinical/signs/<sign_id>")
def sign(sign_id: str) -> Response:
    """One sign of the draft, to read and to change."""
    return _sign_page(sign_id, versions().draft())


@blueprint.post("/clinical/signs/<sign_id>")
def change(sign_id: str) -> Response:
    """Save a sign into the draft, take it out, or put it back as it ships."""
    draft, kept = versions().draft(), versions()
    try:
        revision, by = number(request.form, "revision"), current_principal().id
        match request.form.get("action"):
            case "take_out":
                kept.take_out(sign_id, revision, by)
            case "restore":
                kept.restore(sign_id, revision, by)
            case _:
                kept.put(read_sign(request.form, _sign(sign_id, draft)), revision, by)
    except FunzaError as error:
        return _sign_page(sign_id, draft, error=error)
    return go("clinical.overview", done="saved")


@blueprint.post("/clinical/discard")
def discard() -> Response:
    """Throw the draft away."""
    try:
        versions().discard(number(request.form, "revision"))
    except FunzaError as error:
        return _overview(error)
    return go("clinical.overview", done="discarded")


@blueprint.get("/clinical/try")
def trial() -> Response:
    """The empty box."""
    return page("try.html", stages=STAGES, longest=installation().settings.max_message_chars, draft=versions().draft())


@blueprint.post("/clinical/try")
def tried() -> Response:
    """What the rules in force, and those of the draft, make of a message."""
    message, stage = request.form.get("message", "").strip(), request.form.get("stage", "")
    longest, draft, error = installation().settings.max_message_chars, versions().draft(), None
    columns: list[tuple[str, Trial]] = []
    if not message or stage not in ("", *STAGES):
        error = InvalidInput("Write a message to try." if not message else "There is no such stage.",
                             field="stage" if message else "message")
    elif len(message) > longest:
        error = TooLong(f"The message is longer than {longest} characters.", field="message")
    else:
        columns.append(("in_force", try_message(message, stage or None, all_signs())))
        if draft.revision:
            columns.append(("draft", try_message(message, stage or None, draft.signs())))
    spoken: Language = "sw" if request.form.get("language") == "sw" else "en"
    return page("try.html", error=error, stages=STAGES, longest=longest, draft=draft, message=message, stage=stage,
                spoken=spoken, columns=columns, signs=draft.signs(),
                understood=understood(message, (*all_signs(), *draft.signs())) if columns else (),
                replies={name: _reply(one, spoken, draft if name == "draft" else None) for name, one in columns})


@blueprint.get("/clinical/suite")
def suite() -> Response:
    """What the suite is, and a button to run it."""
    return page("suite.html", draft=versions().draft(), which="in_force")


@blueprint.post("/clinical/suite")
def run() -> Response:
    """Try every example on the rules in force, or on those of the draft."""
    draft = versions().draft()
    which = "draft" if request.form.get("which") == "draft" and draft.revision else "in_force"
    return page("suite.html", draft=draft, which=which, signs=draft.signs(),
                result=run_suite(draft.signs() if which == "draft" else all_signs()))


def versions() -> SafetyVersions:
    """The versions of this installation."""
    return SafetyVersions(installation().service.engine)


def _overview(error: FunzaError | None = None) -> Response:
    kept = versions()
    draft, latest = kept.draft(), kept.latest()
    left = {one.id: one for one in draft.signs()}
    everything = {one.id: one for one in (*shipped_signs(), *latest.signs(), *draft.signs())}.values()
    return page(
        "overview.html", error=error, draft=draft, latest=latest, here=installation().service.rules.number, left=left,
        groups=[(group, [one for one in everything if one.group == group]) for group in GROUPS], signs=everything,
        changed={one.sign for one in changed_between(latest, draft)},
        own={one.sign for one in differences(shipped_signs(), draft.signs())}, done=request.args.get("done", ""),
        called=called([latest.published_by, draft.updated_by]))


def _sign_page(sign_id: str, draft: Draft, *, error: FunzaError | None = None) -> Response:
    shown, taken_out = _sign(sign_id, draft), sign_id not in {one.id for one in draft.signs()}
    fields = table_of(shown)
    if error is not None and request.form.get("action", "save") == "save":
        fields |= typed(request.form)
    before = next((one for one in (*shipped_signs(), *versions().latest().signs()) if one.id == sign_id), None)
    return page("sign.html", error=error, sign=shown, taken_out=taken_out, fields=fields, draft=draft, signs=(shown,),
                differs=before is not None and (taken_out or shown != before), **form_choices())


def form_choices() -> dict[str, Any]:
    """What a form for a sign offers to choose from."""
    return {"stages": STAGES, "sources": read_sources(), "kinds": reply_kinds(), "groups": GROUPS,
            "concepts": sorted(the_lexicon().kinds.items())}


def _sign(sign_id: str, draft: Draft) -> Sign:
    """The sign as the draft has it, else as it is in force or ships. Raises NotFound."""
    for one in (*draft.signs(), *versions().latest().signs(), *shipped_signs()):
        if one.id == sign_id:
            return one
    raise NotFound("There is no such sign.")


def _reply(one: Trial, language: Language, draft: Draft | None) -> str:
    """What a woman would be told first; with `draft` by its signs and replies."""
    settings = installation().settings
    found = Triage(one.level, tuple(match.sign.id for match in one.matches))
    return reply_text(found, language, settings.emergency_numbers, settings.emergency_numbers_verified_on,
                      signs=draft.signs() if draft else (), wordings=draft.wordings() if draft else None)
