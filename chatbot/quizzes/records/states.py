"""Which step leads from which state to which: two tables, one for a quiz and one for an item, and no step beside them.

A quiz is a draft, is handed in for review, approved, published, and retired at last. One educator may do all of it,
also approve what she wrote herself (an NGO may have only one): every version says who did it. What learners see is an
edition, made by `publish`: a later change makes the quiz a draft again and leaves the edition as it is until the next
`publish`, or until `retire` takes it away at once.
"""

from __future__ import annotations

from typing import Literal

from chatbot.errors import WrongState
from chatbot.quizzes.item import Status

QuizStep = Literal["submit", "approve", "reject", "publish", "retire", "reopen", "change"]
ItemStep = Literal["approve", "reject", "change"]

QUIZ_STEPS: dict[QuizStep, dict[Status, Status]] = {
    "submit": {"draft": "in_review"},
    "approve": {"draft": "approved", "in_review": "approved"},
    "reject": {"in_review": "draft", "approved": "draft"},
    "publish": {"approved": "published"},
    "retire": {"draft": "retired", "in_review": "retired", "approved": "retired", "published": "retired"},
    "reopen": {"approved": "draft", "retired": "draft"},
    "change": {"draft": "draft", "in_review": "in_review", "approved": "draft", "published": "draft"},
}
"""`change` is any change of words: of the title, the order, or one of the items."""

ITEM_STEPS: dict[ItemStep, dict[Status, Status]] = {
    "approve": {"draft": "approved", "in_review": "approved"},
    "reject": {"draft": "rejected", "in_review": "rejected", "approved": "rejected", "published": "rejected"},
    "change": {"draft": "draft", "in_review": "in_review", "approved": "draft", "published": "draft",
               "rejected": "draft"},
}
"""`change` is an edit, a regeneration or a roll-back."""

ITEMS_FOLLOW: dict[QuizStep, dict[Status, Status]] = {
    "submit": {"draft": "in_review"},
    "reject": {"in_review": "draft"},
    "publish": {"approved": "published"},
    "retire": {"draft": "retired", "in_review": "retired", "approved": "retired", "published": "retired"},
    "reopen": {"retired": "draft"},
}
"""What a step of the quiz does to its items. Retired ones are read again before they are shown again: facts change."""

OPEN: tuple[Status, ...] = ("draft", "in_review")
"""States of items that wait for a decision."""
SHOWN: tuple[Status, ...] = ("approved", "published")
"""States of items that the next edition holds."""


def quiz_after(step: QuizStep, status: Status) -> Status:
    """The state that a step leads to. Raises WrongState."""
    return _after(QUIZ_STEPS[step], step, "quiz", status)


def item_after(step: ItemStep, status: Status) -> Status:
    """The state that a step leads to. Raises WrongState."""
    return _after(ITEM_STEPS[step], step, "item", status)


def _after(steps: dict[Status, Status], step: str, what: str, status: Status) -> Status:
    if status not in steps:
        raise WrongState(f"This {what} is {status.replace('_', ' ')}; to {step} it, it must be one of: "
                         + ", ".join(one.replace("_", " ") for one in steps) + ".")
    return steps[status]
