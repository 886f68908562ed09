"""What an educator does to one item: edit, approve, reject, regenerate, roll back, add, take out.

Each change names the version that she saw. It becomes the next version by one conditional UPDATE (`rows.next_version`),
so that two editors never overwrite each other without a word, and it leaves a row with who, when, why and what.
The quiz's own row is changed first, always: it grows a version too (whoever looks at the whole quiz sees that something
changed), and as every change takes that row's lock first, two changes cannot wait for each other.
"""

from __future__ import annotations

from typing import Any, TypedDict

from sqlalchemy import Connection, Engine, Row, case, update

from chatbot.database import new_id, now
from chatbot.errors import HasFlaws, InvalidInput, WrongState
from chatbot.quizzes.item import BankItem, Bloom, Difficulty, Evidence, Finding, Item, Status
from chatbot.quizzes.records.bank import MOST_ITEMS, versions_of
from chatbot.quizzes.records.history import Action
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.plain import plain, plain_item
from chatbot.quizzes.records.rows import (
    add_item,
    bank_item,
    find_item,
    find_quiz,
    items_of,
    last_place,
    next_version,
    stale_item,
)
from chatbot.quizzes.records.states import QUIZ_STEPS, item_after
from chatbot.quizzes.records.tables import QUIZZES
from chatbot.quizzes.records.transactions import reading, writing

LONGEST_REASON = 500


class Edit(TypedDict, total=False):
    """Fields of an item that an editor may change."""

    stem: str
    options: tuple[str, ...]
    keys: tuple[int, ...]
    rationale: tuple[str, ...]
    difficulty: Difficulty
    bloom: Bloom
    tags: tuple[str, ...]
    evidence: Evidence


class Review:
    """Changes items of one bank, in one person's name.

    Args:
        engine: the bank's database.
        judge: runs the lint over what a change makes.
        by: principal's id; every version says it.
    """

    def __init__(self, engine: Engine, judge: Judge, by: str) -> None:
        self._engine = engine
        self._judge = judge
        self._by = by

    def edit(self, quiz_id: str, item_id: str, version: int, edit: Edit) -> BankItem:
        """Change some fields; what was approved becomes a draft again.

        Raises InvalidInput, NotFound, VersionConflict, WrongState.
        """
        row = self._seen(quiz_id, item_id, version)
        before = Item.model_validate(row.content)
        after = plain_item(before.model_copy(update=dict(edit)))
        check_shape(after)
        if after == before:
            return bank_item(row)
        return self._change(row, after, "edited")

    def replace(self, quiz_id: str, item_id: str, version: int, item: Item, reason: str = "") -> BankItem:
        """Put an item that was made anew in the place of the old one. Raises like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        old = Item.model_validate(row.content)
        new = plain_item(item.model_copy(update={"stage": old.stage, "tags": item.tags or old.tags}))
        return self._change(row, new, "regenerated", reason)

    def roll_back(self, quiz_id: str, item_id: str, version: int, to: int, reason: str = "") -> BankItem:
        """Make a new version with the words of version `to`. Raises like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        old = next((one.item for one in versions_of(self._engine, quiz_id, item_id) if one.version == to), None)
        if old is None:
            raise InvalidInput(f"There is no version {to} of this item.", field="to",
                               remedy=f"Name one from 1 to {row.version}.")
        return self._change(row, old, "rolled_back", reason or f"to version {to}")

    def approve(self, quiz_id: str, item_id: str, version: int) -> BankItem:
        """Let an item go to learners with the next edition. Raises HasFlaws, and like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        status = item_after("approve", row.status)
        findings = self._judge.item(Item.model_validate(row.content), quiz_id=quiz_id, item_id=item_id)
        check_clean(findings)
        return self._step(row, "approved", status, findings=findings)

    def reject(self, quiz_id: str, item_id: str, version: int, reason: str) -> BankItem:
        """Keep an item from every later edition, for a reason. Raises like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        return self._step(row, "rejected", item_after("reject", row.status), reason=needed_reason(reason))

    def add(self, quiz_id: str, item: Item) -> BankItem:
        """Put one more item at the end of a quiz, as a draft. Raises InvalidInput, NotFound, WrongState."""
        with reading(self._engine) as connection:
            quiz = find_quiz(connection, quiz_id)
        clean = plain_item(item.model_copy(update={"stage": quiz.stage, "topic": item.topic or quiz.topic}))
        check_shape(clean)
        findings, item_id = self._judge.item(clean, quiz_id=quiz_id), new_id()
        with writing(self._engine) as connection:
            touch_quiz(connection, quiz_id, self._by)
            if len(items_of(connection, quiz_id)) >= MOST_ITEMS:
                raise InvalidInput(f"A quiz has at most {MOST_ITEMS} items.", remedy="Make a second quiz.")
            place = last_place(connection, quiz_id) + 1
            add_item(connection, quiz_id=quiz_id, item_id=item_id, place=place, item=clean, findings=findings,
                     by=self._by, at=now(), action="added")
            return bank_item(find_item(connection, quiz_id, item_id))

    def delete(self, quiz_id: str, item_id: str, version: int, reason: str = "") -> None:
        """Take an item out of its quiz. Its versions stay: editions and answers name them. Raises like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        with writing(self._engine) as connection:
            touch_quiz(connection, quiz_id, self._by)
            next_version(connection, row, by=self._by, action="deleted", status=row.status, reason=plain(reason),
                         deleted=True)

    def check(self, quiz_id: str, item_id: str, version: int) -> BankItem:
        """The item, if a change of this version could begin now (asked before a model is). Raises like `edit`."""
        row = self._seen(quiz_id, item_id, version)
        item_after("change", row.status)
        return bank_item(row)

    def _change(self, row: Row[Any], after: Item, action: Action, reason: str = "") -> BankItem:
        status = item_after("change", row.status)
        findings = self._judge.item(after, quiz_id=row.quiz_id, item_id=row.id)
        return self._step(row, action, status, reason=plain(reason)[:LONGEST_REASON], item=after, findings=findings)

    def _step(self, row: Row[Any], action: Action, status: Status, *, reason: str = "", item: Item | None = None,
              findings: tuple[Finding, ...] | None = None) -> BankItem:
        with writing(self._engine) as connection:
            touch_quiz(connection, row.quiz_id, self._by, stays=action == "approved")
            next_version(connection, row, by=self._by, action=action, status=status, reason=reason, item=item,
                         findings=findings)
            return bank_item(find_item(connection, row.quiz_id, row.id))

    def _seen(self, quiz_id: str, item_id: str, version: int) -> Row[Any]:
        """The row as it is now, which must be the version that she saw."""
        with reading(self._engine) as connection:
            row = find_item(connection, quiz_id, item_id)
            if row.version != version:
                raise stale_item(connection, item_id)
            return row


def touch_quiz(connection: Connection, quiz_id: str, by: str, *, stays: bool = False) -> None:
    """Note on a quiz that one of its items changes; one that was approved or published is a draft again.

    It `stays` in its state when the change is a step of review, which changes no word.
    Raises NotFound, WrongState (a retired quiz changes no more).
    """
    status = QUIZZES.c.status if stays else case(dict(QUIZ_STEPS["change"]), value=QUIZZES.c.status)
    done = connection.execute(update(QUIZZES).where(QUIZZES.c.id == quiz_id, QUIZZES.c.status != "retired").values(
        version=QUIZZES.c.version + 1, updated_at=now(), updated_by=by, status=status))
    if done.rowcount == 1:
        return
    quiz = find_quiz(connection, quiz_id)
    raise WrongState(f"This quiz is {quiz.status}.", remedy="Reopen it first.")


def check_shape(item: Item) -> None:
    """Refuse what no editor can mean; everything else is for the lint to say. Raises InvalidInput."""
    if any(not 0 <= key < len(item.options) for key in item.keys):
        raise InvalidInput("There is no option at that place.", field="answer_index",
                           remedy=f"Name a place from 0 to {len(item.options) - 1}.")
    if item.rationale and len(item.rationale) != len(item.options):
        raise InvalidInput("Give one rationale for each option.", field="rationale",
                           remedy=f"Send {len(item.options)} texts, in the order of the options.")


def check_clean(findings: tuple[Finding, ...]) -> None:
    """Raises HasFlaws for the first blocking finding."""
    for finding in findings:
        if finding.severity == "block":
            raise HasFlaws(finding.message, field=finding.field or None, remedy=finding.remedy)


def needed_reason(reason: str) -> str:
    """A reason that says something. Raises InvalidInput."""
    clean = plain(reason)[:LONGEST_REASON]
    if not clean:
        raise InvalidInput("Say why.", field="reason", remedy="One sentence that helps whoever made it.")
    return clean


