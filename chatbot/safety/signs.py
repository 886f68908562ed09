"""The danger signs that ship with the system: one TOML table a sign, in `signs/<group>.toml`.

A newcomer adds a sign by writing one table: its rules (`patterns.py` explains them), examples that must be
recognised and counter-examples that must not. Both become tests.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from chatbot.safety.levels import LEVELS
from chatbot.safety.patterns import Pattern, parse
from chatbot.safety.vote import LEARNED_EMERGENCY, LEARNED_VOTE
from chatbot.safety.words.lexicon import Lexicon, the_lexicon
from chatbot.safety.words.measures import MEASURED

SIGNS_FOLDER = Path(__file__).parent / "signs"
STAGES = ("preconception", "antenatal", "birth", "postnatal")
Tier = Literal["soon", "urgent", "emergency"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a sign is published."""

    id: str
    authority: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Sign:
    """One danger sign."""

    id: str
    group: str
    """The file it stands in: obstetric, postpartum, newborn, mind_and_violence."""
    title: dict[str, str]
    tier: Tier
    stages: tuple[str, ...]
    sources: tuple[Source, ...]
    patterns: tuple[Pattern, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    reply: str = ""
    """Name of a special wording in `replies.toml`: self-harm, violence, newborn, poisoning."""


def read_sources(path: Path = SIGNS_FOLDER / "sources.toml") -> dict[str, Source]:
    """The published sources by id."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {id_: Source(id=id_, **table) for id_, table in tables.items()}


def read_signs(folder: Path = SIGNS_FOLDER, lexicon: Lexicon | None = None) -> tuple[Sign, ...]:
    """All signs of a folder, gravest tier first. Raises ValueError naming the file, the sign and the fault."""
    lexicon = lexicon or the_lexicon()
    sources = read_sources(folder / "sources.toml")
    known = _known(lexicon)
    signs: list[Sign] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != "sources.toml":
            for table in tomllib.loads(path.read_text(encoding="utf-8"))["sign"]:
                try:
                    signs.append(_sign(table, path.stem, sources, known))
                except (KeyError, TypeError, ValueError) as fault:
                    raise ValueError(f"{path.name}: sign {table.get('id', '?')}: {fault}") from fault
    ids = [sign.id for sign in signs]
    if repeated := {id_ for id_ in ids if ids.count(id_) > 1}:
        raise ValueError(f"sign ids used twice: {sorted(repeated)}")
    return tuple(sorted(signs, key=lambda sign: -LEVELS.index(sign.tier)))


def _known(lexicon: Lexicon) -> set[str]:
    """Every name that a rule may use."""
    return set(lexicon.kinds) | MEASURED | {LEARNED_VOTE, LEARNED_EMERGENCY} | {f"stage:{stage}" for stage in STAGES}


def _sign(table: dict[str, Any], group: str, sources: dict[str, Source], known: set[str]) -> Sign:
    if table["tier"] not in LEVELS[1:]:
        raise ValueError(f"no such tier: {table['tier']!r}")
    if wrong := set(table["stages"]) - set(STAGES):
        raise ValueError(f"no such stages: {sorted(wrong)}")
    if not (table["examples"] and table["counter_examples"]):
        raise ValueError("needs examples and counter_examples")
    patterns = tuple(parse(text) for text in table["patterns"])
    if strange := set().union(*(pattern.concepts() for pattern in patterns)) - known:
        raise ValueError(f"concepts that the lexicon does not have: {sorted(strange)}")
    texts = {key: tuple(table.pop(key)) for key in ("stages", "examples", "counter_examples")}
    cited = tuple(sources[id_] for id_ in table.pop("sources"))
    return Sign(**{**table, **texts, "group": group, "sources": cited, "patterns": patterns})


def sign_of(table: dict[str, Any], group: str) -> Sign:
    """One sign out of its table. Raises KeyError, TypeError, ValueError saying what is wrong with it."""
    return _sign({**table}, group, read_sources(), set(known_concepts()))


@cache
def known_concepts() -> frozenset[str]:
    """Every name that a rule may use: the lexicon's meanings, measures, stages, the learned vote."""
    return frozenset(_known(the_lexicon()))


@cache
def shipped_signs() -> tuple[Sign, ...]:
    """The signs that ship with the system, read once."""
    return read_signs()


_published: tuple[int, tuple[Sign, ...]] | None = None


def use_signs(number: int, signs: tuple[Sign, ...] | None) -> None:
    """Triage by these signs from now on, in this process (`versions_in_force.py` calls this); None: the shipped."""
    global _published  # noqa: PLW0603 - one process triages by one set of rules; the swap is one assignment
    _published = None if signs is None else (number, signs)


def rules_number() -> int:
    """The number of the published version that this process triages by; 0 is the shipped one."""
    published = _published
    return published[0] if published else 0


def all_signs() -> tuple[Sign, ...]:
    """The signs that triage looks for, gravest tier first: the published version, else the shipped one."""
    published = _published
    return published[1] if published else shipped_signs()
