"""Documents in the database: shared by the team, one for each file and educator, deleted whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, func, select

from chatbot.accounts.principal import Principal
from chatbot.database import db
from chatbot.documents.passages import Passage
from chatbot.documents.store import Documents
from chatbot.documents.tables import DOCUMENTS, PAGES, PASSAGES
from chatbot.documents.upload import ParsedDocument
from chatbot.errors import LedgerUnavailable, NotAllowed, NotFound
from chatbot.knowledge.passages import SourcePassage
from tests.house import make_engine, make_settings

AMINA, BARAKA = Principal("01JD00000000000000000AMINA", "educator"), Principal("01JD0000000000000000BARAKA", "educator")
ADMIN = Principal("01JD00000000000000000ADMIN", "admin")
LINES = (Passage(1, "A guide\nIron helps."), Passage(2, "Nets help."))
PASSAGES_OF_IT = (Passage(1, "Iron helps."), Passage(2, "Nets help."))
GUIDE = ParsedDocument("pdf", "A guide", 2, "en", PASSAGES_OF_IT, "0" * 64, LINES)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


@pytest.fixture
def documents(engine: Engine) -> Documents:
    return Documents(engine)


def test_a_document_comes_back_with_its_passages_in_order(documents: Documents) -> None:
    kept, new = documents.add(GUIDE, AMINA.id)
    assert new
    assert (kept.title, kept.pages, kept.characters, kept.passages, kept.created_by) == ("A guide", 2, 21, 2, AMINA.id)
    assert documents.get(kept.id) == kept
    assert documents.passages(kept.id) == (SourcePassage(kept.id, 1, "Iron helps.", "A guide"),
                                           SourcePassage(kept.id, 2, "Nets help.", "A guide"))


def test_its_lines_come_back_page_by_page_with_the_headings(documents: Documents) -> None:
    assert documents.lines(documents.add(GUIDE, AMINA.id)[0].id) == LINES


def test_a_document_kept_before_its_lines_were_gives_its_passages_until_it_is_sent_again(
        documents: Documents, engine: Engine) -> None:
    kept = documents.add(GUIDE, AMINA.id)[0].id
    with engine.begin() as connection:
        connection.execute(delete(PAGES))
    assert documents.lines(kept) == GUIDE.passages
    assert documents.add(GUIDE, AMINA.id)[1] is False
    assert documents.lines(kept) == LINES


def test_the_same_file_twice_is_one_document(documents: Documents, engine: Engine) -> None:
    first, _ = documents.add(GUIDE, AMINA.id, "My title")
    again, new = documents.add(GUIDE, AMINA.id, "Another title")
    assert (again, new) == (first, False)
    with engine.connect() as connection:
        assert [connection.scalar(select(func.count()).select_from(table)) for table in (PASSAGES, PAGES)] == [2, 2]


def test_every_educator_sees_every_document_the_newest_first(documents: Documents) -> None:
    kept = [documents.add(GUIDE, who.id)[0].id for who in (AMINA, BARAKA)]
    assert len(set(kept)) == 2
    assert sorted(one.id for one in documents.all()) == sorted(kept)
    first, = documents.all(limit=1)
    second, = documents.all(limit=1, after=first.id)
    assert first.id > second.id
    assert documents.all(after=second.id) == []


def test_who_sent_a_document_deletes_it_with_its_passages_and_lines(documents: Documents, engine: Engine) -> None:
    kept = documents.add(GUIDE, AMINA.id)[0].id
    documents.delete(kept, AMINA)
    with engine.connect() as connection:
        left = [connection.scalar(select(func.count()).select_from(table)) for table in (DOCUMENTS, PASSAGES, PAGES)]
    assert left == [0, 0, 0]
    for forgotten in (documents.get, documents.passages, documents.lines):
        with pytest.raises(NotFound):
            forgotten(kept)


def test_another_educator_deletes_nothing_and_an_admin_anything(documents: Documents) -> None:
    kept = documents.add(GUIDE, AMINA.id)[0].id
    with pytest.raises(NotAllowed):
        documents.delete(kept, BARAKA)
    assert documents.get(kept)
    documents.delete(kept, ADMIN)
    with pytest.raises(NotFound):
        documents.delete(kept, ADMIN)


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    empty = Documents(create_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    with pytest.raises(LedgerUnavailable):
        empty.add(GUIDE, AMINA.id)
    with pytest.raises(LedgerUnavailable):
        empty.all()


def test_its_tables_are_known_to_whoever_moves_the_database() -> None:
    assert {"documents", "document_passages", "document_pages"} <= set(db.metadata.tables)
