"""Fact cards: the only source of health content. One TOML table a fact, in `cards/<stage>.toml`.

A card says one thing, in our own words, in English and Swahili, with the authority it rests on and who
has reviewed it. It also carries the stem, the key (a verbatim span of its text) and the misconceptions
that a quiz item is made from. CONTRIBUTING.md, "add a fact", shows a whole card.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

Language = Literal["en", "sw"]
CARDS_FOLDER = Path(__file__).parent / "cards"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Source(_Strict):
    """The authority a fact rests on."""

    authority: Literal["WHO", "CDC", "NIH", "Kenya MoH"]
    title: str = Field(min_length=5)
    url: HttpUrl


class Wording(_Strict):
    """One fact in one language."""

    title: str = Field(min_length=3, max_length=90)
    question: str = Field(min_length=8, max_length=160)
    """The stem: one focused question that `text` answers."""
    text: str = Field(min_length=30, max_length=700)
    """Two to five short sentences, plain words, metric units."""
    key: str = Field(min_length=2, max_length=200)
    """The right answer to `question`: a verbatim span of `text`."""
    misconceptions: tuple[str, ...] = Field(min_length=2, max_length=3)
    """Wrong answers that people really believe, alike in form and length to `key`."""
    review: Literal["awaiting clinical review", "awaiting native review", "reviewed"]
    """`reviewed` only when a named person has signed for these very words (then `Card.reviewed_by` says who)."""

    @model_validator(mode="after")
    def _key_is_a_span(self) -> Self:
        if self.key not in self.text:
            raise ValueError(f"key is not a verbatim span of text: {self.key!r}")
        options = [self.key, *self.misconceptions]
        if len({option.casefold() for option in options}) != len(options):
            raise ValueError("key and misconceptions must all differ")
        return self


class Card(_Strict):
    """One fact."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
    stage: str
    topic: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    keywords: tuple[str, ...] = Field(min_length=3)
    """Words and short phrases people ask with, in both languages, everyday spellings included."""
    source: Source
    reviewed_by: str = ""
    en: Wording
    sw: Wording

    def wording(self, language: Language) -> Wording:
        return self.en if language == "en" else self.sw


def read_cards(folder: Path = CARDS_FOLDER) -> tuple[Card, ...]:
    """All cards of a folder, checked. Raises ValueError naming the file and the card at fault."""
    cards: list[Card] = []
    for path in sorted(folder.glob("*.toml")):
        for table in tomllib.loads(path.read_text(encoding="utf-8")).get("card", []):
            try:
                card = Card.model_validate({"stage": path.stem, **table})
            except ValueError as error:
                raise ValueError(f"{path.name}: card {table.get('id', '?')}: {error}") from error
            cards.append(card)
    ids = [card.id for card in cards]
    if repeated := {one for one in ids if ids.count(one) > 1}:
        raise ValueError(f"card ids used twice: {sorted(repeated)}")
    return tuple(cards)


@cache
def all_cards() -> tuple[Card, ...]:
    """The cards that ship with the system, read once."""
    return read_cards()
