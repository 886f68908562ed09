"""Publishing a draft of the danger signs, reading what was published before, and going back to it."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError, NotFound
from chatbot.safety.versions.records import changed_between, lost_between, readable
from chatbot.safety.versions.suite import blocking, run_suite
from routes.auth import current_principal
from routes.clinical import versions
from routes.clinical_forms import number
from routes.clinical_page import called, go, page
from routes.compression import compress
from routes.installation import installation

blueprint = APIBlueprint("clinical_versions", __name__, enable_openapi=False)
blueprint.after_request(compress)


@blueprint.get("/clinical/publish")
def ready() -> Response:
    """What the draft changes, what it would find less, and whether its examples pass."""
    return _publish_page()


@blueprint.post("/clinical/publish")
def publish() -> Response:
    """Make the draft the next version."""
    form = request.form
    try:
        new = versions().publish(number(form, "revision"), current_principal().id, form.get("note", ""),
                                 confirmed=form.get("confirmed") == "yes", typed=form.get("typed", ""))
    except FunzaError as error:
        return _publish_page(error)
    installation().service.rules.look()
    return go("clinical_versions.version", asked=str(new), done="published")


@blueprint.get("/clinical/history")
def history() -> Response:
    """Every version, the latest first."""
    found = versions().history()
    return page("history.html", versions=found, latest=found[0], here=installation().service.rules.number,
                called=called(one.published_by for one in found))


@blueprint.get("/clinical/history/<asked>")
def version(asked: str) -> Response:
    """One version: what it changed, and the way back to it."""
    return _version_page(_number(asked))


@blueprint.post("/clinical/history/<asked>")
def go_back(asked: str) -> Response:
    """Publish an earlier version anew."""
    form, to = request.form, _number(asked)
    try:
        new = versions().go_back(to, number(form, "seen"), current_principal().id, form.get("note", ""),
                                 confirmed=form.get("confirmed") == "yes", typed=form.get("typed", ""))
    except FunzaError as error:
        return _version_page(to, error)
    installation().service.rules.look()
    return go("clinical_versions.version", asked=str(new), done="published")


def _publish_page(error: FunzaError | None = None) -> Response:
    kept = versions()
    draft, latest = kept.draft(), kept.latest()
    signs, before = draft.signs(), latest.signs()
    result = run_suite(signs) if draft.revision else None
    return page("publish.html", error=error, draft=draft, latest=latest, changed=changed_between(latest, draft),
                less=lost_between(latest, draft), result=result, note=request.form.get("note", ""),
                blocking=blocking(result, before, signs) if result else (), typed=request.form.get("typed", ""),
                signs=(*before, *signs), called=called([draft.updated_by]))


def _version_page(wanted: int, error: FunzaError | None = None) -> Response:
    kept = versions()
    shown, latest = kept.version(wanted), kept.latest()
    before = kept.version(wanted - 1) if wanted else None
    is_old, now = shown.number != latest.number, readable(latest)
    return page("version.html", error=error, version=shown, latest=latest, before=before,
                changed=changed_between(before, shown) if before else (),
                to_here=changed_between(now, shown) if is_old else (),
                less=lost_between(now, shown) if is_old else (), signs=(*now.signs(), *shown.signs()),
                note=request.form.get("note", ""), typed=request.form.get("typed", ""),
                done=request.args.get("done", ""), here=installation().service.rules.number,
                called=called([shown.published_by]))


def _number(asked: str) -> int:
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise NotFound("There is no such version.")
    return int(asked)
