"""Making a quiz: choose a stage, then where the questions come from and how they should be.

Without JavaScript the form waits until the quiz is there. With it, `static/studio_new.js` sends the same wishes to
POST /api/v1/quizzes as a stream, and shows each question as it arrives.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chatbot.documents.store import Documents
from chatbot.documents.upload import read_upload
from chatbot.errors import FunzaError, InvalidInput
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.records.twice import refuse_twice
from chatbot.stages import Stage, all_stages, stage_named
from routes.auth import current_principal
from routes.errors import BodyTooLarge, status_of
from routes.idempotency import HEADER
from routes.installation import installation
from routes.page_blueprint import page_blueprint
from routes.page_words import page_language, page_words
from routes.quiz_making import make as make_quiz
from routes.quiz_making import prepare
from routes.quiz_rooms import engine
from routes.quiz_schemas import QuizIn
from routes.studio_forms import order_of

blueprint = page_blueprint("studio_new", "/studio/new")
EARLIER = 20
"""Documents that were sent before, to choose from."""
USUAL: dict[str, str] = {"source": "cards", "count": "10", "options": "4", "difficulty": "", "language": ""}


@blueprint.get("")
def choose() -> str:
    """The stages; or the form of the one in the address."""
    stage = next((one for one in all_stages() if one.id == request.args.get("stage")), None)
    if stage is None:
        cards = Counter(card.stage for card in all_cards())
        return render_template("studio/stages.html", **page_words(), stages=all_stages(), cards=cards)
    return _form(stage)


@blueprint.post("")
def make() -> Response | tuple[str, int]:
    """The form, sent without JavaScript: on to the quiz when it is made, or the form again with what to put right."""
    stage = stage_named(request.form.get("stage", ""))
    try:
        order = order_of(request.form, stage.id, _document())
        _refuse_double_click(order)
        making = prepare(order)
        made = make_quiz(making)
    except InvalidInput as error:
        return _form(stage, error), status_of(type(error))
    return redirect(url_for("studio.quiz", quiz_id=made.id, lang=page_language(), said="made",
                            short=made.short_of or None, danger=making.order.triage.level if made.help else None), 303)


def _refuse_double_click(order: QuizIn) -> None:
    """The same wishes within two seconds; a browser's form differs in its boundary each time. Raises AskedTwice."""
    if HEADER not in request.headers:
        refuse_twice(engine(), current_principal().id, request.path, order.model_dump_json().encode())


def _document() -> str:
    """The id of the document that was sent, or chosen; empty for another source. Raises InvalidInput."""
    if request.form.get("source") != "file":
        return ""
    file = request.files.get("file")
    if file is None or not file.filename:
        earlier = request.form.get("document_id", "")
        if not earlier:
            raise InvalidInput("There is no file in this form.", field="file")
        return earlier
    data = file.read()
    if len(data) > installation().settings.max_upload_bytes:
        raise BodyTooLarge("The file is too large.", field="file")
    return Documents(engine()).add(read_upload(file.filename, data), current_principal().id)[0].id


def _form(stage: Stage, error: FunzaError | None = None) -> str:
    said = page_words()
    sent: dict[str, Any] = {**USUAL, **(request.form.to_dict() if error else {})}
    topics = Counter(card.topic for card in all_cards() if card.stage == stage.id)
    named = {topic: said["words"]["topic"].get(topic, topic) for topic in topics}
    return render_template(
        "studio/new.html", **said, stage=stage, topics=sorted(named.items(), key=lambda pair: pair[1].casefold()),
        chosen=request.form.getlist("topic"), sent=sent, error=error, error_field=_field(error),
        documents=Documents(engine()).all(limit=EARLIER))


def _field(error: FunzaError | None) -> str:
    """The part of the form to put right; the source where the error names no part that the form has."""
    field = (error.field or "").partition(".")[0] if error else ""
    return {"document_id": "file"}.get(field, field)
