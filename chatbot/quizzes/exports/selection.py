"""Which items of a quiz leave it, and in which letters."""

from __future__ import annotations

from chatbot.quizzes.exports.interface import CannotExport
from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.item import BankItem, Evidence, Item, Quiz

SIGNED = frozenset({"approved", "published"})
"""States of an item that an educator has signed."""
UNSIGNED = frozenset({"draft", "in_review"})
"""States that leave only when asked for, in a file that says so; rejected and retired items never do."""


def selected(quiz: Quiz, *, drafts: bool = False) -> Quiz:
    """`quiz` with the items to export, their text made writable. Raises CannotExport when there is none.

    Args:
        quiz: with all its items, of any state.
        drafts: with the items that nobody has approved yet.
    """
    states = SIGNED | UNSIGNED if drafts else SIGNED
    items = tuple(_writable_item(shown) for shown in quiz.items if shown.status in states)
    if not items:
        raise CannotExport("This quiz has no item to export." if drafts else "No item of this quiz is approved yet.",
                           remedy="Add an item." if drafts else "Approve its items, or ask for drafts: include=all.")
    return quiz.model_copy(update={"title": writable(quiz.title), "items": items})


def is_draft(quiz: Quiz) -> bool:
    """Whether an item of it is still unsigned, so that the file must say so."""
    return any(shown.status not in SIGNED for shown in quiz.items)


def rationales(item: Item) -> tuple[str, ...]:
    """One for each option; empty where there is none."""
    return (*item.rationale, *[""] * len(item.options))[:len(item.options)]


def _writable_item(shown: BankItem) -> BankItem:
    item, evidence = shown.item, shown.item.evidence
    return shown.model_copy(update={"item": item.model_copy(update={
        "stem": writable(item.stem),
        "options": tuple(map(writable, item.options)),
        "rationale": tuple(map(writable, item.rationale)),
        "topic": writable(item.topic),
        "tags": tuple(map(writable, item.tags)),
        "evidence": Evidence(
            quote=writable(evidence.quote), card_id=writable(evidence.card_id), page=evidence.page,
            document_id=writable(evidence.document_id), title=writable(evidence.title), url=writable(evidence.url))})})
