"""The words around an item on paper: its source in one line, and the headings in the quiz's language."""

from __future__ import annotations

from typing import NamedTuple

from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Evidence


class Headings(NamedTuple):
    """What a sheet says beside the questions."""

    draft: str
    name: str
    date: str
    key: str
    source: str
    page: str
    missing: str


HEADINGS: dict[Language, Headings] = {
    "en": Headings("DRAFT", "Name", "Date", "Answer key", "Source", "page",
                   "□ stands for a character (an emoji, or a letter of another script) that this font does not have."),
    "sw": Headings("RASIMU (DRAFT)", "Jina", "Tarehe", "Majibu sahihi", "Chanzo", "ukurasa",
                   "□ ni mahali pa alama au herufi ambayo fonti hii haina."),
}


def citation(evidence: Evidence, language: Language) -> str:
    """The quote and where it stands; empty when the item has no evidence."""
    page = f"{HEADINGS[language].page} {evidence.page}" if evidence.page is not None else ""
    where = ", ".join(part for part in (evidence.title, page, evidence.url) if part)
    return " — ".join(part for part in (f"“{evidence.quote}”" if evidence.quote else "", where) if part)
