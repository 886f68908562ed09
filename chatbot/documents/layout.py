"""From the lines of pages to paragraphs: with headings marked and cut words mended.

A word cut at the end of a line is put together again; its hyphen stays where the document writes the whole word with
one. A sentence that runs over the end of a page belongs to the page on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from chatbot.documents.furniture import Page, is_ended, without_furniture

_NARROW = 40
"""Characters of the shortest line that may be called full."""
_ITEM = re.compile(r"(?:[•◦▪‣●○·*–—-]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+\S")
_MARKDOWN_HEADING = re.compile(r"#{1,6} +")
_CUT_WORD = re.compile(r"([^\W\d_]+)-$")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*(?:\s+|$)(?![a-z])")
_HEADING_WORDS = 12
_MOST_HEADINGS_IN_A_ROW = 3
"""More short lines than that, one after another, are a table or a list."""
_MOST_IN_HEADINGS = 0.4
"""Where more of a document's words would be headings, its lines are short by habit, and none is taken for one."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, or a heading; on one line."""

    text: str
    page: int | None
    heading: bool = False


def blocks_of(pages: Sequence[Page]) -> list[Block]:
    """The paragraphs of a document, in order."""
    pages = without_furniture(pages)
    width = _usual_width(pages)
    words = {word.casefold() for page in pages for line in page.lines for word in _WORD.findall(line)}
    blocks = [block for page in pages for block in _blocks_of_page(page, width, words)]
    return _whole_sentences(_few_headings(blocks), words)


def sentence_ends(text: str) -> list[int]:
    """Where each sentence ends, after its blank; the last end is the text's own."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return ends if ends and ends[-1] == len(text) else [*ends, len(text)]


def _usual_width(pages: Iterable[Page]) -> int:
    """Characters of a full line: nine of ten lines are not longer."""
    lengths = sorted(len(line) for page in pages for line in page.lines if line.strip())
    return max(_NARROW, lengths[len(lengths) * 9 // 10] if lengths else 0)


def _blocks_of_page(page: Page, width: int, words: set[str]) -> list[Block]:
    lines = [line.strip() for line in page.lines]
    headings = _headings(lines, width)
    blocks: list[Block] = []
    gathered: list[str] = []

    def end_paragraph() -> None:
        if gathered:
            blocks.append(Block(join_lines(gathered, words), page.number))
            gathered.clear()

    for place, line in enumerate(lines):
        if not line or place in headings or _ITEM.match(line):
            end_paragraph()
        if place in headings:
            blocks.append(Block(_MARKDOWN_HEADING.sub("", line), page.number, heading=True))
        elif line:
            gathered.append(line)
            if is_ended(line) and len(line) < 0.75 * width:
                end_paragraph()
    end_paragraph()
    return blocks


def _headings(lines: Sequence[str], width: int) -> set[int]:
    """Places of the lines that look like headings."""
    found: set[int] = set()
    for place, line in enumerate(lines):
        before = lines[place - 1] if place else ""
        after = lines[place + 1] if place + 1 < len(lines) else ""
        if _MARKDOWN_HEADING.match(line) or (_looks_like_heading(line, after, width) and
                                             (not before or place - 1 in found or is_ended(before))):
            found.add(place)
    for _, row in groupby(enumerate(sorted(found)), key=lambda pair: pair[1] - pair[0]):
        places = [place for _, place in row]
        if len(places) > _MOST_HEADINGS_IN_A_ROW:
            found -= {place for place in places if not _MARKDOWN_HEADING.match(lines[place])}
    return found


def _looks_like_heading(line: str, after: str, width: int) -> bool:
    """Short, not the beginning of a full line, begins like one, and does not end like a sentence."""
    if not line or _ITEM.match(line) or is_ended(line) or line[-1] in ",-–":
        return False
    first = next((char for char in line if char.isalpha()), "")
    return (bool(first) and not first.islower() and len(line.split()) <= _HEADING_WORDS and len(line) < 0.8 * width
            and not after[:1].islower())


def join_lines(lines: Sequence[str], words: set[str]) -> str:
    """The lines of a paragraph as one; `words` are the document's, in small letters."""
    text = lines[0]
    for line in lines[1:]:
        cut = _CUT_WORD.search(text)
        if cut is None or not line[:1].islower():
            text += " " + line
            continue
        rest = _WORD.match(line)
        whole = f"{cut[1]}-{rest[0] if rest else ''}".casefold()
        text = (text if whole in words else text[:-1]) + line
    return text


def _few_headings(blocks: list[Block]) -> list[Block]:
    total = sum(len(block.text.split()) for block in blocks)
    in_headings = sum(len(block.text.split()) for block in blocks if block.heading)
    if in_headings <= _MOST_IN_HEADINGS * total:
        return blocks
    return [replace(block, heading=False) for block in blocks]


def _whole_sentences(blocks: list[Block], words: set[str]) -> list[Block]:
    """Move the rest of a sentence back to the page on which it begins."""
    whole: list[Block] = []
    for block in blocks:
        last = whole[-1] if whole else None
        if last is None or not _runs_on(last, block):
            whole.append(block)
            continue
        end = sentence_ends(block.text)[0]
        whole[-1] = replace(last, text=join_lines([last.text, block.text[:end].strip()], words))
        if block.text[end:].strip():
            whole.append(replace(block, text=block.text[end:].strip()))
    return whole


def _runs_on(last: Block, block: Block) -> bool:
    if last.heading or block.heading or last.page == block.page or is_ended(last.text) or _ITEM.match(block.text):
        return False
    return block.text[0].islower() or (block.text[0].isalpha() and not block.text[0].isupper())
