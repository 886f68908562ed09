"""What a model is asked to write about a picture, and what becomes of it.

The text on the picture is asked for by itself, so that it can be told from the model's own words: what is on a poster
is quoted, whatever it says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from chatbot.images.faces import People
from chatbot.knowledge.cards import Language

SCHEMA: dict[str, Any] = {
    "type": "object", "additionalProperties": False,
    "required": ["decorative", "text_in_picture", "alt_text", "long_description"],
    "properties": {"decorative": {"type": "boolean"}, "text_in_picture": {"type": "string"},
                   "alt_text": {"type": "string"}, "long_description": {"type": "string"}}}
_BRACKETS = str.maketrans("<>", "‹›")
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»|‘([^’]*)’')
TEXT_ON_IT: dict[Language, str] = {"en": "Text in the picture:", "sw": "Maandishi kwenye picha:"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What alt text is asked for, and what is known of the picture."""

    language: Language = "en"
    context: str = ""
    """What the picture is for, in the educator's words: what she says may be said."""
    people: People = "unknown"
    name: str = ""
    """The file's name without its ending: alt text must not repeat it."""


class Draft(BaseModel):
    """What a model wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decorative: bool
    text_in_picture: str
    alt_text: str
    long_description: str

    @property
    def own_words(self) -> str:
        """Alt text and long description without what they quote from the picture."""
        return "\n".join(_without_quotes(text, self.text_in_picture) for text in (self.alt_text, self.long_description))

    @property
    def own_alt_words(self) -> str:
        return _without_quotes(self.alt_text, self.text_in_picture)

    @property
    def tells_its_text(self) -> bool:
        """Whether the text on the picture stands in the alt text or in the long description."""
        text = plain(self.text_in_picture)
        return text in plain(self.alt_text) or text in plain(self.long_description)


def tidied(draft: Draft, language: Language) -> Draft:
    """The draft as it is given out: blanks evened, the picture's text told, nothing said twice."""
    alt, text = inert(one_line(draft.alt_text)), inert(visible(draft.text_in_picture).strip())
    long = inert(visible(draft.long_description).strip())
    if plain(long) == plain(alt):
        long = ""
    kept = draft.model_copy(update={"alt_text": alt, "text_in_picture": text, "long_description": long})
    if draft.decorative or kept.tells_its_text:
        return kept
    told = f"{TEXT_ON_IT[language]} “{text}”"
    return kept.model_copy(update={"long_description": f"{long}\n{told}" if long else told})


def plain(text: str) -> str:
    """Letters and digits only, in small letters: for comparing."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def one_line(text: str) -> str:
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Without control characters and those that turn or hide text; line breaks stay."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char)[0] != "C")


def inert(text: str) -> str:
    """The same words, and nothing in them that a page could load or link, also inside a quotation."""
    return text.translate(_BRACKETS).replace("](", "] (").replace("://", ": //")


def _without_quotes(text: str, source: str) -> str:
    """Leave out quotations, but only what really stands on the picture: quotation marks excuse nothing else."""
    known = f" {plain(source)} "

    def judge(match: re.Match[str]) -> str:
        inside = plain(next(part for part in match.groups() if part is not None))
        return " " if f" {inside} " in known else match.group()

    return _QUOTED.sub(judge, text)
