"""The fixed replies: all of them by tier, and a form to change one in both languages."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError, NotFound
from chatbot.safety.replies import review_state
from chatbot.safety.versions.compare import reworded
from chatbot.safety.wordings import LONGEST_WORDING, MUST_SAY, shipped_wordings, unsaid
from routes.auth import current_principal
from routes.clinical import versions
from routes.clinical_forms import number, read_wording
from routes.clinical_page import go, page
from routes.compression import compress

blueprint = APIBlueprint("clinical_replies", __name__, enable_openapi=False)
blueprint.after_request(compress)


@blueprint.get("/clinical/replies")
def replies() -> Response:
    """Every reply of the draft, the gravest first."""
    draft, latest = versions().draft(), versions().latest()
    return page("replies.html", draft=draft, wordings=draft.wordings(), done=request.args.get("done", ""),
                changed={one.sign for one in reworded(latest.wordings(), draft.wordings())},
                own={one.sign for one in reworded(shipped_wordings(), draft.wordings())})


@blueprint.get("/clinical/replies/<key>")
def reply(key: str) -> Response:
    """One reply, to read and to change."""
    return _reply_page(key)


@blueprint.post("/clinical/replies/<key>")
def change(key: str) -> Response:
    """Save a reply into the draft, or put it back as it ships."""
    try:
        revision, by = number(request.form, "revision"), current_principal().id
        if request.form.get("action") == "restore":
            versions().restore_wording(key, revision, by)
        else:
            versions().put_wording(key, read_wording(request.form), revision, by)
    except FunzaError as error:
        return _reply_page(key, error)
    return go("clinical_replies.replies", done="saved")


def _reply_page(key: str, error: FunzaError | None = None) -> Response:
    """Raises NotFound."""
    draft = versions().draft()
    kept = draft.wordings().get(key)
    if kept is None:
        raise NotFound("There is no such reply.")
    texts = read_wording(request.form) if error and request.form.get("action") != "restore" else kept
    tier, _, kind = key.partition(".")
    shown_for = [sign for sign in draft.signs() if (sign.reply or "general", sign.tier) == (kind, tier)]
    return page("reply.html", error=error, key=key, texts=texts, draft=draft, signs=draft.signs(), shown_for=shown_for,
                must_say=MUST_SAY[tier], unsaid=unsaid(key, texts), longest=LONGEST_WORDING,
                differs=kept != shipped_wordings()[key], shipped=shipped_wordings()[key],
                reviews={"en": review_state("en"), "sw": review_state("sw")})
