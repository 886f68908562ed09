"""Which questions of a file become items: multiple choice with one right answer, of a size that people read."""

from __future__ import annotations

from typing import Any, get_args

from chatbot.knowledge.cards import Language
from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.imports.interface import Question, Skipped
from chatbot.quizzes.item import Bloom, Difficulty, Item, MadeBy

FEWEST_OPTIONS, MOST_OPTIONS = 2, 6
LONGEST_STEM, LONGEST_OPTION, LONGEST_RATIONALE = 1_000, 500, 1_000
MOST_TAGS, LONGEST_TAG, LONGEST_TOPIC = 20, 40, 200
"""The limits of an item that an editor writes."""


def judged(question: Question, *, stage: str, language: Language) -> Item | Skipped:
    """The question as an item without evidence, or why it is none."""
    if reason := _too_odd(question):
        return Skipped(question.place, reason)
    rationale = tuple(map(writable, question.rationale))[:len(question.options)]
    fields: dict[str, Any] = {}
    if question.difficulty in get_args(Difficulty):
        fields["difficulty"] = question.difficulty
    if question.bloom in get_args(Bloom):
        fields["bloom"] = question.bloom
    return Item(stem=writable(question.stem), options=tuple(map(writable, question.options)), keys=question.keys,
                rationale=rationale if any(rationale) else (), language=language, stage=stage,
                topic=writable(question.topic)[:LONGEST_TOPIC], tags=_tags(question.tags),
                made_by=MadeBy(path="import"), **fields)


def _too_odd(question: Question) -> str:
    """Why it cannot be an item; empty when it can."""
    if not FEWEST_OPTIONS <= len(question.options) <= MOST_OPTIONS:
        return f"It has {len(question.options)} options; {FEWEST_OPTIONS} to {MOST_OPTIONS} are taken."
    if len(question.keys) != 1:
        return "It has no right answer." if not question.keys else "It has more than one right answer."
    if not writable(question.stem) or not all(map(writable, question.options)):
        return "Its question or one of its options is empty."
    for what, texts, limit in (("question", (question.stem,), LONGEST_STEM),
                               ("option", question.options, LONGEST_OPTION),
                               ("rationale", question.rationale, LONGEST_RATIONALE)):
        if any(len(text) > limit for text in texts):
            return f"A text ({what}) is longer than {limit} characters."
    return ""


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    kept = dict.fromkeys(writable(tag)[:LONGEST_TAG] for tag in tags[:MOST_TAGS])
    return tuple(tag for tag in kept if tag)
