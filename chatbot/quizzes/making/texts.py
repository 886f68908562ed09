"""The fixed words around an item, in English and Swahili (the Swahili awaits native review)."""

from __future__ import annotations

from chatbot.knowledge.cards import Language

RIGHT: dict[Language, str] = {"en": "Correct. {quote}", "sw": "Sahihi. {quote}"}
WRONG: dict[Language, str] = {"en": "Not so. {quote}", "sw": "Sivyo. {quote}"}
"""Why a distractor is wrong: what the source says instead."""
GAP = "____"
MISSING_AMOUNT: dict[Language, str] = {
    "en": "According to the text, what belongs in the gap? “{sentence}”",
    "sw": "Kulingana na maandishi, ni nini kinafaa katika pengo? “{sentence}”"}
"""The stem of an item that a document's own sentence makes: the sentence with its key left out."""


def rationale_of(place: int, answer_index: int, quote: str, language: Language) -> str:
    """Why the option at `place` is right or wrong: in the words of the source."""
    return (RIGHT if place == answer_index else WRONG)[language].format(quote=quote)
