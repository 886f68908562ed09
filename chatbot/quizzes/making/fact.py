"""One fact: what one item is made from. A card's wording, or one or two sentences of the educator's own text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chatbot.knowledge.cards import Card, Language
from chatbot.knowledge.passages import SourcePassage
from chatbot.knowledge.support import sentences
from chatbot.quizzes.item import Evidence

_POINTS_BACK = re.compile(
    r"^(?:they|it|its|this|these|those|he|she|then|others?|another|also|there|the (?:first|next|other)s?"
    r"|hii|hizi|hiyo|hizo|huyo|hao|nyingine|wengine|pia|kisha|vyote|zote|wote)\b", re.I)


@dataclass(frozen=True)
class Fact:
    """A few verbatim sentences, and where they stand."""

    text: str
    language: Language
    stage: str
    topic: str
    card: Card | None = None
    passage: SourcePassage | None = None
    siblings: tuple[str, ...] = field(default=(), repr=False)
    """Other texts of the same document, where distractors of the same type may be found."""

    @property
    def source_text(self) -> str:
        """The whole text that a quote must stand in, word for word."""
        return self.passage.text if self.passage else self.text

    def evidence(self, span: str) -> Evidence:
        """The sentence that `span` stands in, as a citation. Raises ValueError when it stands in none."""
        quote = self.quote(span)
        if self.card:
            return Evidence(quote=quote, card_id=self.card.id, title=self.card.wording(self.language).title,
                            url=str(self.card.source.url))
        assert self.passage is not None
        return Evidence(quote=quote, document_id=self.passage.document_id, page=self.passage.page,
                        title=self.passage.title)

    def quote(self, span: str) -> str:
        """The sentences that hold `span`; with the one before when they begin by pointing back ("They also ...")."""
        parts = places(self.text)
        at = self.text.index(span)
        first = max(number for number, (start, _) in enumerate(parts) if start <= at)
        last = min((number for number, (_, end) in enumerate(parts) if end >= at + len(span)), default=len(parts) - 1)
        if first and points_back(self.text[parts[first][0]:]):
            first -= 1
        return self.text[parts[first][0]:parts[last][1]]


def places(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of a text."""
    found, at = [], 0
    for sentence in sentences(text):
        start = text.index(sentence, at)
        at = start + len(sentence)
        found.append((start, at))
    return found


def points_back(sentence: str) -> bool:
    """Whether a sentence cannot be read without the one before it."""
    return _POINTS_BACK.match(sentence) is not None
