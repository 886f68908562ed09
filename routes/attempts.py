"""Learners: which quizzes there are, taking one, practising what was wrong, and how far one has come.

Only what is published exists here. Scoring happens on the server; nothing about right and wrong leaves it before the
answer is given.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict

from apiflask import APIBlueprint

from chatbot.errors import RecordsUnavailable
from chatbot.quizzes.learning.attempts import Choice, Scored, answer_again, answer_quiz
from chatbot.quizzes.learning.progress import progress_of
from chatbot.quizzes.learning.spacing import due_items
from chatbot.quizzes.learning.statistics import note_flags
from chatbot.quizzes.records.editions import ShownItem, published_quizzes, shown_quiz
from chatbot.stages import stage_named
from routes.attempt_schemas import (
    AskedItemOut,
    AttemptIn,
    AttemptOut,
    CitationOut,
    PracticeIn,
    PracticeOut,
    PracticeQuery,
    ProgressOut,
    PublishedOut,
    PublishedQuery,
    PublishedQuizOut,
    ScoredOut,
    TakeOut,
)
from routes.auth import current_principal
from routes.idempotency import costs
from routes.quiz_rooms import engine, quiz_named, zone
from routes.quiz_schemas import GainOut

blueprint = APIBlueprint("attempts", __name__, url_prefix="/api/v1", tag="Learners")


@blueprint.get("/quizzes/published")
@blueprint.input(PublishedQuery, location="query", arg_name="asked")
@blueprint.output(PublishedOut)
def published(asked: PublishedQuery) -> PublishedOut:
    """List the quizzes that can be taken, newest first."""
    found = published_quizzes(engine(), stage=stage_named(asked.stage).id if asked.stage else "",
                              language=asked.language or "", limit=asked.limit + 1, after=asked.after or "")
    quizzes = [PublishedQuizOut.model_validate({**asdict(quiz), "count": count}) for quiz, count in found]
    return PublishedOut(quizzes=quizzes[:asked.limit],
                        after=quizzes[asked.limit - 1].id if len(quizzes) > asked.limit else None)


@blueprint.get("/quizzes/<quiz_id>/take")
@blueprint.output(TakeOut)
def take(quiz_id: str) -> TakeOut:
    """Give the questions of a published quiz, without their answers."""
    quiz = shown_quiz(engine(), quiz_named(quiz_id))
    return TakeOut(id=quiz.id, title=quiz.title, language=quiz.language, version=quiz.version,
                   items=[_asked(one) for one in quiz.items])


@blueprint.post("/quizzes/<quiz_id>/attempts")
@blueprint.input(AttemptIn, arg_name="asked")
@blueprint.output(AttemptOut)
@costs()
def attempt(quiz_id: str, asked: AttemptIn) -> AttemptOut:
    """Score the answers to a whole quiz, and explain each option."""
    learner = current_principal().id
    choices = [Choice(one.item_id, one.choice) for one in asked.answers]
    done = answer_quiz(engine(), learner, quiz_named(quiz_id), choices, zone=zone(), kind=asked.kind,
                       version=asked.version)
    if done.first:
        with suppress(RecordsUnavailable):  # the attempt is kept; the next tenth learner brings the flags up to date
            note_flags(engine(), quiz_id)
    progress = progress_of(engine(), learner, zone())
    gain = next((GainOut.model_validate(one) for one in progress.gains if one.quiz_id == quiz_id), None)
    return AttemptOut(id=done.id, score=done.score, of=len(done.answers), first=done.first, gain=gain,
                      items=[_scored(one) for one in done.answers], streak=progress.streak,
                      badges=list(progress.badges))


@blueprint.get("/practice")
@blueprint.input(PracticeQuery, location="query", arg_name="asked")
@blueprint.output(PracticeOut)
def practice(asked: PracticeQuery) -> PracticeOut:
    """Give the items that were wrong before and are due again."""
    due = due_items(engine(), current_principal().id, asked.limit)
    return PracticeOut(items=[_asked(one) for one in due.items], due=due.count, next_due_at=due.next_at)


@blueprint.post("/practice")
@blueprint.input(PracticeIn, arg_name="asked")
@blueprint.output(ScoredOut)
@costs()
def practise(asked: PracticeIn) -> ScoredOut:
    """Score the answer to an item that came again, and plan when it comes next."""
    return _scored(answer_again(engine(), current_principal().id, Choice(asked.item_id, asked.choice), zone=zone(),
                                version=asked.version))


@blueprint.get("/progress")
@blueprint.output(ProgressOut)
def progress() -> ProgressOut:
    """Tell what you did so far: days in a row, attempts, what you gained, badges."""
    found = progress_of(engine(), current_principal().id, zone())
    return ProgressOut(streak=found.streak, longest_streak=found.longest_streak, attempts=found.attempts,
                       quizzes=found.quizzes, practised=found.practised, badges=list(found.badges),
                       gains=[GainOut.model_validate(one) for one in found.gains])


def _asked(one: ShownItem) -> AskedItemOut:
    return AskedItemOut(id=one.id, version=one.version, question=one.item.stem, options=list(one.item.options))


def _scored(one: Scored) -> ScoredOut:
    item, evidence = one.shown.item, one.shown.item.evidence
    return ScoredOut(item_id=one.shown.id, choice=one.choice, correct=one.correct, answer_index=item.answer_index,
                     rationale=list(item.rationale), due_at=one.due_at,
                     citation=CitationOut(title=evidence.title, url=evidence.url, quote=evidence.quote))
