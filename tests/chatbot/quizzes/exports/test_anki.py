"""The Anki deck: stable ids, so that a corrected quiz changes the notes a learner has."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.quizzes.exports import export_quiz
from chatbot.quizzes.exports.anki import FIELDS, MODEL_ID
from chatbot.quizzes.item import Quiz
from tests.chatbot.quizzes.exports.sample import COWS, IRON, MADE, PLAIN, WILD, bank_item, quiz_of


@pytest.fixture
def open_deck(tmp_path: Path):  # type: ignore[no-untyped-def]
    def opened(quiz: Quiz) -> sqlite3.Connection:
        path = tmp_path / "collection.anki2"
        with zipfile.ZipFile(io.BytesIO(export_quiz(quiz, "anki").content)) as archive:
            path.write_bytes(archive.read("collection.anki2"))
        return sqlite3.connect(path)

    return opened


def test_the_collection_is_whole(open_deck) -> None:  # type: ignore[no-untyped-def]
    deck = open_deck(WILD)
    assert deck.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    count = len(WILD.items)
    assert deck.execute("SELECT count(*), count(DISTINCT guid) FROM notes").fetchone() == (count, count)
    assert deck.execute("SELECT count(*) FROM cards JOIN notes ON notes.id = cards.nid").fetchone() == (count,)
    (models,) = deck.execute("SELECT models FROM col").fetchone()
    assert [field["name"] for field in json.loads(models)[str(MODEL_ID)]["flds"]] == list(FIELDS)


def test_a_note_keeps_its_guid_when_its_item_and_the_order_change(open_deck) -> None:  # type: ignore[no-untyped-def]
    def guids(quiz: Quiz) -> list[str]:
        return [row[0] for row in open_deck(quiz).execute("SELECT guid FROM notes ORDER BY id")]

    before = guids(PLAIN)
    changed = PLAIN.model_copy(update={"items": (
        bank_item(COWS, 2), bank_item(IRON.model_copy(update={"stem": "Another?"}), 1))})
    assert guids(changed) == before[::-1]


def test_a_changed_item_is_newer_so_that_anki_takes_it_over(open_deck) -> None:  # type: ignore[no-untyped-def]
    def modified(quiz: Quiz) -> int:
        return int(open_deck(quiz).execute("SELECT max(mod) FROM notes").fetchone()[0])

    later = quiz_of(IRON).model_copy(update={"items": (bank_item(IRON, updated_at=MADE + timedelta(days=1)),)})
    assert modified(later) == modified(quiz_of(IRON)) + 86_400


def test_two_quizzes_are_two_decks_and_a_title_makes_no_subdeck(open_deck) -> None:  # type: ignore[no-untyped-def]
    def decks(quiz: Quiz) -> dict[str, str]:
        (found,) = open_deck(quiz).execute("SELECT decks FROM col").fetchone()
        return {key: deck["name"] for key, deck in json.loads(found).items() if key != "1"}

    one, other = decks(PLAIN), decks(quiz_of(IRON, id="01JDQ00000000000000000001", title="a::b"))
    assert one.keys() != other.keys()
    assert list(other.values()) == ["a: b"]
    assert decks(PLAIN.model_copy(update={"title": "New"})).keys() == one.keys()


def test_anki_itself_imports_it_and_takes_a_correction_over(tmp_path: Path) -> None:
    collection = pytest.importorskip("anki.collection", reason="pip install anki (AGPL-3.0, so not required)")
    opened = collection.Collection(str(tmp_path / "collection.anki2"))

    def imported(quiz: Quiz) -> tuple[int, int]:
        path = tmp_path / "quiz.apkg"
        path.write_bytes(export_quiz(quiz, "anki").content)
        log = opened.import_anki_package(collection.ImportAnkiPackageRequest(
            package_path=str(path), options=collection.ImportAnkiPackageOptions())).log
        return len(log.new), len(log.updated)

    assert imported(PLAIN) == (2, 0)
    assert imported(PLAIN) == (0, 0)
    corrected = bank_item(IRON.model_copy(update={"stem": "Corrected?"}), 1, updated_at=MADE + timedelta(days=1))
    assert imported(PLAIN.model_copy(update={"items": (corrected, PLAIN.items[1])}))[0] == 0
    assert len(opened.find_notes('"Corrected?"')) == 1
    assert imported(WILD)[0] == len(WILD.items) - 2  # two of its items have ids that are known by now
    assert opened.fix_integrity()[1]
