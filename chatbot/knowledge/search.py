"""Full-text search over the fact cards: which cards answer this question, or none.

Words are looked up one by one in an in-memory SQLite FTS5 index: as they stand (Porter stems), by their Swahili root,
and, when a word is nowhere, by the most alike word of the cards (trigrams, then edit distance). A card is found when it
covers enough of the question: the share of the question's content words, weighted by how rare each is, that the card
holds. A word that no card knows is the rarest of all, so "price of cow's milk" is not answered by a card on milk.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbot.knowledge.cards import Card, Language
from chatbot.knowledge.swahili_roots import swahili_root
from chatbot.knowledge.words import STOP_WORDS, SYNONYMS, content_words, edits_between, words_of

# Measured on tests/chatbot/knowledge/questions.toml (446 + 175): 0.40 answers one stray question in eight, 0.45 one in
# twenty; 0.55 misses one card in eight, 0.45 one in twenty.
LEAST_COVERAGE = 0.45
"""Share of the question, by rarity, that a card must hold."""
LEAST_EVIDENCE = 1.5
"""Rarity (nats) that the words found must bring together: "my baby" alone names no topic."""
BM25_SHARE = 0.3
STAGE_BOOST = 0.06
NUMERAL = 0.3
"""What a number's rarity counts, beside a word's: "6 weeks" says when, not what."""
SYNONYM = 0.95
MISSPELT = 0.7
"""What a word found through a synonym or by likeness counts, beside one found as it is written."""
SHORTEST_MISSPELT, LONGEST_MISSPELT = 5, 24
_FIELDS = (("heading", 1.0), ("heading_roots", 0.9), ("body", 0.6), ("body_roots", 0.5))
"""Columns in the order they are tried, with what a hit there counts. Heading: title, question, keywords."""
_SCHEMA = """
CREATE VIRTUAL TABLE cards USING fts5(heading, heading_roots, body, body_roots, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE vocabulary USING fts5(word, tokenize = 'trigram');
"""


@dataclass(frozen=True)
class Passage:
    """A card that answers, in the language to answer in."""

    card: Card
    language: Language
    score: float
    """Coverage of the question (0 to 1) plus up to 0.36 for rank and stage; comparable within one question."""


class CardSearch:
    """An index of cards, built once and shared by threads."""

    def __init__(self, cards: tuple[Card, ...]) -> None:
        self._cards = cards
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.executescript(_SCHEMA)
        columns = [_columns(card) for card in cards]
        rows = ((number, *texts) for number, texts in enumerate(columns))
        self._index.executemany(
            "INSERT INTO cards(rowid, heading, heading_roots, body, body_roots) VALUES (?, ?, ?, ?, ?)", rows
        )
        vocabulary = {word for heading, _, body, _ in columns for word in f"{heading} {body}".split()} - STOP_WORDS
        marked = ((f"^{word}$",) for word in sorted(vocabulary) if len(word) >= SHORTEST_MISSPELT - 1)
        self._index.executemany("INSERT INTO vocabulary(word) VALUES (?)", marked)
        self._index.commit()

    def find(self, question: str, language: Language, stage: str | None, limit: int = 3) -> tuple[Passage, ...]:
        """The cards that answer `question`, best first; empty when nothing in the cards fits it.

        Both languages' texts are searched whatever `language` is; `stage` lifts its own cards but hides no other.
        """
        with self._lock:
            hits = {word: self._hits(word) for word in content_words(question)}
            rank = self._bm25(hits)
        scores = {
            number: share + BM25_SHARE * rank.get(number, 0.0) + STAGE_BOOST * (self._cards[number].stage == stage)
            for number, share in self._coverage(hits).items()
        }
        order = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        return tuple(Passage(self._cards[number], language, round(scores[number], 4)) for number in order)

    def _coverage(self, hits: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
        """Card number -> share of the question it covers, for the cards that cover enough."""
        rarity = {word: self._rarity(word, len(found)) for word, found in hits.items()}
        whole = sum(rarity.values())
        evidence: dict[int, float] = {}
        for word, found in hits.items():
            for number, quality in found.items():
                evidence[number] = evidence.get(number, 0.0) + quality * rarity[word]
        return {
            number: mass / whole
            for number, mass in evidence.items()
            if mass >= LEAST_EVIDENCE and mass / whole >= LEAST_COVERAGE
        }

    def _rarity(self, word: str, held_by: int) -> float:
        """Inverse document frequency as BM25 has it (Robertson and Zaragoza, 2009), in nats; an unknown number: 0."""
        if word.isdigit() and not held_by:
            return 0.0
        rarity = math.log(1 + (len(self._cards) - held_by + 0.5) / (held_by + 0.5))
        return rarity * NUMERAL if word.isdigit() else rarity

    def _hits(self, word: str) -> dict[int, float]:
        """Card number -> how well it holds `word`, its synonyms or, failing those, the word it is like: 0 to 1."""
        found = self._by_meaning(word)
        if not found and (likeness := self._most_alike(word)):
            found = {number: quality * MISSPELT for number, quality in self._by_meaning(likeness).items()}
        return found

    def _by_meaning(self, word: str) -> dict[int, float]:
        found = self._lookup(word)
        for synonym in SYNONYMS.get(word, ()):
            for number, quality in self._lookup(synonym).items():
                found[number] = max(found.get(number, 0.0), quality * SYNONYM)
        return found

    def _lookup(self, word: str) -> dict[int, float]:
        found: dict[int, float] = {}
        for column, quality in _FIELDS:
            term = swahili_root(word) if column.endswith("_roots") else word
            for (number,) in self._index.execute("SELECT rowid FROM cards(?)", (f"{column} : {_quoted(term)}",)):
                found.setdefault(number, quality)
        return found

    def _most_alike(self, word: str) -> str | None:
        """The word of the cards that `word` is most likely a misspelling of; the first letter is taken to be right."""
        if not SHORTEST_MISSPELT <= len(word) <= LONGEST_MISSPELT or word.isdigit():
            return None
        marked = f"^{word}$"
        trigrams = " OR ".join(_quoted(marked[at : at + 3]) for at in range(len(marked) - 2))
        rows = self._index.execute("SELECT word FROM vocabulary(?) ORDER BY rank LIMIT 25", (trigrams,))
        allowed = 1 if len(word) < 10 else 2
        same_start = (other.strip("^$") for (other,) in rows if other[1] == word[0])
        others = [other for other in same_start if abs(len(other) - len(word)) <= allowed]
        near = [(edits, other) for other in others if (edits := edits_between(word, other)) <= allowed]
        return min(near)[1] if near else None

    def _bm25(self, hits: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
        """Card number -> BM25 of the question as a share of the best card's (FTS5 gives it negative)."""
        terms = " OR ".join(_quoted(term) for word in hits for term in (word, swahili_root(word)))
        if not terms:
            return {}
        ranked = "SELECT rowid, -bm25(cards, 3.0, 2.0, 1.0, 0.7) FROM cards(?)"
        scores: dict[int, float] = dict(self._index.execute(ranked, (terms,)))
        best = max(scores.values(), default=0.0)
        return {number: score / best for number, score in scores.items()} if best > 0 else {}


def _columns(card: Card) -> tuple[str, str, str, str]:
    """Heading and body in both languages, each followed by its Swahili roots."""
    heading_sw = words_of(" ".join((card.sw.title, card.sw.question, *card.keywords)))
    body_sw = words_of(card.sw.text)
    heading = [*words_of(f"{card.en.title} {card.en.question}"), *heading_sw]
    body = [*words_of(card.en.text), *body_sw]
    return " ".join(heading), _roots(heading_sw), " ".join(body), _roots(body_sw)


def _roots(words: Iterable[str]) -> str:
    return " ".join(swahili_root(word) for word in words if word not in STOP_WORDS)


def _quoted(term: str) -> str:
    """An FTS5 string: nothing inside it is syntax."""
    return '"' + term.replace('"', '""') + '"'
