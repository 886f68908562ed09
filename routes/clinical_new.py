"""A new danger sign: an empty form, and what is typed into it put into the draft."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import request
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError
from routes.auth import current_principal
from routes.clinical import form_choices, versions
from routes.clinical_forms import number, read_new_sign, typed
from routes.clinical_page import go, page
from routes.compression import compress

blueprint = APIBlueprint("clinical_new", __name__, enable_openapi=False)
blueprint.after_request(compress)


@blueprint.get("/clinical/new")
def blank() -> Response:
    """The empty form."""
    return _form()


@blueprint.post("/clinical/new")
def add() -> Response:
    """Put a new sign into the draft."""
    try:
        versions().add(read_new_sign(request.form), number(request.form, "revision"), current_principal().id)
    except FunzaError as error:
        return _form(error)
    return go("clinical.overview", done="saved")


def _form(error: FunzaError | None = None) -> Response:
    fields = {"id": "", "group": "", "reply": "", "title": {"en": "", "sw": ""}} | typed(request.form)
    return page("new.html", error=error, fields=fields, draft=versions().draft(), **form_choices())
