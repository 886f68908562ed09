"""Everything the vote may learn from: written by us, labelled, none of it from real users or from the frozen halves."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chatbot.knowledge.cards import all_cards
from chatbot.safety.levels import Level
from chatbot.safety.signs import shipped_signs
from chatbot.safety.triage import matches
from chatbot.stages import all_stages
from training.carriers import composed

MESSAGES = Path(__file__).parent / "messages"
ROOT = Path(__file__).parents[1]
DEV_SETS = ROOT / "tests" / "data" / "safety"
OLDER_SETS = ROOT / "tests" / "chatbot" / "safety"
WORDINGS = 3
"""Further wordings made of each written message."""
SENTENCE_WEIGHT = 0.3
SPENT = ("dev", "former_test", "former_audit")
"""Measuring sets that may be learned from."""
AUTHORS = ("6", "7", "8", "9", "10", "former_audit")
"""Whose messages are left out in turn to measure: the files `messages/*_<author>.txt`, or a spent set."""
QUESTIONS = "10"
"""Whose files hold the questions of `chatbot/knowledge/asked`, labelled one by one by how soon she should be seen."""
GRAVE_QUESTION_WEIGHT, CALM_QUESTION_WEIGHT = 5.0, 0.5
"""Five of six are calm, and a woman in danger types as few words as anybody: a grave one counts for ten calm ones."""
EXAMPLE_WEIGHT = 3.0
"""A sign's own examples, and messages that say one thing only: what the vote must not get wrong."""
GRAVE = {"urgent", "emergency"}
SOON_WEIGHT = 0.3
"""`soon` counts as no danger, but a mistake there is a small one."""


class Example(NamedTuple):
    """A message, how soon she should be seen, and how much a mistake on it counts."""

    text: str
    tier: Level
    weight: float = 1.0
    language: str = "en"

    @property
    def danger(self) -> bool:
        return self.tier in GRAVE


def written(without: str = "", only: str = "") -> list[Example]:
    """The messages of `messages/<language>_<calm|soon|urgent|emergency>[_author].txt`, one a line; all, or some."""
    tiers: dict[str, Level] = {"calm": "none", "soon": "soon", "urgent": "urgent", "emergency": "emergency"}
    found = []
    for path in sorted(MESSAGES.glob("*.txt")):
        language, label, author = (*path.stem.split("_"), "1")[:3]
        if author == without or (only and author != only):
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                found.append(Example(line.strip(), tiers[label], _weight(author, tiers[label]), language))
    return found


def _weight(author: str, tier: Level) -> float:
    if author == "bare":
        return EXAMPLE_WEIGHT
    if author == QUESTIONS and tier != "soon":
        return GRAVE_QUESTION_WEIGHT if tier in GRAVE else CALM_QUESTION_WEIGHT
    return SOON_WEIGHT if tier == "soon" else 1.0


def with_carriers(of: list[Example], seed: int = 5) -> list[Example]:
    """Each example in `WORDINGS` further wordings; two calm ones or a calm and a grave one may follow each other."""
    chance = random.Random(seed)  # noqa: S311 - the same wordings at every run, nothing secret
    calm = [one for one in of if not one.danger]
    made: list[Example] = []
    for one in of:
        made += [one._replace(text=text) for text in composed(one.text, one.language, one.danger, chance, WORDINGS)]
        other = calm[chance.randrange(len(calm))] if calm else one
        if other is not one and other.language == one.language and chance.random() < 0.5:
            pair = [one.text, other.text] if chance.random() < 0.5 else [other.text, one.text]
            made.append(one._replace(text=". ".join(pair), weight=0.7))
    return made


def from_rules_and_cards() -> list[Example]:
    """The signs' own examples and counter-examples, the cards' questions, the page's example questions."""
    plain = [Example(text, sign.tier, EXAMPLE_WEIGHT) for sign in shipped_signs() for text in sign.examples]
    found = plain + with_carriers(plain)
    found += [Example(text, "none") for sign in shipped_signs() if sign.tier in GRAVE for text in sign.counter_examples]
    found += [Example(text, "none") for card in all_cards() for wording in (card.en, card.sw)
              for text in (wording.title, wording.question)]
    found += [Example(text, "none") for stage in all_stages() for question in stage.questions
              for text in (question.en, question.sw)]
    return found


def from_card_sentences() -> list[Example]:
    """The cards' sentences that no rule takes for a danger sign: everyday words in calm company, of little weight."""
    sentences = [sentence.strip() for card in all_cards() for wording in (card.en, card.sw)
                 for sentence in re.split(r"(?<=[.!?:])\s+|\n", wording.text) if len(sentence.split()) > 3]
    return [Example(text, "none", SENTENCE_WEIGHT) for text in sentences if not matches(text, with_vote=False)]


def older() -> list[Example]:
    """`dev_messages.toml` and the three later rounds."""
    sets = [tomllib.loads((OLDER_SETS / "dev_messages.toml").read_text(encoding="utf-8"))]
    sets += tomllib.loads((OLDER_SETS / "fresh_messages.toml").read_text(encoding="utf-8")).values()
    return [_labelled(row["text"], row["level"], language)
            for one in sets for language, rows in one.items() for row in rows]


def spent(halves: Sequence[str] = SPENT) -> list[Example]:
    """The dev halves of the measuring sets, and the sets that are spent; never the present frozen ones."""
    return [_labelled(row["text"], row["tier"], row["language"])
            for half in halves for language in ("en", "sw") for row in
            tomllib.loads((DEV_SETS / f"{half}_{language}.toml").read_text(encoding="utf-8"))["message"]]


def by_author(author: str) -> list[Example]:
    """The messages of one of `AUTHORS`, as they were written."""
    return spent([author]) if author in SPENT else written(only=author)


def _labelled(text: str, level: Level, language: str) -> Example:
    return Example(text, level, SOON_WEIGHT if level == "soon" else 1.0, language)


def everything(without: str = "") -> Iterator[Example]:
    """All examples with their further wordings; without those of one author, to measure."""
    messages = written(without)
    yield from messages
    questions = set(written(only=QUESTIONS))
    yield from with_carriers([one for one in messages if one not in questions])
    yield from from_rules_and_cards()
    yield from from_card_sentences()
    yield from older()
    yield from spent([half for half in SPENT if half != without])
