"""The question bank's page: every question of every quiz, found again, compared, and used in another quiz."""

from __future__ import annotations

from flask import render_template, request
from pydantic import ValidationError
from werkzeug.wrappers import Response

from chatbot.quizzes.records.bank import Wanted, list_quizzes, search, similar
from chatbot.stages import all_stages, stage_named
from routes.errors import first_mistake
from routes.page_blueprint import page_blueprint
from routes.page_words import page_words
from routes.quiz_items import item_from_bank
from routes.quiz_rooms import engine, quiz_named, review
from routes.quiz_schemas import BankQuery, ItemIn
from routes.studio import back_to
from routes.studio_forms import checked_fields
from routes.studio_shapes import LETTERS

blueprint = page_blueprint("studio_bank", "/studio/bank")
A_PAGE = 10
NEAREST = 3
"""Near duplicates that are shown of each question."""
OPEN_QUIZZES = 50
"""Newest quizzes that a question can be added to."""


@blueprint.get("")
def items() -> str:
    """The questions that fit the address, each with those that ask nearly the same."""
    asked = _asked()
    wanted = Wanted(words=asked.q, tag=asked.tag, stage=stage_named(asked.stage).id if asked.stage else "",
                    language=asked.language or "", status=asked.status or "", flagged=asked.flagged)
    page = search(engine(), wanted, limit=A_PAGE, after=asked.after or "")
    near = {one.id: similar(engine(), one.item.stem, but=one.id, limit=NEAREST) for one in page.found}
    quizzes = [quiz for quiz in list_quizzes(engine(), limit=OPEN_QUIZZES).found if quiz.status != "retired"]
    return render_template("studio/bank.html", **page_words(), asked=asked, page=page, near=near, quizzes=quizzes,
                           stages=all_stages(), letters=LETTERS)


@blueprint.post("/add")
def add() -> Response:
    """A copy of a question, at the end of a quiz."""
    quiz_id = quiz_named(request.form.get("quiz", ""))
    asked = checked_fields(ItemIn, {"from_item": request.form.get("item", "")})
    added = review().add(quiz_id, item_from_bank(asked))
    return back_to(quiz_id, "added", about=added.id, at=added.id)


def _asked() -> BankQuery:
    """What the address asks for; empty fields of the form count as left out. Raises InvalidInput."""
    names = ("q", "tag", "stage", "language", "status", "flagged", "after")
    try:
        return BankQuery.model_validate({name: request.args[name] for name in names if request.args.get(name)})
    except ValidationError as error:
        raise first_mistake(error) from None
