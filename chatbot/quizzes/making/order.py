"""What an educator asks for when she wants a quiz, checked before anything is searched, asked or charged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import get_args

from chatbot.errors import InvalidInput, TooLong
from chatbot.knowledge.cards import Language
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.passages import SourcePassage
from chatbot.quizzes.item import Bloom, Difficulty
from chatbot.safety.levels import Triage
from chatbot.safety.triage import triage
from chatbot.stages import stage_named
from config import Strategy

MOST_ITEMS = 20
MOST_TEXT = 20_000
"""Characters of free text; what is longer comes as a document."""
MOST_TOPIC = 200
TITLE_WORDS = 8
"""Words of a free text that name it in a citation."""
NAMES: dict[Language, str] = {"en": "English", "sw": "Swahili"}


@dataclass(frozen=True)
class QuizOrder:
    """One quiz to make. Check it with `checked` first."""

    stage: str
    topic: str = ""
    """Topics of the fact cards, or words to search for; several with commas between. Empty: the whole stage."""
    count: int = 10
    """Items wanted, 1 to 20."""
    options: int = 4
    """Options of an item, 3 or 4."""
    difficulty: Difficulty | None = None
    bloom: Bloom | None = None
    language: Language | None = None
    """None: English for cards, the text's own language for a text."""
    strategy: Strategy | None = None
    """None: the installation's."""
    principal: str = ""
    """Who asks: id of a key or a person, for the ledger."""
    passages: tuple[SourcePassage, ...] = ()
    """Of the educator's own document; empty makes the quiz from the fact cards."""
    taken: frozenset[str] = frozenset()
    """Stem keys (`stems.stem_key`) that must not come again."""
    text: str = field(default="", repr=False)
    """Free text in place of a document."""
    typed: str = field(default="", repr=False)
    """The same free text once it is kept as a document: her words, in which danger signs are looked for."""
    used_cards: frozenset[str] = frozenset()
    """Ids of cards that have their item already."""

    @property
    def from_cards(self) -> bool:
        return not self.passages and not self.text.strip()

    @property
    def sources(self) -> tuple[SourcePassage, ...]:
        """The document's passages, or those of the free text."""
        return self.passages or passages_of_text(self.text)

    @property
    def spoken(self) -> Language:
        """The language that the items are written in."""
        if self.language:
            return self.language
        return "en" if self.from_cards else detect_language(" ".join(one.text for one in self.sources))

    @property
    def triage(self) -> Triage:
        """Danger signs in the educator's own words: help is shown first, and the quiz is made all the same."""
        return triage(f"{self.topic}\n{self.text or self.typed}".strip(), self.stage)


def checked(order: QuizOrder) -> QuizOrder:
    """The same order with its stage's id. Raises InvalidInput naming the field at fault."""
    stage = stage_named(order.stage)
    if not 1 <= order.count <= MOST_ITEMS:
        raise InvalidInput("A quiz has 1 to 20 items.", field="count", remedy="Ask for 1 to 20 items.")
    if order.options not in (3, 4):
        raise InvalidInput("An item has 3 or 4 options.", field="options", remedy="Use 3 or 4.")
    _one_of("difficulty", order.difficulty, get_args(Difficulty))
    _one_of("bloom", order.bloom, get_args(Bloom))
    _one_of("language", order.language, get_args(Language))
    _one_of("strategy", order.strategy, get_args(Strategy))
    if len(order.topic) > MOST_TOPIC:
        raise TooLong(f"The topic is longer than {MOST_TOPIC} characters.", field="topic", remedy="Name a few topics.")
    if len(order.text) > MOST_TEXT:
        raise TooLong(f"The text is longer than {MOST_TEXT} characters.", field="text",
                      remedy="Send it as a document.")
    if order.passages and order.text.strip():
        raise InvalidInput("A quiz is made from a text or from a document, not from both.", field="text",
                           remedy="Send one of the two.")
    _check_language(order)
    return replace(order, stage=stage.id)


def passages_of_text(text: str) -> tuple[SourcePassage, ...]:
    """Each paragraph of a free text, with one space between its words; its title is how the text begins."""
    words = text.split()
    title = " ".join(words[:TITLE_WORDS]) + ("…" if len(words) > TITLE_WORDS else "")
    paragraphs = (" ".join(part.split()) for part in text.splitlines())
    return tuple(SourcePassage("", None, part, title) for part in paragraphs if part)


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise InvalidInput(f"There is no such {name}.", field=name, remedy=f"Use {', '.join(allowed)}.")


def _check_language(order: QuizOrder) -> None:
    """Nothing is translated: a quiz is in the language of its text."""
    if order.from_cards or not order.language:
        return
    written = detect_language(" ".join(one.text for one in order.sources))
    if written != order.language:
        raise InvalidInput(
            f"The text is in {NAMES[written]}, and the quiz should be in {NAMES[order.language]}.", field="language",
            remedy=f"Ask for a quiz in {NAMES[written]} ({written}), or send a text in {NAMES[order.language]}.")
