"""One question of a quiz: approve, edit, reject, make another, its history; and two people editing it.

A change that was written over an older version is never saved without a word: both texts are shown, and she chooses.
"""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError, InvalidInput, NotFound, VersionConflict
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.item import BankItem, Evidence, Finding, Item, MadeBy
from chatbot.quizzes.records.bank import StoredQuiz, read_item, read_quiz, versions_of
from chatbot.quizzes.records.history import changes
from chatbot.quizzes.records.states import OPEN
from routes.errors import status_of
from routes.installation import installation
from routes.page_blueprint import page_blueprint
from routes.page_words import page_language, page_words
from routes.quiz_items import item_by_hand
from routes.quiz_making import order_to_remake, refuse_double_click
from routes.quiz_rooms import engine, item_named, judge, quiz_named, review
from routes.quiz_schemas import RollBackIn, StepIn
from routes.quiz_shapes import edit_of
from routes.studio import back_to
from routes.studio_forms import ItemForm, checked_fields, must_have_key, number_sent, version_sent, written_in
from routes.studio_shapes import LETTERS, day, in_words, names
from routes.studio_source import source_of

blueprint = page_blueprint("studio_items", "/studio/quiz/<quiz_id>")


@blueprint.post("/item/<item_id>/approve")
def approve(quiz_id: str, item_id: str) -> Response:
    """Approve a question, and go on to the next one that waits. A second click finds it approved already."""
    try:
        review().approve(*item_named(quiz_id, item_id), version_sent())
    except VersionConflict:
        if read_item(engine(), quiz_id, item_id).status != "approved":
            raise
    return back_to(quiz_id, "approved", about=item_id, at=_next_open(quiz_id, item_id))


@blueprint.post("/item/<item_id>/reject")
def reject(quiz_id: str, item_id: str) -> Response:
    """Reject a question, for a reason."""
    asked = checked_fields(StepIn, {"version": version_sent(), "reason": request.form.get("reason", "").strip()})
    review().reject(*item_named(quiz_id, item_id), asked.version, asked.reason)
    return back_to(quiz_id, "rejected", about=item_id, at=_next_open(quiz_id, item_id))


@blueprint.post("/item/<item_id>/remake")
def remake(quiz_id: str, item_id: str) -> Response:
    """Another question in the place of this one; it may ask a model."""
    editor, version = review(), version_sent()
    old = editor.check(*item_named(quiz_id, item_id), version)
    order = order_to_remake(quiz_id, old)
    refuse_double_click()
    editor.replace(quiz_id, item_id, version, installation().service.remake_item(order, old.item))
    return back_to(quiz_id, "remade", about=item_id, at=item_id)


@blueprint.post("/item/<item_id>/rollback")
def roll_back(quiz_id: str, item_id: str) -> Response:
    """The words of an earlier version again."""
    asked = checked_fields(RollBackIn, {"version": version_sent(), "to": number_sent("to")})
    review().roll_back(*item_named(quiz_id, item_id), asked.version, asked.to)
    return back_to(quiz_id, "rolled_back", about=item_id, at=item_id)


@blueprint.post("/item/<item_id>/remove")
def remove(quiz_id: str, item_id: str) -> Response:
    """Out of this quiz; its history stays."""
    review().delete(*item_named(quiz_id, item_id), version_sent())
    return back_to(quiz_id, "removed")


@blueprint.get("/item/<item_id>/edit")
def edit(quiz_id: str, item_id: str) -> str:
    """The question in a form."""
    one = read_item(engine(), *item_named(quiz_id, item_id))
    return _form(quiz_id, ItemForm.of(one.item, one.version), one.item, one)


@blueprint.post("/item/<item_id>/edit")
def save(quiz_id: str, item_id: str) -> Response | str | tuple[str, int]:
    """The form: saved; or only checked; or shown again with what to put right, or beside what somebody else saved."""
    one, form = read_item(engine(), *item_named(quiz_id, item_id)), ItemForm.sent(request.form)
    if "check" in request.form:
        return _form(quiz_id, form, one.item, one)
    try:
        must_have_key(form, one.item.evidence)
        changed = edit_of(form.patch(one.item.evidence), one.item.language)
        review().edit(quiz_id, item_id, form.version, changed)
    except VersionConflict as error:
        return _conflict(quiz_id, read_item(engine(), quiz_id, item_id), form), status_of(type(error))
    except InvalidInput as error:
        return _form(quiz_id, form, one.item, one, error), status_of(type(error))
    return back_to(quiz_id, "saved", about=item_id, at=item_id)


@blueprint.get("/add")
def new(quiz_id: str) -> str:
    """An empty form."""
    quiz = read_quiz(engine(), quiz_named(quiz_id))
    return _form(quiz_id, ItemForm(), written_in(quiz.language))


@blueprint.post("/add")
def add(quiz_id: str) -> Response | str | tuple[str, int]:
    """The form of a question that an educator wrote: added at the end, or shown again."""
    quiz, form = read_quiz(engine(), quiz_named(quiz_id)), ItemForm.sent(request.form)
    empty = written_in(quiz.language)
    if "check" in request.form:
        return _form(quiz_id, form, empty)
    try:
        must_have_key(form, Evidence())
        added = review().add(quiz_id, item_by_hand(quiz_id, form.new()))
    except InvalidInput as error:
        return _form(quiz_id, form, empty, error=error), status_of(type(error))
    return back_to(quiz_id, "added", about=added.id, at=added.id)


@blueprint.post("/lint")
def lint(quiz_id: str) -> str:
    """What the lint says of the form as it stands: the piece of the page that `static/studio_edit.js` puts in."""
    item_id, quiz = request.args.get("item", ""), read_quiz(engine(), quiz_named(quiz_id))
    before = read_item(engine(), *item_named(quiz_id, item_id)).item if item_id else written_in(quiz.language)
    form = ItemForm.sent(request.form)
    said = page_words()
    return render_template("studio/_findings.html", **said, findings=_lint(quiz, form, before, item_id))


@blueprint.get("/item/<item_id>/history")
def history(quiz_id: str, item_id: str) -> str:
    """Every version of a question, what changed, and a way back."""
    one = read_item(engine(), *item_named(quiz_id, item_id))
    versions = versions_of(engine(), quiz_id, item_id)
    said = page_words()
    return render_template("studio/history.html", **said, quiz=read_quiz(engine(), quiz_id), one=one,
                           place=_place(quiz_id, item_id), versions=versions, day=day, letters=LETTERS,
                           who=names((version.by for version in versions), said["words"]))


def _form(quiz_id: str, form: ItemForm, before: Item, one: BankItem | None = None,
          error: FunzaError | None = None) -> str:
    quiz = read_quiz(engine(), quiz_id)
    stage = [card for card in all_cards() if card.stage == quiz.stage]
    field = (error.field or "").partition(".")[0] if error else ""
    return render_template(
        "studio/edit.html", **page_words(), quiz=quiz, one=one, form=form, before=before, letters=LETTERS, cards=stage,
        place=_place(quiz_id, one.id) if one else 0, error=error, error_field=field,
        findings=_lint(quiz, form, before, one.id if one else "") if one or form.question else (),
        source=source_of(_evidence(form, before), before.language))


def _lint(quiz: StoredQuiz, form: ItemForm, before: Item, item_id: str) -> tuple[Finding, ...]:
    try:
        item = form.item(before).model_copy(update={"stage": quiz.stage})
    except InvalidInput:  # a quote that is far too long; saving says so
        item = before.model_copy(update={"stem": form.question, "made_by": MadeBy(path="person")})
    return in_words(judge().item(item, quiz_id=quiz.id, item_id=item_id), page_language())


def _evidence(form: ItemForm, before: Item) -> Evidence:
    try:
        return form.item(before).evidence
    except InvalidInput:
        return before.evidence


def _conflict(quiz_id: str, now: BankItem, form: ItemForm) -> str:
    """What she wrote beside what somebody else saved: she chooses, nothing is overwritten without a word."""
    try:
        differs: list[dict[str, Any]] = changes(now.item, form.item(now.item).model_copy(update={
            "difficulty": form.difficulty, "bloom": form.bloom,
            "tags": tuple(form.fields(now.item.evidence)["tags"])}))
    except (InvalidInput, ValueError):
        differs = []
    said = page_words()
    who = names([now.updated_by], said["words"])[now.updated_by]
    return render_template("studio/conflict.html", **said, quiz=read_quiz(engine(), quiz_id), now=now, who=who,
                           form=form.at(now.version), differs=differs, letters=LETTERS, place=_place(quiz_id, now.id))


def _next_open(quiz_id: str, item_id: str) -> str:
    """The next question that waits for a decision, from this one on and around; this one when none does."""
    items = read_quiz(engine(), quiz_id).items
    place = next((place for place, one in enumerate(items) if one.id == item_id), 0)
    return next((one.id for one in (*items[place + 1:], *items[:place]) if one.status in OPEN), item_id)


def _place(quiz_id: str, item_id: str) -> int:
    order = [one.id for one in read_quiz(engine(), quiz_id).items]
    if item_id not in order:
        raise NotFound("There is no such item in this quiz.")
    return order.index(item_id) + 1
