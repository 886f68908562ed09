"""Wrong answers: the card's misconceptions first, then what a model proposes, then sibling values of the same kind.

A proposal is taken only when it is surely another answer: not the key in other words or numbers, no part of another
option, and nothing that the evidence supports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chatbot.knowledge.cards import Card, all_cards
from chatbot.knowledge.support import Passages
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.quantity import Quantity, quantities, quantity_of

_MEDICINE = ("mass", "volume")
LONGEST = 120
"""Characters of an option that a model proposes."""
TOO_LONG_BESIDE = 2.5
"""A distractor this many times as long as the key (or the other way round) does not look like it."""


def misconceptions_for(card: Card, fact: Fact, key: str) -> tuple[str, ...]:
    """The card's own wrong answers, when `key` answers the card's own question."""
    wording = card.wording(fact.language)
    same = key.casefold() in wording.key.casefold() or wording.key.casefold() in key.casefold()
    return wording.misconceptions if same else ()


def nearest(key: str, options: Iterable[str], wanted: int) -> tuple[str, ...]:
    """The `wanted` options nearest to the key in length, so that its length does not give it away."""
    return tuple(sorted(options, key=lambda option: abs(len(option) - len(key)))[:wanted])


def from_model(fact: Fact, key: str, proposed: Sequence[str]) -> tuple[str, ...]:
    """Those proposals that may stand beside the key: no dose of a model's own is among them."""
    return _usable(fact, key, (one for one in proposed if not _is_a_dose(one) and _is_like(key, one)))


def siblings(fact: Fact, key: str) -> tuple[str, ...]:
    """Keys of the stage's other cards that measure the same thing as the key, in the same form."""
    about = quantity_of(key)
    if fact.card is None or about is None:
        return ()
    cards = [card for card in all_cards() if card.stage == fact.stage and card.id != fact.card.id]
    keys = [card.wording(fact.language).key for card in cards]
    same = [one for one in keys if (other := quantity_of(one)) and other.kind == about.kind and _is_like(key, one)]
    return _usable(fact, key, sorted(same, key=lambda one: abs(len(one) - len(key))))


def sibling_values(fact: Fact, key: Quantity) -> tuple[str, ...]:
    """Other quantities of the same document that measure the same thing; those in the key's own unit come first."""
    found = [one for text in fact.siblings for one in quantities(text) if one.kind == key.kind]
    unit = _unit(key)
    ordered = sorted(found, key=lambda one: _unit(one) != unit)
    return _usable(fact, key.span, (one.span for one in ordered))


def _usable(fact: Fact, key: str, proposed: Iterable[str]) -> tuple[str, ...]:
    evidence = Passages([fact.text])
    taken = [key]
    for option in proposed:
        clean = " ".join(option.split()).rstrip(".")
        if clean and len(clean) <= LONGEST and not evidence.may_say(clean) and not any(_same(clean, one)
                                                                                       for one in taken):
            taken.append(clean)
    return tuple(taken[1:])


def _same(one: str, other: str) -> bool:
    """Whether two options say the same, or one is part of the other."""
    a, b = one.casefold(), other.casefold()
    if re.search(rf"(?<!\w){re.escape(a)}(?!\w)", b) or re.search(rf"(?<!\w){re.escape(b)}(?!\w)", a):
        return True
    first, second = quantity_of(one), quantity_of(other)
    equal = first is not None and second is not None and (first.kind, first.size) == (second.kind, second.size)
    return equal and _without_quantity(one) == _without_quantity(other)


def _without_quantity(option: str) -> str:
    for one in quantities(option):
        option = option.replace(one.span, "")
    return " ".join(option.casefold().split())


def _is_like(key: str, option: str) -> bool:
    short, long = sorted((len(key), len(option)))
    return long <= TOO_LONG_BESIDE * max(short, 12)


def _is_a_dose(option: str) -> bool:
    return any(one.kind in _MEDICINE for one in quantities(option))


def _unit(quantity: Quantity) -> str:
    return re.sub(r"[\d.,/–-]+|\b(?:to|hadi|na|and)\b", " ", quantity.span.casefold()).split()[-1].rstrip("s")
