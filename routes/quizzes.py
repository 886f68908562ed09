"""Quizzes for educators: make one, look at it, take it through review, see how its items do."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from chatbot.quizzes.learning.statistics import FEWEST, ItemStatistics, quiz_statistics
from chatbot.quizzes.records.bank import changes_of, flags_of, list_quizzes, read_quiz
from chatbot.stages import stage_named
from routes.idempotency import costs
from routes.quiz_making import make, prepare, stream
from routes.quiz_rooms import engine, judge, quiz_named, release
from routes.quiz_schemas import (
    GainOut,
    ItemStatisticsOut,
    LintIn,
    LintOut,
    MadeQuizOut,
    QuizHead,
    QuizIn,
    QuizOut,
    QuizPatch,
    QuizQuery,
    QuizzesOut,
    StatisticsOut,
    StepIn,
    VersionsOut,
)
from routes.quiz_shapes import findings, item_to_lint, quiz_head, version_out, whole_quiz
from routes.schemas import Responses

blueprint = APIBlueprint("quizzes", __name__, url_prefix="/api/v1", tag="Quizzes")

EVENTS: Responses = {201: {"content": {"text/event-stream": {
    "schema": {"type": "string"},
    "example": 'event: item\ndata: {"item":{"id":"...","question":"..."},"done":1,"of":10}\n\n'
               'event: done\ndata: {"id":"...","items":["..."]}\n\n'}}}}


@blueprint.post("/quizzes")
@blueprint.input(QuizIn, arg_name="asked")
@blueprint.output(MadeQuizOut, status_code=201)
@blueprint.doc(responses=EVENTS)
@costs()
def make_quiz(asked: QuizIn) -> MadeQuizOut | Response:
    """Make a draft quiz, each key resting on a quote of its source.

    With `stream: true` the answer is `text/event-stream`: `item` for each item, `progress` with a note now and then,
    then exactly one `done` (the quiz) or one `error` (a problem). Comments are heartbeats. The same body again within
    two seconds is refused, unless an Idempotency-Key tells the two apart.
    """
    making = prepare(asked)
    return stream(making) if asked.stream else make(making)


@blueprint.get("/quizzes")
@blueprint.input(QuizQuery, location="query", arg_name="asked")
@blueprint.output(QuizzesOut)
def all_quizzes(asked: QuizQuery) -> QuizzesOut:
    """List quizzes, newest first, without their items."""
    page = list_quizzes(engine(), status=asked.status or "", stage=stage_named(asked.stage).id if asked.stage else "",
                        words=asked.q, limit=asked.limit, after=asked.after or "")
    return QuizzesOut(quizzes=[QuizHead(**quiz_head(quiz)) for quiz in page.found], after=page.after)


@blueprint.post("/quizzes/lint")
@blueprint.input(LintIn, arg_name="asked")
@blueprint.output(LintOut)
def lint(asked: LintIn) -> LintOut:
    """Say what is wrong with an item that is being written. Asks no model and stores nothing."""
    item = item_to_lint(asked, stage_named(asked.stage).id if asked.stage else "")
    return LintOut(lint=findings(judge().item(item, quiz_id=asked.quiz_id or "", item_id=asked.item_id or "")))


@blueprint.get("/quizzes/<quiz_id>")
@blueprint.output(QuizOut)
def quiz(quiz_id: str) -> dict[str, Any]:
    """Show a quiz with its items and what the lint says."""
    found = read_quiz(engine(), quiz_named(quiz_id), judge())
    return whole_quiz(found, flags_of(engine(), [one.id for one in found.items]))


@blueprint.patch("/quizzes/<quiz_id>")
@blueprint.input(QuizPatch, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def change_quiz(quiz_id: str, asked: QuizPatch) -> dict[str, Any]:
    """Change the title, or the order of the items."""
    return whole_quiz(release().change(quiz_named(quiz_id), asked.version, title=asked.title, order=asked.order))


@blueprint.get("/quizzes/<quiz_id>/versions")
@blueprint.output(VersionsOut)
def quiz_versions(quiz_id: str) -> VersionsOut:
    """Tell who did what to the quiz as a whole, and when; items have a history of their own."""
    return VersionsOut(versions=[version_out(one) for one in changes_of(engine(), quiz_named(quiz_id))])


@blueprint.post("/quizzes/<quiz_id>/submit")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def submit(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Hand a draft in for review."""
    return whole_quiz(release().submit(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.post("/quizzes/<quiz_id>/approve")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def approve(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Approve every open item without a blocking finding, and the quiz when none is left open.

    Whoever made an item may approve it: an organisation may have one educator only. The history says who did.
    """
    return whole_quiz(release().approve(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.post("/quizzes/<quiz_id>/reject")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def reject(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Send a quiz back to its author, for a reason."""
    return whole_quiz(release().reject(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.post("/quizzes/<quiz_id>/publish")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def publish(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Show an approved quiz to learners.

    What is changed later is a draft again: learners go on seeing this version until the change is approved and
    published, or the quiz is retired.
    """
    return whole_quiz(release().publish(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.post("/quizzes/<quiz_id>/retire")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def retire(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Take a quiz away from learners at once."""
    return whole_quiz(release().retire(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.post("/quizzes/<quiz_id>/reopen")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(QuizOut)
@costs()
def reopen(quiz_id: str, asked: StepIn) -> dict[str, Any]:
    """Make a draft of an approved or retired quiz again."""
    return whole_quiz(release().reopen(quiz_named(quiz_id), asked.version, asked.reason))


@blueprint.get("/quizzes/<quiz_id>/statistics")
@blueprint.output(StatisticsOut)
def statistics(quiz_id: str) -> StatisticsOut:
    """Tell how hard each item is, whether it tells who knows more, and which options fool nobody."""
    found = quiz_statistics(engine(), quiz_named(quiz_id))
    gain = GainOut.model_validate(found.gain) if found.gain else None
    return StatisticsOut(quiz_id=quiz_id, version=found.version, learners=found.learners, gain=gain,
                         items=[_of_item(one) for one in found.items])


def _of_item(one: ItemStatistics) -> ItemStatisticsOut:
    return ItemStatisticsOut(
        item_id=one.item_id, n=one.n, facility=one.facility, discrimination=one.discrimination, flags=list(one.flags),
        options=None if one.hidden else [{"picked": count} for count in one.picked],
        hidden=f"{one.n} first answers; numbers are shown from {FEWEST} on." if one.hidden else None)
