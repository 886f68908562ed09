"""What the quiz routes share: the bank of this installation, its judge, and ids that can be ids."""

from __future__ import annotations

import re
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from chatbot.documents.store import Documents
from chatbot.errors import NotFound
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.release import Release
from chatbot.quizzes.records.review import Review
from chatbot.quizzes.records.rows import NO_ITEM, NO_QUIZ
from routes.auth import current_principal
from routes.installation import installation

_ULID = re.compile("[0-9A-HJKMNP-TV-Z]{26}")


def engine() -> Engine:
    """Of the database that the bank is in."""
    return installation().service.engine


def zone() -> ZoneInfo:
    """The time zone in which a learner's day ends."""
    return ZoneInfo(installation().settings.time_zone)


def judge() -> Judge:
    """The lint, with the sources of this installation."""
    return Judge(engine(), partial(page_text, engine()))


def review() -> Review:
    """Changes of items, in the name of whoever asks."""
    return Review(engine(), judge(), current_principal().id)


def release() -> Release:
    """Changes of quizzes, in the name of whoever asks."""
    return Release(engine(), judge(), current_principal().id)


def page_text(engine: Engine, document_id: str, page: int | None) -> str | None:
    """The text of a document's page, or of the whole document; None when it was deleted."""
    try:
        passages = Documents(engine).passages(document_id)
    except NotFound:
        return None
    return "\n".join(one.text for one in passages if page is None or one.page == page)


def quiz_named(quiz_id: str) -> str:
    """The same id. What cannot be an id is a quiz that does not exist: NotFound, before the database is asked."""
    if not _ULID.fullmatch(quiz_id):
        raise NotFound(NO_QUIZ)
    return quiz_id


def item_named(quiz_id: str, item_id: str) -> tuple[str, str]:
    """The same ids. Raises NotFound."""
    if not (_ULID.fullmatch(quiz_id) and _ULID.fullmatch(item_id)):
        raise NotFound(NO_ITEM)
    return quiz_id, item_id
