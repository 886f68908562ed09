"""Full-text search over the fact cards: which cards hold the words of this question.

Words are looked up one by one in an in-memory SQLite FTS5 index: as they stand (Porter stems), by their Swahili root,
and, when a word is nowhere, by the most alike word of the cards (trigrams, then edit distance). A card is found when it
covers enough of the question: the share of the question's content words, weighted by how rare each is, that the card
holds. A word that no card knows is the rarest of all, so "price of cow's milk" is not answered by a card on milk.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence

from chatbot.knowledge.cards import Card
from chatbot.knowledge.swahili_roots import swahili_root
from chatbot.knowledge.words import STOP_WORDS, SYNONYMS, content_words, edits_between, form_of, words_of

# Measured on tests/chatbot/knowledge/questions.toml and the `dev` half of tests/data/knowledge/questions.toml: 0.43
# answers four more stray questions in a hundred than 0.45, and half as many again of those near our field; 0.45 misses
# one card in forty.
LEAST_COVERAGE = 0.45
"""Share of the question, by rarity, that a card must hold."""
KEYWORD_COVERAGE = 0.35
"""The same for a card with a keyword of several words that are all in the question."""
KEYWORD_BOOST = 0.15
"""What such a keyword adds to a card's score."""
PAIR_COVERAGE, TELLING = 0.30, 2.5
"""The same for a card whose heading holds two words of the question that are this rare (nats)."""
LEAST_EVIDENCE = 1.5
"""Rarity (nats) that the words found must bring together: "my baby" alone names no topic."""
BM25_SHARE = 0.3
NUMERAL = 0.3
"""What a number's rarity counts, beside a word's: "6 weeks" says when, not what."""
SYNONYM = 0.95
MISSPELT = 0.7
"""What a word found through a synonym or by likeness counts, beside one found as it is written."""
SHORTEST_MISSPELT, LONGEST_MISSPELT = 5, 24
BODY = 0.6
"""What a hit in a card's text counts; only its heading says what the card is about."""
MAX_CLAUSES = 6
"""Clauses of a question that are tried by themselves."""
_CLAUSE_END = re.compile(r"[,.;:?!]\s+")
_FIELDS = (("heading", 1.0), ("heading_roots", 0.9), ("body", BODY), ("body_roots", 0.5))
"""Columns in the order they are tried, with what a hit there counts. Heading: title, question, keywords."""
_SCHEMA = """
CREATE VIRTUAL TABLE cards USING fts5(heading, heading_roots, body, body_roots, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE vocabulary USING fts5(word, tokenize = 'trigram');
"""


class WordSearch:
    """An index of cards, built once and shared by threads."""

    def __init__(self, cards: tuple[Card, ...]) -> None:
        self._cards = cards
        self._phrases = tuple(_phrases(card) for card in cards)
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

    def find(self, question: str) -> dict[int, float]:
        """Number of a card -> how well it holds the words of `question`, for the cards that hold enough of them.

        0 to 1 for the share covered, plus up to 0.45 for rank and keywords; comparable within one question. Both
        languages' texts are searched.
        """
        words = content_words(question)
        asked = self._asked_with(words)
        with self._lock:
            hits = {word: self._hits(word) for word in words}
            rank = self._bm25(hits)
        return {number: share + BM25_SHARE * rank.get(number, 0.0) + KEYWORD_BOOST * (number in asked)
                for number, share in self._best_coverage(question, hits, asked).items()}

    def _asked_with(self, words: Iterable[str]) -> frozenset[int]:
        """The cards that have a keyword of two words or more whose every word is in the question."""
        terms = frozenset(form_of(same) for word in words for same in (word, *SYNONYMS.get(word, ())))
        return frozenset(number for number, phrases in enumerate(self._phrases)
                         if any(phrase <= terms for phrase in phrases))

    def _best_coverage(self, question: str, hits: Mapping[str, Mapping[int, float]],
                       asked: frozenset[int]) -> dict[int, float]:
        """The coverage of the question or of the clause that a card covers best: people tell a story first."""
        clauses = [hits, *({word: hits[word] for word in content_words(part) if word in hits}
                           for part in _CLAUSE_END.split(question)[:MAX_CLAUSES])]
        best: dict[int, float] = {}
        for clause in clauses:
            for number, share in self._coverage(clause, asked).items():
                best[number] = max(best.get(number, 0.0), share)
        return best

    def _coverage(self, hits: Mapping[str, Mapping[int, float]], asked: frozenset[int]) -> dict[int, float]:
        """Card number -> share of the question it covers, for the cards that cover enough."""
        rarity = {word: self._rarity(word, len(found)) for word, found in hits.items()}
        whole = sum(rarity.values())
        evidence: dict[int, float] = {}
        in_heading: dict[int, list[float]] = {}
        for word, found in hits.items():
            for number, quality in found.items():
                evidence[number] = evidence.get(number, 0.0) + quality * rarity[word]
                if quality > BODY:
                    in_heading.setdefault(number, []).append(rarity[word])
        return {
            number: evidence[number] / whole
            for number, rarities in in_heading.items()
            if sum(rarities) >= LEAST_EVIDENCE and evidence[number] / whole >= _enough(number in asked, rarities)
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


def _enough(keyword: bool, rarities: Sequence[float]) -> float:
    """The coverage asked of a card, by what of the question stands in its heading: two telling words need less."""
    if sum(rarity >= TELLING for rarity in rarities) >= 2:
        return PAIR_COVERAGE
    return KEYWORD_COVERAGE if keyword else LEAST_COVERAGE


def _phrases(card: Card) -> tuple[frozenset[str], ...]:
    """The keywords of two content words or more, each as the forms of its words."""
    forms = (frozenset(map(form_of, content_words(keyword))) for keyword in card.keywords)
    return tuple(one for one in forms if len(one) > 1)


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
