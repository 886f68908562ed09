"""The learner's quizzes: which there are, taking one on a phone, its result, and practising what was wrong.

Plain forms: all questions stand on one page, and `static/take.js` shows one at a time. No page holds anything about
right and wrong before the answers are given.
"""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chatbot.database import now
from chatbot.errors import InvalidInput, NotFound, RecordsUnavailable
from chatbot.quizzes.learning.attempts import Choice, Kind, Scored, answer_again, answer_quiz
from chatbot.quizzes.learning.progress import progress_of
from chatbot.quizzes.learning.results import result_of
from chatbot.quizzes.learning.spacing import due_items
from chatbot.quizzes.learning.statistics import note_flags
from chatbot.quizzes.records.editions import ShownQuiz, published_quizzes, shown_quiz
from chatbot.stages import all_stages
from routes.auth import current_principal
from routes.page_blueprint import page_blueprint
from routes.page_words import page_language, page_words
from routes.quiz_rooms import engine, quiz_named, zone
from routes.studio_forms import version_sent
from routes.studio_shapes import day

blueprint = page_blueprint("take", "/learn")
A_PAGE = 20


@blueprint.get("")
def home() -> str:
    """Quizzes to take, those in the page's language first; what is due again; and what she did so far."""
    after = request.args.get("after", "")
    found = published_quizzes(engine(), limit=A_PAGE + 1, after=after if len(after) == 26 else "")
    shown = sorted(found[:A_PAGE], key=lambda pair: pair[0].language != page_language())
    learner = current_principal().id
    progress = progress_of(engine(), learner, zone())
    return render_template(
        "learn/home.html", **page_words(), quizzes=shown, progress=progress, due=due_items(engine(), learner, 1),
        after=found[A_PAGE - 1][0].id if len(found) > A_PAGE else "", day=day, today=day(now()),
        stages={stage.id: stage.title for stage in all_stages()})


@blueprint.get("/quiz/<quiz_id>")
def quiz(quiz_id: str) -> str:
    """The questions of a published quiz."""
    return _page(shown_quiz(engine(), quiz_named(quiz_id)))


@blueprint.post("/quiz/<quiz_id>")
def answer(quiz_id: str) -> Response | tuple[str, int]:
    """Her answers: scored, and on to the result; or the questions again when one is not answered."""
    shown = shown_quiz(engine(), quiz_named(quiz_id), version_sent() or None)
    chosen = _chosen(shown)
    missing = [place for place, one in enumerate(shown.items, 1) if one.id not in chosen]
    if missing:
        return _page(shown, chosen, missing), 400
    kind: Kind = next((one for one in get_args(Kind) if one == request.form.get("kind")), "practice")
    done = answer_quiz(engine(), current_principal().id, quiz_id, [Choice(*pair) for pair in chosen.items()],
                       zone=zone(), kind=kind, version=shown.version)
    if done.first:
        with suppress(RecordsUnavailable):  # the attempt is kept; a later learner brings the flags up to date
            note_flags(engine(), quiz_id)
    return redirect(url_for("take.result", attempt_id=done.id, lang=page_language()), 303)


@blueprint.get("/result/<attempt_id>")
def result(attempt_id: str) -> str:
    """How she did: each answer, why each option is right or wrong, and where that comes from."""
    learner = current_principal().id
    done = result_of(engine(), learner, quiz_named(attempt_id))
    progress = progress_of(engine(), learner, zone())
    gain = next((one for one in progress.gains if one.quiz_id == done.quiz_id), None)
    return render_template("learn/result.html", **page_words(), done=done, progress=progress,
                           gain=gain if done.kind == "post" else None, title=_title(done.quiz_id))


@blueprint.get("/practice")
def practice() -> str:
    """One question that she missed before and that is due."""
    return _practice()


@blueprint.post("/practice")
def practise() -> str | tuple[str, int]:
    """Her answer, and why it is right or wrong."""
    choice = request.form.get("choice", "")
    if not (choice.isdecimal() and len(choice) == 1):
        return _practice(missing=True), 400
    scored = answer_again(engine(), current_principal().id, Choice(request.form.get("item", "")[:26], int(choice)),
                          zone=zone(), version=version_sent() or None)
    return _practice(scored)


def _practice(scored: Scored | None = None, *, missing: bool = False) -> str:
    due = due_items(engine(), current_principal().id, 1)
    return render_template("learn/practice.html", **page_words(), due=due, scored=scored, missing=missing, day=day,
                           today=day(now()))


def _page(shown: ShownQuiz, chosen: dict[str, int] | None = None, missing: list[int] | None = None) -> str:
    return render_template("learn/quiz.html", **page_words(), quiz=shown, chosen=chosen or {}, missing=missing or [],
                           kind=request.form.get("kind", "practice"))


def _chosen(shown: ShownQuiz) -> dict[str, int]:
    """Item id -> place of the option that the form names, of those that there are. Raises InvalidInput."""
    sent = {one.id: (request.form.get(one.id, ""), len(one.item.options)) for one in shown.items}
    wrong = next((item_id for item_id, (place, count) in sent.items()
                  if place and place not in {str(number) for number in range(count)}), None)
    if wrong is not None:
        raise InvalidInput("There is no option at that place.", field=wrong)
    return {item_id: int(place) for item_id, (place, _) in sent.items() if place}


def _title(quiz_id: str) -> str:
    """The quiz's title; empty when learners no longer see it."""
    try:
        return shown_quiz(engine(), quiz_id).title
    except NotFound:
        return ""
