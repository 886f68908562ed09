"""From a model's candidates to one good item, or to the reason why its answer was none.

What a model writes is a proposal. Its key is replaced by the verbatim span of the fact that it means; its distractors
stand behind the card's own; numbers and names that the fact does not have are refused.
"""

from __future__ import annotations

from collections.abc import Callable

from chatbot.errors import SchemaBroken
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.support import Passages, same_word, sentences
from chatbot.knowledge.words import content_words
from chatbot.quizzes.item import Bloom, Difficulty, Item
from chatbot.quizzes.making.distractors import from_model, misconceptions_for, nearest, siblings
from chatbot.quizzes.making.draft import Draft
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.hostile import catches_all, is_hostile
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.making.schema import Proposal, candidate_schema, proposals
from chatbot.quizzes.making.spans import cut_from_a_no, verbatim
from chatbot.quizzes.making.template import bloom_of
from chatbot.quizzes.numerals import NUMBER, in_digits

LONGEST_STEM = 220
LONGEST_KEY = 150
GROUNDED = 0.5
"""Share of a stem's content words that must stand in its fact; a scenario brings words of its own."""
GROUNDED_SCENARIO = 0.25


class Reader:
    """Reads the answers of one call. `best` is the item of the last good one.

    Args:
        fact: what was asked about.
        order: the quiz it is for.
        make: turns a draft into an item.
        faults: how many findings an item has, or None when one of them blocks it.
    """

    def __init__(self, fact: Fact, order: QuizOrder, make: Callable[[Draft], Item],
                 faults: Callable[[Item], int | None]) -> None:
        self._fact, self._order, self._make, self._faults = fact, order, make, faults
        self.best: Item | None = None

    def __call__(self, text: str) -> None:
        """Keep the best item of an answer. Raises SchemaBroken when it has none."""
        reason = ""
        ranked: list[tuple[int, int, Item]] = []
        order, wanted = self._order, self._order.options - 1
        for proposal in proposals(text, candidate_schema(wanted)):
            draft = draft_of(proposal, self._fact, wanted, order.bloom, order.difficulty)
            if isinstance(draft, str):
                reason = draft
                continue
            item = self._make(draft)
            faults = self._faults(item)
            if faults is None:
                reason = "the lint blocks it"
            else:
                ranked.append((faults, len(ranked), item))
        if not ranked:
            raise SchemaBroken(f"no candidate is a good item: {reason}")
        self.best = min(ranked)[2]


def draft_of(proposal: Proposal, fact: Fact, wanted: int, bloom: Bloom | None = None,
             difficulty: Difficulty | None = None) -> Draft | str:
    """The proposal as a draft, or why it is none (in our words, never in the model's)."""
    stem = proposal.stem
    key = verbatim(proposal.key, fact.text)
    if not key or len(key) > LONGEST_KEY:
        return "its key does not stand in the fact"
    if any(is_hostile(text) or catches_all(text) for text in (stem, proposal.key, *proposal.distractors)):
        return "it holds what no item may hold"
    if reason := _what_is_wrong_with(stem, key, fact):
        return reason
    wrong = _distractors(proposal, fact, key, wanted)
    if len(wrong) < 2:
        return "its wrong answers are not clearly wrong, or not different"
    return Draft(stem, key, wrong, bloom=_reached(bloom, stem), difficulty=difficulty or "medium")


def _what_is_wrong_with(stem: str, key: str, fact: Fact) -> str:
    if not stem.endswith("?") or not 10 <= len(stem) <= LONGEST_STEM:
        return "its stem is no short question"
    if detect_language(stem) != fact.language:
        return "its stem is in another language"
    if not set(NUMBER.findall(in_digits(stem))) <= set(NUMBER.findall(in_digits(fact.text))):
        return "its stem has a number that the fact does not have"
    if key.casefold() in stem.casefold():
        return "its stem gives the key away"
    if cut_from_a_no(key, fact.text, stem):
        return "its key is cut from a sentence that denies it"
    words, known = content_words(stem), _known(fact)
    found = sum(any(same_word(word, other) for other in known) for word in words)
    enough = GROUNDED_SCENARIO if _is_scenario(stem) else GROUNDED
    return "" if words and found >= enough * len(words) else "its stem asks about something else"


def _known(fact: Fact) -> set[str]:
    """The words that a stem on this fact is made of: the text's own, and those that its card is found by."""
    texts = sentences(fact.text)
    if fact.card:
        wording = fact.card.wording(fact.language)
        texts += [wording.title, wording.question, *fact.card.keywords]
    return {word for text in texts for word in content_words(text)}


def _distractors(proposal: Proposal, fact: Fact, key: str, wanted: int) -> tuple[str, ...]:
    """The card's misconceptions first, then the model's, then siblings. One that is the right answer spoils all."""
    evidence = Passages([fact.text])
    if any(evidence.may_say(f"{proposal.stem.rstrip('?')} {one}") for one in proposal.distractors):
        return ()
    own = misconceptions_for(fact.card, fact, key) if fact.card else ()
    found = nearest(key, own, wanted)
    for more in (from_model(fact, key, proposal.distractors), siblings(fact, key)):
        found += tuple(one for one in more if one.casefold() not in {had.casefold() for had in found})
    return found[:wanted]


def _is_scenario(stem: str) -> bool:
    return ". " in stem


def _reached(asked: Bloom | None, stem: str) -> Bloom:
    """The level that the stem really asks for."""
    if _is_scenario(stem):
        return "apply"
    return "understand" if asked == "understand" and bloom_of(stem) == "understand" else bloom_of(stem)
