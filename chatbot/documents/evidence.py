"""Where a value stands in a document, or that it does not: the one judge of what a model says about it.

A value counts only when the document holds it: word for word, once both are brought to one form (NFKC, small letters,
one space, one kind of quote and dash), or as the same day, or as the same number. What is returned is the document's
own wording and never the model's, so nothing invented can come through. Korean may be spaced differently, and a name
may carry a particle (홍길동은), but a part of a longer word is not that word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from chatbot.documents.dates import Dated, dates_in
from chatbot.documents.figures import Figure, figures_in
from chatbot.documents.passages import Passage

LONGEST_QUOTE = 240
_ONE_FORM = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-",
                           "‐": "-", "‑": "-", "·": "·", "ㆍ": "·", "\u3000": " "})
_COMMA_IN_NUMBER = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_HANGUL = re.compile(r"[가-힣]")
_PARTICLE = re.compile(r"(?:은|는|이|가|을|를|과|와|의|에게서?|에서|에|으로|로|도|만|께서?|님|씨|군|양|이며|이고|"
                       r"이라|라|입니다|및)(?![가-힣])|이하|이라")
_NUMBER_GROWS = re.compile(r"[.,]?\d|\s?(?:만|억|천|백)")
_SENTENCE_END = re.compile(r"[.!?。](?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value stands."""

    page: int | None
    """From 1; None where the document has no pages."""
    quote: str
    """The document's own sentence or line, word for word but for its line breaks; at most 240 characters."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a document: characters `start` to `end` of its `part`-th passage."""

    part: int
    start: int
    end: int


class Formed:
    """A text in its one form, and where each of its characters comes from."""

    def __init__(self, text: str) -> None:
        commas = {found.start() for found in _COMMA_IN_NUMBER.finditer(text)}
        letters: list[str] = []
        places: list[int] = []
        for place, char in enumerate(text):
            if place in commas:
                continue
            for formed in unicodedata.normalize("NFKC", char).translate(_ONE_FORM).casefold():
                letter = " " if formed.isspace() else formed
                if letter != " " or (letters and letters[-1] != " "):
                    letters.append(letter)
                    places.append(place)
        self.text = "".join(letters)
        self._places = places

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the text itself that `start` to `end` of its form stand for."""
        return self._places[start], self._places[end - 1] + 1

    @cached_property
    def without_spaces(self) -> tuple[str, list[int]]:
        """The form without its spaces, and where each character stands in the form."""
        kept = [place for place, char in enumerate(self.text) if char != " "]
        return "".join(self.text[place] for place in kept), kept


class Document:
    """A document to look things up in. Its passages are kept as they are."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = tuple(Passage(one.page, unicodedata.normalize("NFC", one.text)) for one in passages)
        self._formed = [Formed(one.text) for one in self.passages]

    @cached_property
    def dates(self) -> list[tuple[int, Dated]]:
        """Every day, with the number of its passage."""
        return [(part, one) for part, passage in enumerate(self.passages) for one in dates_in(passage.text)]

    @cached_property
    def figures(self) -> list[tuple[int, Figure]]:
        """Every number, with the number of its passage."""
        return [(part, one) for part, passage in enumerate(self.passages) for one in figures_in(passage.text)]

    def words(self, spot: Spot) -> str:
        """What stands there, on one line."""
        return " ".join(self.passages[spot.part].text[spot.start:spot.end].split())

    def text_spots(self, value: str) -> list[Spot]:
        """Every place where the document says `value`; a Korean value, or one with figures, also spaced otherwise."""
        wanted = Formed(unicodedata.normalize("NFC", value)).text.strip(" \"'.,;:")
        if not wanted:
            return []
        return list(self._spots(wanted)) or (
            list(self._spots_otherwise_spaced(wanted)) if _HANGUL.search(wanted) or re.search(r"\d", wanted) else [])

    def date_spots(self, iso: str) -> list[Spot]:
        """Every place where the document names that day, in whatever form."""
        return [Spot(part, one.start, one.end) for part, one in self.dates if one.iso == iso]

    def number_spots(self, number: Decimal) -> list[tuple[Spot, Figure]]:
        """Every place where the document has that number and it is no part of a date."""
        dated = {(part, one.start, one.end) for part, one in self.dates}
        return [(Spot(part, one.start, one.end), one) for part, one in self.figures
                if one.number == number and not any(
                    part == other and start <= one.start and one.end <= end for other, start, end in dated)]

    def quote(self, spot: Spot) -> Evidence:
        """Just what stands there."""
        return Evidence(self.passages[spot.part].page, self.words(spot)[:LONGEST_QUOTE])

    def evidence(self, spot: Spot) -> Evidence:
        """The sentence or line around a place."""
        passage = self.passages[spot.part]
        start, end = _sentence(passage.text, spot.start, spot.end)
        if end - start > LONGEST_QUOTE:
            start = max(start, spot.start - 60)
            end = max(spot.end, min(end, start + LONGEST_QUOTE))
        return Evidence(passage.page, " ".join(passage.text[start:end].split()))

    def before(self, spot: Spot, characters: int) -> str:
        """What stands before a place on its line or in its sentence, in one form."""
        text = self.passages[spot.part].text
        start = max(0, spot.start - characters)
        return Formed(text[start:spot.start]).text

    def _spots(self, wanted: str) -> Iterator[Spot]:
        for part, formed in enumerate(self._formed):
            at = formed.text.find(wanted)
            while at >= 0:
                if _is_whole(formed.text, at, at + len(wanted)):
                    yield Spot(part, *formed.origin(at, at + len(wanted)))
                at = formed.text.find(wanted, at + 1)

    def _spots_otherwise_spaced(self, wanted: str) -> Iterator[Spot]:
        dense = wanted.replace(" ", "")
        for part, formed in enumerate(self._formed):
            text, places = formed.without_spaces
            at = text.find(dense)
            while at >= 0:
                start, end = places[at], places[at + len(dense) - 1] + 1
                if _is_whole(formed.text, start, end):
                    yield Spot(part, *formed.origin(start, end))
                at = text.find(dense, at + 1)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether what stands there is not cut out of a longer word or number."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1:start], text[end:]
    if first.isdigit() and re.search(r"\d[.,]?$", text[max(0, start - 2):start]):
        return False
    if last.isdigit() and _NUMBER_GROWS.match(after):
        return False
    if before and _same_script(before, first):
        return False
    if not after or not _same_script(last, after[0]):
        return True
    return bool(_HANGUL.match(last)) and bool(_PARTICLE.match(after))


def _same_script(one: str, other: str) -> bool:
    """Whether two characters side by side are of one word; a figure beside a letter is not."""
    if not (one.isalpha() and other.isalpha()):
        return False
    return bool(_HANGUL.match(one)) == bool(_HANGUL.match(other))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence or line that holds `start` to `end`."""
    begin = max((found.end() for found in _SENTENCE_END.finditer(text, 0, start)), default=0)
    stop = next((found.start() + (found[0] != "\n") for found in _SENTENCE_END.finditer(text, end)), len(text))
    return begin, stop
