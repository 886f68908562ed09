"""Can a mother read it? Plain words, metric units."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.knowledge.support import sentences
from chatbot.quizzes.lint.readability import flesch_kincaid, lengths
from chatbot.quizzes.lint.rule import Flaw, Judged
from chatbot.quizzes.numerals import in_digits

HIGHEST_GRADE = 6.0
MOST_SWAHILI_WORDS, MOST_SWAHILI_SYLLABLES = 18, 3.4
_FEWEST_WORDS = 20
"""Fewer words than this have no grade: one long word would decide."""
_N = r"[0-9](?:\.[0-9]+)?\s*-?\s*"
_US_UNIT = re.compile(
    rf"{_N}(?:pounds?|lbs?|ounces?|oz|inch(?:es)?|stones?|miles?|gallons?|pints?|quarts?|yards?|fl\.? ?oz|ft"
    rf"|f(?:ee|oo)t (?:tall|high|long|away|[0-9]))\b|°\s*f\b|{_N}(?:degrees )?f\b|\bfahrenheit\b|\bfarenhaiti\b"
    r"|\b(?:pauni|ratili|aunsi|inchi|futi|maili|galoni|painti|yadi) [0-9]"
    r"|\b(?:in|kwa) (?:pounds|ounces|inches|aunsi|inchi|ratili|futi)\b")
"""`Feet` alone are those that swell."""


def hard_to_read(judged: Judged) -> Iterator[Flaw]:
    """The stem and the options, as the learner reads them; each option is a sentence of its own."""
    read = [*sentences(judged.item.stem), *(option for option in judged.item.options if option.strip())]
    if sum(len(text.split()) for text in read) < _FEWEST_WORDS:
        return
    if judged.item.language == "en" and (grade := flesch_kincaid(read)) > HIGHEST_GRADE:
        yield Flaw("", f"{grade:.1f}")
    if judged.item.language == "sw":
        words, _ = lengths(sentences(judged.item.stem))
        _, syllables = lengths(read)
        if words > MOST_SWAHILI_WORDS or syllables > MOST_SWAHILI_SYLLABLES:
            yield Flaw("", f"{words:.0f}; {syllables:.1f}")


def us_units(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts():
        if found := _US_UNIT.search(in_digits(text)):
            yield Flaw(field, found[0])
