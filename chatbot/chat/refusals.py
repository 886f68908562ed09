"""What the chat does not answer: how much of a medicine, which illness, how to end a pregnancy, who a child is.

Each kind is a table in refusals.toml with the patterns that find it and its fixed words in English and Swahili. No
model is asked. A danger sign is looked for before this, so its advice always comes first. A question about the
programme's own tablets (iron and folic acid, SP) is not refused: the cards answer it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from chatbot.chat.texts import Language
from chatbot.safety.words.normalise import normalise

REFUSALS = Path(__file__).with_name("refusals.toml")
REFUSED = "refused"
"""The `finish_reason` of an answer by policy."""
_LONGEST = 4_000
"""Characters of a message that are looked at: patterns stay linear, and no question is longer."""
_HAS_IT = re.compile(
    r"\b(?:you|she|he|your \w+|the baby) (?:\w+ )?(?:have|has|(?:are|is) (?:having|suffering|infected))\b"
    r"|^\W*(?:una|unaugua|huenda una|mtoto wako ana|anaugua)\b")
_CONDITION = re.compile(r"\b(?:if|when|whether|once|or not|kama|ikiwa|until|may|can|before|that|who|tell)\b")
Kind = Literal["abortion", "cutting", "identity", "dosing", "diagnosis"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of question that policy answers."""

    kind: Kind
    asks: tuple[re.Pattern[str], ...]
    about: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    answer: dict[Language, str]
    with_card: bool
    """Whether the best card's own text follows the fixed words."""

    def fits(self, plain: str) -> bool:
        """Whether a message in plain lower-case words is such a question."""
        return (any(one.search(plain) for one in self.asks)
                and (not self.about or any(one.search(plain) for one in self.about))
                and not any(one.search(plain) for one in self.unless))


def refusal(message: str) -> Refusal | None:
    """The policy that answers `message`, or None."""
    plain = " ".join(normalise(message[:_LONGEST]).split())
    return next((one for one in _refusals() if one.fits(plain)), None)


def diagnoses(sentence: str) -> bool:
    """Whether a sentence tells a person that she, or her baby, has an illness.

    >>> diagnoses("You have anaemia."), diagnoses("If you have HIV, take your medicine."), diagnoses("Una malaria.")
    (True, False, True)
    """
    plain = normalise(sentence)
    names_illness = any(one.search(plain) for kind in _refusals() if kind.kind == "diagnosis" for one in kind.about)
    return names_illness and _HAS_IT.search(plain) is not None and not _CONDITION.search(plain)


@cache
def _refusals() -> tuple[Refusal, ...]:
    tables = tomllib.loads(REFUSALS.read_text(encoding="utf-8"))["refusal"]
    answers = {table["kind"]: table["answer"] for table in tables if "answer" in table}
    return tuple(_refusal(table, answers[table["kind"]]) for table in tables)


def _refusal(table: dict[str, Any], answer: dict[Language, str]) -> Refusal:
    asks, about, unless = (tuple(map(re.compile, table[part])) for part in ("asks", "about", "unless"))
    return Refusal(table["kind"], asks, about, unless, answer, table["card"])
