"""The evidence of an item inside its source: the card's text, or the passage of the document, with the quote marked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from chatbot.knowledge.cards import Card, Language, all_cards
from chatbot.quizzes.item import Evidence
from routes.quiz_rooms import engine, page_text

AROUND = 320
"""Characters of a page that are shown before and after the quote."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an editor sees of a source. `before + quote + after` is its text, or the part around the quote."""

    state: Literal["found", "not_in_source", "gone", "none"]
    quote: str = ""
    before: str = ""
    after: str = ""
    title: str = ""
    url: str = ""
    host: str = ""
    page: int | None = None
    review: str = ""
    """Who still has to sign for a card's wording; an entry of `[review]`."""


def source_of(evidence: Evidence, language: Language) -> Source:
    """Where the key of an item stands. Raises LedgerUnavailable."""
    if not (evidence.quote or evidence.card_id or evidence.document_id):
        return Source("none")
    text, review = _text(evidence, language)
    host = urlsplit(evidence.url).hostname or "" if evidence.url.startswith(("https://", "http://")) else ""
    known = Source("gone" if evidence.document_id else "none", evidence.quote, title=evidence.title, page=evidence.page,
                   url=evidence.url if host else "", host=host.removeprefix("www."), review=review)
    if text is None:
        return known
    found = _find(evidence.quote, text)
    if found is None:
        return replace(known, state="not_in_source", after=text[:2 * AROUND])
    before, after = text[:found.start()], text[found.end():]
    return replace(known, state="found", quote=found[0], before=_end_of(before), after=_start_of(after))


def card_named(card_id: str) -> Card | None:
    """The card with this id."""
    return _cards().get(card_id)


def _text(evidence: Evidence, language: Language) -> tuple[str | None, str]:
    if evidence.card_id:
        card = card_named(evidence.card_id)
        return (card.wording(language).text, card.wording(language).review) if card else (None, "")
    return (page_text(engine(), evidence.document_id, evidence.page) if evidence.document_id else None), ""


def _find(quote: str, text: str) -> re.Match[str] | None:
    """The quote in the text, however the spaces between its words run."""
    words = [re.escape(word) for word in quote.split()]
    return re.search(r"\s+".join(words), text) if words else None


def _end_of(text: str) -> str:
    return text if len(text) <= AROUND else "… " + text[-AROUND:].partition(" ")[2]


def _start_of(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND].rpartition(" ")[0] + " …"


@cache
def _cards() -> dict[str, Card]:
    return {card.id: card for card in all_cards()}
