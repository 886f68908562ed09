"""The educator's quiz studio: the list of quizzes, one quiz under review, its steps, and how learners do.

Plain pages and forms; `static/studio.js` adds keyboard shortcuts. Making a quiz is in `studio_new.py`, a question's
own pages in `studio_items.py`, the bank in `studio_bank.py`, files and paper in `studio_files.py`.
"""

from __future__ import annotations

from typing import get_args

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chatbot.errors import InvalidInput, NotFound
from chatbot.quizzes.learning.statistics import FEWEST, quiz_statistics
from chatbot.quizzes.records.bank import StoredQuiz, list_quizzes, read_quiz
from chatbot.quizzes.records.editions import items_of_edition
from chatbot.quizzes.records.release import Release
from chatbot.quizzes.records.states import OPEN, SHOWN, QuizStep
from chatbot.quizzes.records.transactions import reading
from chatbot.safety.levels import LEVELS, Triage
from chatbot.safety.replies import reply_text
from chatbot.safety.triage import triage
from chatbot.stages import all_stages, stage_named
from routes.installation import installation
from routes.page_blueprint import page_blueprint
from routes.page_words import page_language, page_words
from routes.quiz_rooms import engine, judge, quiz_named, release
from routes.quiz_schemas import QuizPatch, StepIn
from routes.studio_forms import checked_fields, version_sent
from routes.studio_shapes import LETTERS, cost_words, counts, day, flag_words, in_words, reviewed

blueprint = page_blueprint("studio", "/studio")

LISTED = ("in_review", "draft", "approved", "published", "retired")
"""States in the order in which they want attention."""
SAID: dict[str, str] = {"approve": "all_approved", "publish": "published", "retire": "retired", "submit": "submitted",
                        "reject": "sent_back", "reopen": "reopened"}
"""Step -> what the page says when it is done, an entry of `[said]`."""
A_FEW, A_PAGE = 6, 20


@blueprint.get("")
def home() -> str:
    """Quizzes by state; or those that the words or the state in the address choose."""
    words, state, after = request.args.get("q", "")[:200], request.args.get("status", ""), _ulid("after")
    chosen = [state] if state in LISTED else [""] if words else LISTED
    most = A_PAGE if len(chosen) == 1 else A_FEW
    pages = {one: list_quizzes(engine(), status=one, words=words, limit=most, after=after) for one in chosen}
    return render_template("studio/home.html", **page_words(), q=words, status=state, pages=pages, day=day,
                           stages={stage.id: stage.title for stage in all_stages()})


@blueprint.get("/quiz/<quiz_id>")
def quiz(quiz_id: str) -> str:
    """A quiz under review."""
    found, said = read_quiz(engine(), quiz_named(quiz_id), judge()), page_words()
    items = reviewed(found, said["words"], page_language())
    about = next((one for one in items if one.one.id == request.args.get("about")), None)
    return render_template(
        "studio/quiz.html", **said, quiz=found, items=items, counts=counts(items), day=day, letters=LETTERS,
        findings=in_words(found.findings, page_language()), cost=cost_words(found.cost_nano_usd, said["words"]),
        stage=stage_named(found.stage).title, notice=_notice(said["words"]["said"], about.place if about else 0),
        here=request.args.get("at", ""), help=_help(found), short=_number("short"))


@blueprint.post("/quiz/<quiz_id>/<step>")
def step(quiz_id: str, step: str) -> Response:
    """A step of the quiz as a whole. Publishing approves the quiz first, when every item is decided."""
    if step not in get_args(QuizStep) or step == "change":
        raise NotFound("There is no such step.")
    asked = checked_fields(StepIn, {"version": version_sent(), "reason": request.form.get("reason", "").strip()})
    editor, version = release(), asked.version
    if step == "publish":
        version = _approved_first(editor, quiz_named(quiz_id), version)
    getattr(editor, step)(quiz_named(quiz_id), version, asked.reason)
    return back_to(quiz_id, SAID[step])


@blueprint.post("/quiz/<quiz_id>/change")
def change(quiz_id: str) -> Response:
    """Another title; or an item one place up or down."""
    if "title" in request.form:
        patch = checked_fields(QuizPatch, {"version": version_sent(), "title": request.form["title"]})
        release().change(quiz_named(quiz_id), patch.version, title=patch.title)
        return back_to(quiz_id, "renamed")
    item, move = request.form.get("item", ""), request.form.get("move", "")
    order = _moved([one.id for one in read_quiz(engine(), quiz_named(quiz_id)).items], item, -1 if move == "up" else 1)
    release().change(quiz_id, version_sent(), order=order)
    return back_to(quiz_id, "moved", about=item, at=item)


@blueprint.get("/quiz/<quiz_id>/statistics")
def statistics(quiz_id: str) -> str:
    """How learners do: hidden while they are few."""
    found, said = read_quiz(engine(), quiz_named(quiz_id)), page_words()
    figures = quiz_statistics(engine(), quiz_id)
    with reading(engine()) as connection:
        shown = items_of_edition(connection, quiz_id, figures.version or 0)
    flags = {one.item_id: flag_words(one.flags, said["words"]) for one in figures.items}
    return render_template("studio/statistics.html", **said, quiz=found, figures=figures, flags=flags, fewest=FEWEST,
                           items={one.id: one.item for one in shown}, letters=LETTERS)


def back_to(quiz_id: str, said: str, *, about: str = "", at: str = "") -> Response:
    """Back to the review page, which says what was done with the item `about`, and shows the item `at`."""
    address = url_for("studio.quiz", quiz_id=quiz_id, lang=page_language(), said=said, about=about or None,
                      at=at or None, _anchor=f"item-{at}" if at else None)
    return redirect(address, 303)


def _approved_first(editor: Release, quiz_id: str, version: int) -> int:
    """The version to publish. A quiz whose items were approved one by one is not approved itself yet."""
    found = read_quiz(engine(), quiz_id)
    decided = not any(one.status in OPEN for one in found.items) and any(one.status in SHOWN for one in found.items)
    if found.status not in OPEN or found.version != version or not decided:
        return version
    return editor.approve(quiz_id, version).version


def _moved(order: list[str], item: str, by: int) -> list[str]:
    """The order with one item a place further. Raises InvalidInput."""
    if item not in order:
        raise InvalidInput("This item is not in the quiz.", field="item")
    place = order.index(item)
    other = min(max(place + by, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    return order


def _notice(said: dict[str, str], place: int) -> str:
    """What was just done, when the address says so."""
    return said.get(request.args.get("said", ""), "").format(place=place)


def _help(found: StoredQuiz) -> str:
    """What to do about danger signs in the topic or the text that she typed; only just after the quiz was made."""
    settings = installation().settings
    level = request.args.get("danger", "")
    if request.args.get("said") != "made":
        return ""
    seen = Triage(level) if level in LEVELS else triage(found.topic, found.stage)
    return reply_text(seen, page_language(), settings.emergency_numbers, settings.emergency_numbers_verified_on)


def _number(name: str) -> int:
    value = request.args.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 4 else 0


def _ulid(name: str) -> str:
    value = request.args.get(name, "")
    return value if len(value) == 26 and value.isalnum() else ""
