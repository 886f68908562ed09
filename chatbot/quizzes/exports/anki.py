"""Anki decks (.apkg), written with genanki.

A note's GUID comes from the item's id, the deck's from the quiz's, the model's is fixed: importing a corrected quiz
again changes the notes that a learner has, and keeps how often she has seen them.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sqlite3
from typing import Any

from chatbot.quizzes.exports.archive import fixed_zip
from chatbot.quizzes.exports.citation import citation
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import as_html, letter, one_line
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import BankItem, Quiz

MODEL_ID = 1_607_392_319
"""Of our note type. A new one only with other fields: learners' notes are bound to it."""
FIELDS = ("Question", "Options", "Answer", "Why", "Source")
FRONT = '<div class="question">{{Question}}</div>{{Options}}'
BACK = ('{{FrontSide}}<hr id="answer"><div class="key">{{Answer}}</div>{{Why}}'
        '{{#Source}}<div class="source">{{Source}}</div>{{/Source}}')
CSS = """.card { font-family: sans-serif; font-size: 20px; text-align: left; max-width: 40em; margin: auto }
.key { font-weight: bold } .source { font-size: 14px; margin-top: 1em }
ol.options { list-style: upper-alpha }"""
_SPACE = re.compile(r"\s+")


class Anki(Export):
    """One note an item: the question with its options; behind it the key, why, and the source."""

    name = "anki"
    title = "Anki deck"
    extension = "apkg"
    media_type = "application/octet-stream"
    opens_in = "Anki, AnkiDroid"

    def render(self, quiz: Quiz) -> bytes:
        """A zip with an SQLite collection (schema 11, which every Anki imports)."""
        import genanki

        model = genanki.Model(MODEL_ID, "Funza Mama question", [{"name": name} for name in FIELDS],
                              [{"name": "Card", "qfmt": FRONT, "afmt": BACK}], css=CSS)
        deck = genanki.Deck(_stable_id("deck", quiz.id), one_line(quiz.title.replace("::", ": "), 120))
        for shown in quiz.items:
            deck.add_note(genanki.Note(model, _fields(shown), guid=genanki.guid_for("funza-mama", shown.id),
                                       tags=[tag for tag in map(_tag, shown.item.tags) if tag]))
        return fixed_zip({"collection.anki2": _database(genanki.Package(deck), _changed_at(quiz)),
                          "media": b"{}"})


def _database(package: Any, at: float) -> bytes:
    """The collection as SQLite's bytes, dated `at` (seconds since 1970).

    Made in memory: genanki's own writer leaves a file of the whole quiz in the temporary folder.
    """
    connection = sqlite3.connect(":memory:")
    try:
        package.write_to_db(connection.cursor(), at, itertools.count(int(at * 1000)))
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def _changed_at(quiz: Quiz) -> float:
    """When its latest item changed: Anki takes a note over one it has only if it is newer."""
    return max([quiz.created_at, *(shown.updated_at for shown in quiz.items if shown.updated_at)]).timestamp()


def _fields(shown: BankItem) -> list[str]:
    item = shown.item
    options = "".join(f"<li>{_html(option)}</li>" for option in item.options)
    why = "".join(f"<li>{_html(text)}</li>" for text in rationales(item)) if any(item.rationale) else ""
    return [_html(item.stem), f'<ol class="options">{options}</ol>',
            f"{letter(item.answer_index)}. {_html(item.key)}", why and f'<ol class="options">{why}</ol>',
            _html(citation(item.evidence, item.language))]


def _html(text: str) -> str:
    """As HTML; `[` as an entity, because Anki plays what `[sound:...]` names."""
    return as_html(text).replace("[", "&#91;")


def _tag(tag: str) -> str:
    """A tag as Anki has them: one word."""
    return _SPACE.sub("_", tag.strip())


def _stable_id(kind: str, own: str) -> int:
    """An id of the size that Anki makes itself (31 bits), the same at every export."""
    return int.from_bytes(hashlib.sha256(f"{kind}:{own}".encode()).digest()[:4]) % (1 << 30) + (1 << 30)
