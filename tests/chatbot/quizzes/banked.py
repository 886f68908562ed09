"""A bank on a real database for tests, with items that the tests know and a judge that blocks what says FLAW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from chatbot.database import migrate, open_engine
from chatbot.quizzes.item import Evidence, Finding, Item, MadeBy
from chatbot.quizzes.learning.attempts import Attempt, Choice, answer_quiz
from chatbot.quizzes.records.bank import NewItem, StoredQuiz, store_quiz
from chatbot.quizzes.records.editions import shown_quiz
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.release import Release
from chatbot.quizzes.records.review import Review

ZONE = ZoneInfo("Africa/Nairobi")
AMINA, BEATRICE, LEARNER = "01JDAM1NA00000000000000000", "01JDBEATR1CE00000000000000", "01JDLEARNER000000000000000"
FLAW = Finding(rule="a-flaw", severity="block", message="It says FLAW.", remedy="Take it out.", field="stem")


class FlawJudge(Judge):
    """Blocks an item whose stem holds FLAW; says nothing else."""

    def item(self, item: Item, *, quiz_id: str = "", item_id: str = "") -> tuple[Finding, ...]:
        return (FLAW,) if "FLAW" in item.stem else ()

    def together(self, items: Sequence[Item], topics: Sequence[str] = ()) -> tuple[Finding, ...]:
        return ()


def an_item(number: int = 0, **values: Any) -> Item:
    """A whole item about matter number `number`; its key is at place 1."""
    plain: dict[str, Any] = {
        "stem": f"Which tablet number{number} is taken daily?", "options": ("Zinc", f"Iron {number}", "Salt", "Sugar"),
        "keys": (1,), "rationale": ("No zinc.", "Iron it is.", "No salt.", "No sugar."),
        "evidence": Evidence(quote=f"Iron {number} is taken daily.", card_id="iron", title="Iron", url="https://who.int/"),
        "stage": "antenatal", "topic": "nutrition", "tags": ("iron",), "made_by": MadeBy(path="template")}
    return Item(**{**plain, **values})


class Bank:
    """A bank with Amina at work in it."""

    def __init__(self, url: str, judge: type[Judge] = FlawJudge) -> None:
        self.engine: Engine = open_engine(url)
        migrate(self.engine)
        self.judge = judge(self.engine)
        self.review = Review(self.engine, self.judge, AMINA)
        self.release = Release(self.engine, self.judge, AMINA)

    def stored(self, *items: Item, **values: Any) -> StoredQuiz:
        plain: dict[str, Any] = {"title": "Iron", "stage": "antenatal", "by": AMINA}
        return store_quiz(self.engine, self.judge, [NewItem(item) for item in items or (an_item(1), an_item(2))],
                          **{**plain, **values})

    def approved(self, *items: Item) -> StoredQuiz:
        quiz = self.stored(*items)
        return self.release.approve(quiz.id, quiz.version)

    def published(self, *items: Item) -> StoredQuiz:
        quiz = self.approved(*items)
        return self.release.publish(quiz.id, quiz.version)

    def answer(self, quiz_id: str, right: Sequence[bool], principal: str = LEARNER, **how: Any) -> Attempt:
        """Answer a quiz, right or wrong (place 0) in the order of its items."""
        items = shown_quiz(self.engine, quiz_id).items
        choices = [Choice(one.id, one.item.answer_index if good else 0) for one, good in zip(items, right, strict=True)]
        return answer_quiz(self.engine, principal, quiz_id, choices, zone=ZONE, **how)
