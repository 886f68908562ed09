"""Documents, their passages and their lines in the database.

The team of one installation is small, so its educators share their documents: each sees all of them, and who sent them.
Only who sent a document, or an admin, deletes it. The same file sent twice by one educator is one document; another
educator's copy is her own, so that deleting one takes nothing from anybody else. Quizzes keep the quotes that they
took, whatever becomes of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, Select, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.accounts.principal import Principal
from chatbot.accounts.tables import KEYS, PEOPLE
from chatbot.database import new_id, now
from chatbot.documents.passages import Passage
from chatbot.documents.tables import DOCUMENTS, PAGES, PASSAGES
from chatbot.documents.upload import ParsedDocument
from chatbot.errors import LedgerUnavailable, NotAllowed, NotFound
from chatbot.knowledge.passages import SourcePassage
from chatbot.transactions import Transactions

_KEPT = Transactions(lambda: LedgerUnavailable(
    "The database does not answer, so documents can be neither kept nor read now."))


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a stored document."""

    id: str
    title: str
    kind: str
    pages: int | None
    """None for kinds without pages."""
    characters: int
    """Of all its passages."""
    language: str
    passages: int
    created_at: datetime
    created_by: str
    """Principal's id."""
    created_by_name: str
    """Name of the person, or of the key; the id when neither is known."""


class Documents:
    """The documents of an installation. Every method raises LedgerUnavailable when the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, parsed: ParsedDocument, owner: str, title: str = "") -> tuple[Document, bool]:
        """Keep a document for `owner`, a principal's id. Returns it, and whether it is new.

        `title` is the educator's own; left out, it is what the file calls itself. A document that was kept before its
        lines were gets them when it is sent again.
        """
        with _KEPT.writing(self._engine) as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            added = connection.scalar(dialect.insert(DOCUMENTS).values(
                id=new_id(), owner=owner, sha256=parsed.sha256, title=title or parsed.title, kind=parsed.kind,
                pages=parsed.pages, characters=parsed.characters, language=parsed.language,
                passages=len(parsed.passages), created_at=now()).on_conflict_do_nothing().returning(DOCUMENTS.c.id))
            if added is not None:
                _keep(connection, PASSAGES, added, parsed.passages)
            found = connection.execute(_documents().where(
                DOCUMENTS.c.owner == owner, DOCUMENTS.c.sha256 == parsed.sha256)).mappings().one()
            known = select(PAGES.c.number).where(PAGES.c.document_id == found["id"]).limit(1)
            if connection.scalar(known) is None:
                _keep(connection, PAGES, found["id"], parsed.lines)
            return _document(found), added is not None

    def all(self, *, limit: int = 50, after: str = "") -> list[Document]:
        """Everybody's documents, the newest first; `after` is the id of the last one of the page before."""
        query = _documents().order_by(DOCUMENTS.c.id.desc()).limit(limit)
        if after:
            query = query.where(DOCUMENTS.c.id < after)
        with _KEPT.reading(self._engine) as connection:
            return [_document(row) for row in connection.execute(query).mappings()]

    def get(self, document_id: str) -> Document:
        """One document. Raises NotFound."""
        with _KEPT.reading(self._engine) as connection:
            return _found(connection, document_id)

    def passages(self, document_id: str) -> tuple[SourcePassage, ...]:
        """All passages of one document, in order. Raises NotFound."""
        with _KEPT.reading(self._engine) as connection:
            document = _found(connection, document_id)
            return tuple(SourcePassage(document_id, one.page, one.text, document.title)
                         for one in _texts(connection, PASSAGES, document_id))

    def lines(self, document_id: str) -> tuple[Passage, ...]:
        """Each page with all its lines; the passages of a document that was kept before its lines were.

        Raises NotFound.
        """
        with _KEPT.reading(self._engine) as connection:
            _found(connection, document_id)
            return _texts(connection, PAGES, document_id) or _texts(connection, PASSAGES, document_id)

    def delete(self, document_id: str, principal: Principal) -> None:
        """Forget a document, its passages and its lines. Raises NotFound; NotAllowed when it is another educator's."""
        with _KEPT.writing(self._engine) as connection:
            document = _found(connection, document_id)
            if principal.id != document.created_by and not principal.may("admin"):
                raise NotAllowed("Only who sent a document, or an admin, deletes it.")
            for table in (PASSAGES, PAGES):
                connection.execute(delete(table).where(table.c.document_id == document_id))
            connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.id == document_id))


def _keep(connection: Connection, table: Table, document_id: str, texts: Sequence[Passage]) -> None:
    connection.execute(insert(table), [
        {"document_id": document_id, "number": number, "page": one.page, "text": one.text}
        for number, one in enumerate(texts, 1)])


def _texts(connection: Connection, table: Table, document_id: str) -> tuple[Passage, ...]:
    """Passages or pages, in order."""
    rows = connection.execute(select(table.c.page, table.c.text).where(
        table.c.document_id == document_id).order_by(table.c.number))
    return tuple(Passage(page, text) for page, text in rows)


def _documents() -> Select[tuple[object, ...]]:
    name = func.coalesce(PEOPLE.c.name, KEYS.c.name, DOCUMENTS.c.owner).label("created_by_name")
    return select(*DOCUMENTS.c, name).outerjoin(PEOPLE, PEOPLE.c.id == DOCUMENTS.c.owner).outerjoin(
        KEYS, KEYS.c.id == DOCUMENTS.c.owner)


def _found(connection: Connection, document_id: str) -> Document:
    row = connection.execute(_documents().where(DOCUMENTS.c.id == document_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such document.")
    return _document(row)


def _document(row: RowMapping) -> Document:
    return Document(created_by=row["owner"], **{name: row[name] for name in (
        "id", "title", "kind", "pages", "characters", "language", "passages", "created_at", "created_by_name")})
