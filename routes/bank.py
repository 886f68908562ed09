"""The bank: every item of every quiz, searched, and compared with a question."""

from __future__ import annotations

from apiflask import APIBlueprint

from chatbot.quizzes.records.bank import Wanted, flags_of, search, similar
from chatbot.stages import stage_named
from routes.quiz_rooms import engine
from routes.quiz_schemas import BankQuery, ItemsOut, SimilarItemOut, SimilarOut, SimilarQuery
from routes.quiz_shapes import shown

blueprint = APIBlueprint("bank", __name__, url_prefix="/api/v1", tag="Bank")


@blueprint.get("/bank")
@blueprint.input(BankQuery, location="query", arg_name="asked")
@blueprint.output(ItemsOut)
def items(asked: BankQuery) -> ItemsOut:
    """Search the items by words, tag, stage, language and status; `flagged=true` is the queue for another look."""
    wanted = Wanted(words=asked.q, tag=asked.tag, stage=stage_named(asked.stage).id if asked.stage else "",
                    language=asked.language or "", status=asked.status or "", flagged=asked.flagged)
    page = search(engine(), wanted, limit=asked.limit, after=asked.after or "")
    flags = flags_of(engine(), [one.id for one in page.found])
    return ItemsOut(items=[shown(one, flags.get(one.id, ())) for one in page.found], after=page.after)


@blueprint.get("/bank/similar")
@blueprint.input(SimilarQuery, location="query", arg_name="asked")
@blueprint.output(SimilarOut)
def similar_items(asked: SimilarQuery) -> SimilarOut:
    """Find items that ask nearly the same."""
    return SimilarOut(similar=[SimilarItemOut(likeness=round(likeness, 3), item=shown(one))
                               for one, likeness in similar(engine(), asked.question, limit=asked.limit)])
