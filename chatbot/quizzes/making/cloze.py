"""An item from a sentence of the educator's own text, without a model: the sentence with its one quantity left out.

The distractors are quantities of the same kind from the same text. A sentence that does not give such an item gives
none: half an item would be worse.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatbot.knowledge.cards import Language
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.passages import SourcePassage
from chatbot.knowledge.support import sentences
from chatbot.quizzes.making.distractors import nearest, sibling_values
from chatbot.quizzes.making.draft import Draft
from chatbot.quizzes.making.fact import Fact, points_back
from chatbot.quizzes.making.hostile import is_not_a_fact
from chatbot.quizzes.making.quantity import Quantity, quantities
from chatbot.quizzes.making.texts import GAP, MISSING_AMOUNT

FEWEST_WORDS, MOST_WORDS = 5, 45
LEAST = 2
"""Distractors without which there is no item."""


def facts_of_passage(passage: SourcePassage, stage: str, topic: str, language: Language,
                     document: tuple[str, ...]) -> Iterator[Fact]:
    """The passage's facts in this language: each sentence, with the one before where it points back."""
    before = ""
    for sentence in sentences(passage.text):
        text = f"{before} {sentence}" if before and points_back(sentence) else sentence
        before = sentence
        whole = text in passage.text and FEWEST_WORDS <= len(text.split()) <= MOST_WORDS
        if whole and not text.endswith("?") and not is_not_a_fact(text) and detect_language(text) == language:
            yield Fact(text, language, stage, topic, passage=passage, siblings=document)


def draft_of_sentence(fact: Fact, options: int) -> Draft | None:
    """The sentence with a quantity left out, or None when the text has no fit distractors for any of them."""
    found = quantities(fact.text)
    for quantity in found:
        if sum(one.kind == quantity.kind for one in found) > 1:
            continue  # two times in one sentence: the gap could hold either
        wrong = sibling_values(fact, quantity)
        if len(wrong) >= LEAST:
            return _draft(fact, quantity, nearest(quantity.span, wrong, options - 1))
    return None


def _draft(fact: Fact, quantity: Quantity, wrong: tuple[str, ...]) -> Draft:
    end = quantity.start + len(quantity.span)
    gapped = fact.text[:quantity.start] + GAP + fact.text[end:]
    return Draft(MISSING_AMOUNT[fact.language].format(sentence=gapped), quantity.span, wrong, difficulty="medium")
