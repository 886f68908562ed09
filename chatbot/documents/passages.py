"""From paragraphs to passages of about 60 to 180 words, each on one page, cut only between sentences.

A heading ends a passage and is no part of one: it is no sentence that a quote could rest on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from chatbot.documents.layout import Block, sentence_ends

FEWEST, ENOUGH, MOST = 60, 120, 180
"""Words after which a paragraph's end closes a passage; after which a sentence's end does; and the most of all."""
_AFTER_HEADING = 30
"""Words that a passage must have before a heading closes it; a shorter one takes in what follows."""
_LETTERS_A_WORD = 9
"""For scripts that write no blanks; a Swahili word has six or seven."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document's text: sentences on one line, or a page with its lines."""

    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    begins: bool
    """A paragraph."""
    titled: bool
    """It stands after a heading."""

    @property
    def size(self) -> int:
        return size_of(self.text)


def passages_of(blocks: Sequence[Block]) -> list[Passage]:
    """The passages of a document, in order; every word that is in no heading is in one of them."""
    found: list[Passage] = []
    for page, group in groupby(blocks, key=lambda block: block.page):
        texts: list[str] = []
        for gathered in _gather(list(_pieces(group))):
            text = " ".join(piece.text for piece in gathered)
            if texts and not gathered[0].titled and size_of(text) < _AFTER_HEADING and (
                    size_of(texts[-1]) + size_of(text) <= MOST):
                texts[-1] += " " + text
            else:
                texts.append(text)
        found += [Passage(page, text) for text in texts]
    return found


def size_of(text: str) -> int:
    """Words; in a script without blanks, as many as its letters would make."""
    return max(len(text.split()), len(text) // _LETTERS_A_WORD)


def _gather(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    gathered: list[_Piece] = []
    size = 0
    for piece in pieces:
        if gathered and (size + piece.size > MOST or size >= ENOUGH or (piece.begins and size >= FEWEST)
                         or (piece.titled and size >= _AFTER_HEADING)):
            yield gathered
            gathered, size = [], 0
        gathered.append(piece)
        size += piece.size
    if gathered:
        yield gathered


def _pieces(blocks: Iterator[Block]) -> Iterator[_Piece]:
    titled = False
    for block in blocks:
        if block.heading:
            titled = True
            continue
        begins = True
        for sentence in _sentences(block.text):
            yield _Piece(sentence, begins, titled)
            begins = titled = False


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in sentence_ends(text):
        yield from _bearable(text[start:end].strip())
        start = end


def _bearable(sentence: str) -> Iterator[str]:
    """A sentence, or parts of one that is longer than a passage may be."""
    if size_of(sentence) <= MOST:
        if sentence:
            yield sentence
        return
    longest = MOST * _LETTERS_A_WORD
    part = ""
    for word in sentence.split():
        for start in range(0, len(word), longest):
            if part and size_of(f"{part} {word[start:start + longest]}") > MOST:
                yield part
                part = ""
            part = f"{part} {word[start:start + longest]}".strip()
    yield part
