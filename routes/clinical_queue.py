"""The queue of escalations as a page: what is open and for how long, one record with its note, and all as CSV."""

from __future__ import annotations

from typing import Any, get_args

from apiflask import APIBlueprint
from flask import Response as FileResponse
from flask import request
from werkzeug.wrappers import Response

from chatbot.database import now
from chatbot.errors import FunzaError, InvalidInput
from chatbot.safe_csv import csv_text
from chatbot.safety.escalation.escalations import LONGEST_NOTE, STATES, Escalated, Shown, Tier
from routes.auth import current_principal
from routes.clinical_forms import number
from routes.clinical_page import called, go, page
from routes.compression import compress
from routes.escalations import the_queue, words
from routes.installation import installation

blueprint = APIBlueprint("clinical_queue", __name__, enable_openapi=False)
blueprint.after_request(compress)
SHOWN: tuple[Shown, ...] = get_args(Shown)
CSV_HEADER = ("id", "at", "tier", "signs", "stage", "language", "surface", "conversation_id", "rules_version", "state",
              "state_at", "state_by", "minutes", "overdue", "note")


@blueprint.get("/clinical/queue")
def queue() -> Response:
    """What a person should see to: emergencies first, the longest wait first."""
    return _queue_page()


@blueprint.get("/clinical/queue.csv")
def as_csv() -> Response:
    """The records that the filter shows, oldest first."""
    shown, tier = _filter()
    rows: list[Escalated] = []
    while found := the_queue().find(shown, tier, after=rows[-1].id if rows else ""):
        rows += found
    name = f"funza-escalations-{now():%Y-%m-%d}.csv"
    return FileResponse(csv_text(CSV_HEADER, map(_cells, rows)), mimetype="text/csv",
                        headers={"Content-Disposition": f'attachment; filename="{name}"'})


@blueprint.get("/clinical/queue/<record>")
def one(record: str) -> Response:
    """One record, its words where their subject allows that, and the form to say what was done."""
    return _record_page(record)


@blueprint.post("/clinical/queue/<record>")
def change(record: str) -> Response:
    """Say where a record stands."""
    form = request.form
    try:
        state = next((one for one in STATES if one == form.get("state")), None)
        if state is None:
            raise InvalidInput("Choose where this record stands.", field="state")
        the_queue().change(record, state, form.get("note", ""), number(form, "version"), current_principal().id)
    except FunzaError as error:
        return _queue_page(error) if form.get("from") == "queue" else _record_page(record, error)
    return go("clinical_queue.queue") if form.get("from") == "queue" else go("clinical_queue.one", record=record,
                                                                               done="saved")


def _queue_page(error: FunzaError | None = None) -> Response:
    shown, tier = _filter()
    found = the_queue().gravest_first(shown, tier)
    return page("queue.html", error=error, records=found, shown=shown, asked_tier=tier or "", all_shown=SHOWN,
                counts=the_queue().counts(), minutes=installation().settings.escalation_minutes, now=now(),
                called=called(one.state_by for one in found))


def _record_page(record: str, error: FunzaError | None = None) -> Response:
    found = the_queue().one(record)
    typed = request.form if error else {"state": found.state, "note": found.note}
    return page("record.html", error=error, record=found, states=STATES, typed=typed, longest=LONGEST_NOTE,
                said=words(found), done=request.args.get("done", ""),
                called=called([found.state_by, found.principal]))


def _filter() -> tuple[Shown, Tier | None]:
    """What the address asks to see; what is open when it asks for nothing that there is."""
    shown: Shown = next((one for one in SHOWN if one == request.args.get("show")), "open")
    return shown, next((one for one in get_args(Tier) if one == request.args.get("tier")), None)


def _cells(of: Escalated) -> list[Any]:
    return [of.id, of.at.isoformat(), of.tier, " ".join(of.signs), of.stage, of.language, of.surface,
            of.conversation_id, of.rules, of.state, of.state_at.isoformat() if of.state_at else None, of.state_by,
            of.minutes, of.overdue, of.note]
