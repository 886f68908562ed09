"""Rows of the bank: how an item is written, made anew by one conditional UPDATE, indexed, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from chatbot.database import now
from chatbot.errors import NotFound, VersionConflict
from chatbot.knowledge.words import content_words
from chatbot.quizzes.item import BankItem, Finding, Item, Status
from chatbot.quizzes.records.history import Action, Diff, changes, moved
from chatbot.quizzes.records.tables import ITEMS, QUIZZES, TERMS, VERSIONS
from chatbot.quizzes.records.who import name_of
from chatbot.quizzes.stems import stem_key

LONGEST_KEY = 200
LONGEST_TERM = 64
NO_QUIZ = "There is no such quiz."
NO_ITEM = "There is no such item in this quiz."


def key_of(stem: str) -> str:
    """The stem's key, as the bank looks it up."""
    return stem_key(stem)[:LONGEST_KEY]


def bank_item(row: Row[Any]) -> BankItem:
    """A row of `quiz_items` as the features know it."""
    return BankItem(id=row.id, quiz_id=row.quiz_id, version=row.version, status=row.status,
                    item=Item.model_validate(row.content), updated_at=row.updated_at, updated_by=row.updated_by,
                    findings=tuple(Finding.model_validate(one) for one in row.findings))


def find_item(connection: Connection, quiz_id: str, item_id: str) -> Row[Any]:
    """The row of an item that is in this quiz. Raises NotFound."""
    row = connection.execute(select(ITEMS).where(
        ITEMS.c.id == item_id, ITEMS.c.quiz_id == quiz_id, ITEMS.c.deleted_at.is_(None))).first()
    if row is None:
        raise NotFound(NO_ITEM)
    return row


def find_quiz(connection: Connection, quiz_id: str) -> Row[Any]:
    """The row of a quiz. Raises NotFound."""
    row = connection.execute(select(QUIZZES).where(QUIZZES.c.id == quiz_id)).first()
    if row is None:
        raise NotFound(NO_QUIZ)
    return row


def items_of(connection: Connection, quiz_id: str) -> Sequence[Row[Any]]:
    """The rows of a quiz's items, in order."""
    return connection.execute(select(ITEMS).where(ITEMS.c.quiz_id == quiz_id, ITEMS.c.deleted_at.is_(None))
                              .order_by(ITEMS.c.place, ITEMS.c.id)).all()


def add_item(connection: Connection, *, quiz_id: str, item_id: str, place: int, item: Item,
             findings: Iterable[Finding], by: str, at: datetime, action: Action = "made") -> None:
    """Write a new item, its first version and its index."""
    content = item.model_dump(mode="json")
    connection.execute(insert(ITEMS).values(
        id=item_id, quiz_id=quiz_id, place=place, version=1, content_version=1, status="draft", flags=[], flagged=False,
        deleted_at=None, updated_at=at, updated_by=by, **_searched(item, findings), content=content))
    connection.execute(insert(VERSIONS).values(
        item_id=item_id, version=1, content_version=1, status="draft", content=content, at=at, by=by, action=action,
        reason="", diff=[]))
    _index(connection, item_id, item)


def next_version(connection: Connection, row: Row[Any], *, by: str, action: Action, status: Status, reason: str = "",
                 item: Item | None = None, findings: Iterable[Finding] | None = None, deleted: bool = False) -> None:
    """Turn the version of an item that `row` shows into the next one, and write down what changed.

    One UPDATE that names the version it replaces: of two editors who saw the same version, one gets through.
    Raises VersionConflict when the item is no longer that version.
    """
    at, version, before = now(), row.version + 1, Item.model_validate(row.content)
    values: dict[str, Any] = {"version": version, "status": status, "updated_at": at, "updated_by": by}
    if item is not None:
        values |= {"content": item.model_dump(mode="json"), "content_version": version, "flags": [], "flagged": False}
        values |= _searched(item, findings or ())
    elif findings is not None:
        values["findings"] = _dumped(findings)
    if deleted:
        values["deleted_at"] = at
    done = connection.execute(update(ITEMS).where(
        ITEMS.c.id == row.id, ITEMS.c.version == row.version, ITEMS.c.deleted_at.is_(None)).values(values))
    if done.rowcount != 1:
        raise stale_item(connection, row.id)
    diff: Diff = (changes(before, item) if item is not None else []) + moved(row.status, status)
    connection.execute(insert(VERSIONS).values(
        item_id=row.id, version=version, content_version=values.get("content_version", row.content_version),
        status=status, content=values.get("content", row.content), at=at, by=by, action=action, reason=reason,
        diff=diff))
    if item is not None:
        _index(connection, row.id, item)


def stale_item(connection: Connection, item_id: str) -> VersionConflict:
    """Says which version an item has now, and who made it when."""
    return _stale(connection, connection.execute(select(ITEMS).where(ITEMS.c.id == item_id)).one())


def stale_quiz(connection: Connection, quiz_id: str) -> VersionConflict:
    """The same for a quiz."""
    return _stale(connection, connection.execute(select(QUIZZES).where(QUIZZES.c.id == quiz_id)).one())


def last_place(connection: Connection, quiz_id: str) -> int:
    """The place of a quiz's last item; -1 when it has none."""
    found = connection.scalar(select(func.max(ITEMS.c.place)).where(ITEMS.c.quiz_id == quiz_id))
    return -1 if found is None else int(found)


def _stale(connection: Connection, row: Row[Any]) -> VersionConflict:
    who, when = name_of(connection, row.updated_by), f"{row.updated_at:%Y-%m-%dT%H:%M:%SZ}"
    return VersionConflict(
        f"Version {row.version} was saved by {who} at {when}.",
        field="version", remedy="Load it again, look at what changed, and send your change with the new version.")


def _searched(item: Item, findings: Iterable[Finding]) -> dict[str, Any]:
    return {"findings": _dumped(findings), "stage": item.stage, "language": item.language,
            "stem_key": key_of(item.stem)}


def _dumped(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]


def _index(connection: Connection, item_id: str, item: Item) -> None:
    """Write down the words of the stem, the options and the topic, and the tags, that the item is found by."""
    words = {word[:LONGEST_TERM] for text in (item.stem, *item.options, item.topic) for word in content_words(text)}
    tags = {tag.casefold()[:LONGEST_TERM] for tag in item.tags}
    terms = [("word", word) for word in words] + [("tag", tag) for tag in tags]
    connection.execute(delete(TERMS).where(TERMS.c.item_id == item_id))
    if terms:
        connection.execute(insert(TERMS), [{"item_id": item_id, "kind": kind, "term": term} for kind, term in terms])
