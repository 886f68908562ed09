"""A draft: stem, key and distractors before they are put in order; and the item it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.quizzes.item import Bloom, Difficulty, Item, MadeBy
from chatbot.quizzes.making.arrange import Places
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.texts import rationale_of


@dataclass(frozen=True, slots=True)
class Draft:
    """What a card, a sentence or a model proposes. `key` stands word for word in the fact."""

    stem: str
    key: str
    distractors: tuple[str, ...]
    bloom: Bloom = "remember"
    difficulty: Difficulty = "easy"

    def item(self, fact: Fact, places: Places, made_by: MadeBy) -> Item:
        """The item: options in order, a rationale for each from the source's own sentence."""
        options, place = places.arrange(self.key, self.distractors)
        evidence = fact.evidence(self.key)
        return Item(
            stem=self.stem, options=options, keys=(place,),
            rationale=tuple(rationale_of(one, place, evidence.quote, fact.language) for one in range(len(options))),
            evidence=evidence, language=fact.language, stage=fact.stage, topic=fact.topic, bloom=self.bloom,
            difficulty=self.difficulty, made_by=made_by)
