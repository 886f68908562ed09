"""The lines of pages without what is not text: running heads and feet, and page numbers.

A line that stands at the top or foot of half the pages is furniture; its numbers may differ when it is no sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_EDGE = 2
"""Lines at the top and at the foot of a page that may be furniture."""
_FEWEST_PAGES = 3
_LEAST_LEFT = 0.5
"""Where less of the words would be left, the pages are alike by nature (forms, cards), and nothing is furniture."""
_PAGE_NUMBER = re.compile(r"[-–—|\[(\s]*(?:(?:page|pg?\.?|ukurasa(?: wa)?|uk\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
                          r"(?:\s*(?:/|of|kati ya)\s*\d{1,4})?\s*(?:쪽|페이지)?[-–—|\])\s]*", re.IGNORECASE)
_ENDED = tuple(".!?:;。！？…")
_CLOSING = "\"'”’)]"


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page as they were read; `number` is None where a document has no pages."""

    number: int | None
    lines: tuple[str, ...]


def without_furniture(pages: Sequence[Page]) -> list[Page]:
    """The pages without page numbers and without what is repeated at their edges."""
    shapes = Counter(shape for page in pages for shape in {_shape(line) for line in _edges(page)})
    often = max(_FEWEST_PAGES, len(pages) / 2)
    repeated = {shape for shape, times in shapes.items() if times >= often}
    bare = [_without_edges(page, repeated) for page in pages]
    return bare if _words_in(bare) >= _LEAST_LEFT * _words_in(pages) else list(pages)


def is_ended(line: str) -> bool:
    """Whether a line ends as a sentence, or as what leads to a list."""
    return line.rstrip(_CLOSING).endswith(_ENDED)


def _edges(page: Page) -> list[str]:
    lines = [line.strip() for line in page.lines if line.strip()]
    return lines[:_EDGE] + lines[_EDGE:][-_EDGE:] if page.number is not None else []


def _shape(line: str) -> str:
    """A line with its numbers taken out, so that `Page 3` and `Page 4` are alike; a sentence keeps its numbers."""
    line = " ".join(line.split()).casefold()
    return line if is_ended(line) else re.sub(r"\d+", "#", line)


def _words_in(pages: Iterable[Page]) -> int:
    return sum(len(line.split()) for page in pages for line in page.lines)


def _without_edges(page: Page, repeated: set[str]) -> Page:
    lines = list(page.lines)
    if page.number is None:
        return page
    for end in (0, -1):
        taken = 0
        while lines and taken < _EDGE:
            line = lines[end].strip()
            if line and not (_shape(line) in repeated or _PAGE_NUMBER.fullmatch(line)):
                break
            lines.pop(end)
            taken += bool(line)
    return replace(page, lines=tuple(lines))
