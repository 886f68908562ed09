"""The bank: quizzes and their items, stored at once, read, listed and searched. Changes go through `review.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Engine, Row, Select, insert, or_, select

from chatbot.database import new_id, now
from chatbot.errors import InvalidInput
from chatbot.knowledge.cards import Language
from chatbot.knowledge.words import content_words
from chatbot.quizzes.item import BankItem, Item, Quiz, Status
from chatbot.quizzes.records.history import Version
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.plain import plain, plain_item
from chatbot.quizzes.records.rows import add_item, bank_item, find_item, find_quiz, items_of, key_of
from chatbot.quizzes.records.tables import CHANGES, ITEMS, QUIZZES, TERMS, VERSIONS
from chatbot.quizzes.records.transactions import reading, writing
from chatbot.quizzes.stems import NEAR, alike, stem_key

MOST_ITEMS = 200
"""Of one quiz."""
MOST_CANDIDATES = 300
"""Items that share a word with a question, looked at for near duplicates."""
_HIGHEST = "\uffff"
Found = TypeVar("Found")


class StoredQuiz(Quiz):
    """A quiz with what the bank knows of it."""

    live_version: int | None = None
    """The version that learners see; None for none."""
    cost_nano_usd: int | None = 0
    """What making it cost, failed tries included; None when a price is unknown."""
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Found]):
    """Part of a list, newest first."""

    found: tuple[Found, ...]
    after: str | None
    """Where the next page begins; None at the end."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item on its way into the bank."""

    item: Item
    id: str = ""
    """Made when left out; a client that was told an id before finds the item under it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search the bank for; what is empty does not matter."""

    words: str = ""
    """Each must begin a word of the stem, an option or the topic."""
    tag: str = ""
    stage: str = ""
    language: str = ""
    status: str = ""
    flagged: bool | None = None
    """Whether the answers of learners speak against it."""
    id: str = ""


def store_quiz(engine: Engine, judge: Judge, items: Sequence[NewItem], *, title: str, stage: str, by: str,
               topic: str = "", language: Language = "en", document_id: str = "", quiz_id: str = "",
               cost_nano_usd: int | None = 0) -> StoredQuiz:
    """Write a quiz and all its items as drafts, or nothing at all. Raises InvalidInput, RecordsUnavailable."""
    if len(items) > MOST_ITEMS:
        raise InvalidInput(f"A quiz has at most {MOST_ITEMS} items.", field="items", remedy="Make two quizzes of it.")
    clean = [(new.id or new_id(), _placed(new.item, stage, topic)) for new in items]
    quiz_id, at = quiz_id or new_id(), now()
    judged = [(item_id, item, judge.item(item, quiz_id=quiz_id, item_id=item_id)) for item_id, item in clean]
    with writing(engine) as connection:
        connection.execute(insert(QUIZZES).values(
            id=quiz_id, title=plain(title)[:200], stage=stage, topic=plain(topic)[:200], language=language,
            document_id=document_id, status="draft", version=1, live_version=None, cost_nano_usd=cost_nano_usd,
            created_at=at, created_by=by, updated_at=at, updated_by=by))
        connection.execute(insert(CHANGES).values(
            quiz_id=quiz_id, version=1, at=at, by=by, action="made", reason="", diff=[]))
        for place, (item_id, item, findings) in enumerate(judged):
            add_item(connection, quiz_id=quiz_id, item_id=item_id, place=place, item=item,
                     findings=findings, by=by, at=at)
    return read_quiz(engine, quiz_id, judge)


def read_quiz(engine: Engine, quiz_id: str, judge: Judge | None = None) -> StoredQuiz:
    """A quiz with all its items, and with the findings of the set when a judge is given. Raises NotFound."""
    with reading(engine) as connection:
        row, rows = find_quiz(connection, quiz_id), items_of(connection, quiz_id)
    quiz = _quiz(row, rows)
    if judge is None:
        return quiz
    shown = [one.item for one in quiz.items if one.status != "rejected"]
    topics = tuple(part.strip() for part in quiz.topic.split(",") if part.strip())
    return quiz.model_copy(update={"findings": judge.together(shown, topics)})


def list_quizzes(engine: Engine, *, status: str = "", stage: str = "", words: str = "", limit: int = 20,
                 after: str = "") -> Page[StoredQuiz]:
    """Quizzes without their items; `words` must stand in the title or the topic."""
    query = select(QUIZZES).order_by(QUIZZES.c.id.desc()).limit(limit + 1)
    for column, value in ((QUIZZES.c.status, status), (QUIZZES.c.stage, stage)):
        query = query.where(column == value) if value else query
    for word in words.split()[:10]:
        query = query.where(or_(QUIZZES.c.title.icontains(word, autoescape=True),
                                QUIZZES.c.topic.icontains(word, autoescape=True)))
    with reading(engine) as connection:
        rows = connection.execute(query.where(QUIZZES.c.id < after) if after else query).all()
    return _page([_quiz(row, ()) for row in rows], limit)


def read_item(engine: Engine, quiz_id: str, item_id: str) -> BankItem:
    """One item of a quiz. Raises NotFound."""
    with reading(engine) as connection:
        return bank_item(find_item(connection, quiz_id, item_id))


def flags_of(engine: Engine, item_ids: Sequence[str]) -> dict[str, list[str]]:
    """What the answers of learners say against each of these items."""
    with reading(engine) as connection:
        rows = connection.execute(select(ITEMS.c.id, ITEMS.c.flags).where(ITEMS.c.id.in_(item_ids), ITEMS.c.flagged))
        return {row.id: row.flags for row in rows}


def versions_of(engine: Engine, quiz_id: str, item_id: str) -> tuple[Version, ...]:
    """Every version of an item, newest first. Raises NotFound."""
    with reading(engine) as connection:
        find_item(connection, quiz_id, item_id)
        rows = connection.execute(select(VERSIONS).where(VERSIONS.c.item_id == item_id)
                                  .order_by(VERSIONS.c.version.desc())).all()
    return tuple(Version(row.version, row.at, row.by, row.action, row.reason, row.diff, row.status,
                         Item.model_validate(row.content)) for row in rows)


def changes_of(engine: Engine, quiz_id: str) -> tuple[Version, ...]:
    """What was done to a quiz as a whole, newest first. Raises NotFound."""
    with reading(engine) as connection:
        find_quiz(connection, quiz_id)
        rows = connection.execute(select(CHANGES).where(CHANGES.c.quiz_id == quiz_id)
                                  .order_by(CHANGES.c.version.desc())).all()
    return tuple(Version(row.version, row.at, row.by, row.action, row.reason, row.diff) for row in rows)


def search(engine: Engine, wanted: Wanted, *, limit: int = 20, after: str = "") -> Page[BankItem]:
    """Items of every quiz that fit."""
    query = _fitting(wanted).order_by(ITEMS.c.id.desc()).limit(limit + 1)
    with reading(engine) as connection:
        rows = connection.execute(query.where(ITEMS.c.id < after) if after else query).all()
    return _page([bank_item(row) for row in rows], limit)


def similar(engine: Engine, question: str, *, but: str = "", limit: int = 10) -> list[tuple[BankItem, float]]:
    """Items that ask nearly the same, the most alike first; `but` is an item that does not count."""
    terms = sorted(content_words(question), key=len, reverse=True)[:8]
    sharing = (_has("word", _begins(term[:5])) for term in terms)
    query = _there().where(or_(ITEMS.c.stem_key == key_of(question), *sharing), ITEMS.c.id != but)
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(ITEMS.c.id.desc()).limit(MOST_CANDIDATES)).all()
    found = [(row, alike(question, row.content["stem"])) for row in rows]
    near = sorted((pair for pair in found if pair[1] >= NEAR), key=lambda pair: -pair[1])
    return [(bank_item(row), likeness) for row, likeness in near[:limit]]


def taken_stems(engine: Engine, stage: str, language: str = "") -> frozenset[str]:
    """Stem keys that a new quiz of this stage must not repeat."""
    query = _there().where(ITEMS.c.stage == stage, ITEMS.c.status.not_in(("rejected", "retired")))
    query = query.where(ITEMS.c.language == language) if language else query
    with reading(engine) as connection:
        return frozenset(stem_key(content["stem"]) for content in
                         connection.scalars(query.with_only_columns(ITEMS.c.content)))


def _placed(item: Item, stage: str, topic: str) -> Item:
    """The item made plain, with the quiz's stage and topic where it has none."""
    return plain_item(item.model_copy(update={"stage": item.stage or stage, "topic": item.topic or topic}))


def _there() -> Select[Any]:
    return select(ITEMS).where(ITEMS.c.deleted_at.is_(None))


def _fitting(wanted: Wanted) -> Select[Any]:
    query = _there()
    for column, value in ((ITEMS.c.stage, wanted.stage), (ITEMS.c.language, wanted.language),
                          (ITEMS.c.status, wanted.status), (ITEMS.c.id, wanted.id)):
        query = query.where(column == value) if value else query
    if wanted.flagged is not None:
        query = query.where(ITEMS.c.flagged == wanted.flagged)
    if wanted.tag:
        query = query.where(_has("tag", TERMS.c.term == wanted.tag.casefold()))
    for word in content_words(wanted.words)[:10]:
        query = query.where(_has("word", _begins(word)))
    return query


def _has(kind: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return ITEMS.c.id.in_(select(TERMS.c.item_id).where(TERMS.c.kind == kind, condition))


def _begins(word: str) -> ColumnElement[bool]:
    return TERMS.c.term.between(word, word + _HIGHEST)


def _quiz(row: Row[Any], rows: Sequence[Row[Any]]) -> StoredQuiz:
    status: Status = row.status
    return StoredQuiz(
        id=row.id, title=row.title, stage=row.stage, topic=row.topic, language=row.language, version=row.version,
        status=status, created_at=row.created_at, created_by=row.created_by, document_id=row.document_id,
        items=tuple(bank_item(one) for one in rows), live_version=row.live_version, cost_nano_usd=row.cost_nano_usd,
        updated_at=row.updated_at, updated_by=row.updated_by)


def _page(found: list[Any], limit: int) -> Page[Any]:
    return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

