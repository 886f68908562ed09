"""The items of a quiz: edit, approve, reject, make anew, roll back, add, take out."""

from __future__ import annotations

from apiflask import APIBlueprint

from chatbot.errors import InvalidInput
from chatbot.quizzes.item import Item, MadeBy
from chatbot.quizzes.records.bank import Wanted, flags_of, read_item, read_quiz, search, versions_of
from routes.idempotency import costs
from routes.installation import installation
from routes.quiz_making import order_to_remake, refuse_double_click
from routes.quiz_rooms import engine, item_named, quiz_named, review
from routes.quiz_schemas import DeleteQuery, ItemIn, ItemOut, ItemPatch, RollBackIn, StepIn, VersionsOut
from routes.quiz_shapes import edit_of, evidence_of, shown, version_out

blueprint = APIBlueprint("quiz_items", __name__, url_prefix="/api/v1/quizzes/<quiz_id>/items", tag="Quiz items")


@blueprint.post("")
@blueprint.input(ItemIn, arg_name="asked")
@blueprint.output(ItemOut, status_code=201)
@costs()
def add_item(quiz_id: str, asked: ItemIn) -> ItemOut:
    """Add an item at the end, as a draft: one written by hand, or one of the bank (`from_item`)."""
    item = item_from_bank(asked) if asked.from_item else item_by_hand(quiz_id, asked)
    return shown(review().add(quiz_named(quiz_id), item))


@blueprint.get("/<item_id>")
@blueprint.output(ItemOut)
def item(quiz_id: str, item_id: str) -> ItemOut:
    """Show an item with what the lint says."""
    found = read_item(engine(), *item_named(quiz_id, item_id))
    return shown(found, flags_of(engine(), [item_id]).get(item_id, ()))


@blueprint.patch("/<item_id>")
@blueprint.input(ItemPatch, arg_name="asked")
@blueprint.output(ItemOut)
@costs()
def edit_item(quiz_id: str, item_id: str, asked: ItemPatch) -> ItemOut:
    """Edit an item; what was approved or rejected becomes a draft again."""
    before = read_item(engine(), *item_named(quiz_id, item_id))
    return shown(review().edit(quiz_id, item_id, asked.version, edit_of(asked, before.item.language)))


@blueprint.delete("/<item_id>")
@blueprint.input(DeleteQuery, location="query", arg_name="asked")
@blueprint.output({}, status_code=204)
@costs()
def delete_item(quiz_id: str, item_id: str, asked: DeleteQuery) -> str:
    """Take an item out of its quiz; its history stays, and so do the answers to it."""
    review().delete(*item_named(quiz_id, item_id), asked.version, asked.reason)
    return ""


@blueprint.post("/<item_id>/approve")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(ItemOut)
@costs()
def approve_item(quiz_id: str, item_id: str, asked: StepIn) -> ItemOut:
    """Approve an item that has no blocking finding."""
    return shown(review().approve(*item_named(quiz_id, item_id), asked.version))


@blueprint.post("/<item_id>/reject")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(ItemOut)
@costs()
def reject_item(quiz_id: str, item_id: str, asked: StepIn) -> ItemOut:
    """Keep an item from every later version of the quiz, for a reason."""
    return shown(review().reject(*item_named(quiz_id, item_id), asked.version, asked.reason))


@blueprint.post("/<item_id>/regenerate")
@blueprint.input(StepIn, arg_name="asked")
@blueprint.output(ItemOut)
@costs()
def regenerate_item(quiz_id: str, item_id: str, asked: StepIn) -> ItemOut:
    """Make another item in the place of this one, from the same kind of source; it may ask a model."""
    editor = review()
    old = editor.check(*item_named(quiz_id, item_id), asked.version)
    order = order_to_remake(quiz_id, old)
    refuse_double_click()
    new = installation().service.remake_item(order, old.item)
    return shown(editor.replace(quiz_id, item_id, asked.version, new, asked.reason))


@blueprint.post("/<item_id>/rollback")
@blueprint.input(RollBackIn, arg_name="asked")
@blueprint.output(ItemOut)
@costs()
def roll_back_item(quiz_id: str, item_id: str, asked: RollBackIn) -> ItemOut:
    """Take the words of an earlier version back, as a new draft version."""
    return shown(review().roll_back(*item_named(quiz_id, item_id), asked.version, asked.to, asked.reason))


@blueprint.get("/<item_id>/versions")
@blueprint.output(VersionsOut)
def item_versions(quiz_id: str, item_id: str) -> VersionsOut:
    """Tell who changed what in an item, when and why."""
    return VersionsOut(versions=[version_out(one) for one in versions_of(engine(), *item_named(quiz_id, item_id))])


def item_by_hand(quiz_id: str, asked: ItemIn) -> Item:
    """The item that an educator wrote herself. Raises InvalidInput."""
    if asked.question is None or asked.options is None or asked.answer_index is None:
        missing = next(name for name in ("question", "options", "answer_index") if getattr(asked, name) is None)
        raise InvalidInput(f"An item needs {missing}.", field=missing,
                           remedy="Send question, options and answer_index; or from_item alone.")
    language = read_quiz(engine(), quiz_id).language
    return Item(stem=asked.question, options=tuple(asked.options), keys=(asked.answer_index,), language=language,
                rationale=tuple(asked.rationale), difficulty=asked.difficulty, bloom=asked.bloom,
                tags=tuple(asked.tags), evidence=evidence_of(asked.evidence, language), made_by=MadeBy(path="person"))


def item_from_bank(asked: ItemIn) -> Item:
    """The item of the bank that `from_item` names. Raises InvalidInput."""
    if asked.model_fields_set != {"from_item"}:
        raise InvalidInput("An item of the bank is taken as it is.", field="from_item",
                           remedy="Send from_item alone, and edit the copy.")
    found = search(engine(), Wanted(id=asked.from_item or ""), limit=1).found
    if not found:
        raise InvalidInput("There is no such item in the bank.", field="from_item")
    return found[0].item
