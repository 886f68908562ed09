"""What an educator asks for when she wants a picture, as it waits in a job."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from chatbot.images.alt.draft import one_line, visible
from chatbot.images.drawing.order import DrawOrder
from chatbot.images.faces import People
from chatbot.knowledge.cards import Language
from chatbot.providers.interface import Picture
from config import Strategy

SIZES: dict[str, tuple[int, int]] = {"1024x1024": (1_024, 1_024), "1216x832": (1_216, 832), "832x1216": (832, 1_216)}
"""Width and height of about one million pixels each: what SDXL was trained on (arXiv 2307.01952, appendix I)."""
LONGEST_PROMPT = 1_000
LONGEST_TITLE = 120
MOST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture that is wanted. The words are as they were typed, without what nobody can see."""

    prompt: str
    negative_prompt: str = ""
    size: str = "1024x1024"
    """A key of `SIZES`."""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None
    """Of an edit: 0 keeps the source as it is, 1 forgets it."""
    people: People = "none"
    """Of an edit: whether real people can be seen on the source."""
    from_picture: str = ""
    """Of an edit: id of the library's picture that is changed; empty for an uploaded one."""
    source_is_drawn: bool = False
    """Of an edit: whether a model drew the source here from words alone."""
    title: str = ""
    language: Language = "en"
    """Of the alt text."""
    strategy: Strategy | None = None

    def tidied(self) -> Self:
        """The same wish in clean words; without a title it is called as it begins."""
        prompt = visible(self.prompt).strip()
        title = one_line(self.title) or one_line(prompt)
        return replace(self, prompt=prompt, negative_prompt=visible(self.negative_prompt).strip(),
                       title=title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE - 1].rstrip() + "…")

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        found: dict[str, Any] = json.loads(text)
        return cls(**found)

    def order(self, principal: str, source: Picture | None) -> DrawOrder:
        """What the illustrator is asked."""
        return DrawOrder(
            self.prompt, self.negative_prompt, SIZES[self.size], self.seed, self.steps, self.guidance, source,
            self.strength, self.strategy, principal, "illustration-edit" if source else "illustration", self.language)
