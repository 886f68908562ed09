"""From an uploaded file, or from pasted text, to passages and lines. The file is never parsed in this process.

`chatbot/documents/child.py` does that, and is killed when it takes longer than 4.5 s; so a bomb costs one process some
seconds and no other request anything.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chatbot.documents.child_process import ChildProcess, Died, TookTooMuch
from chatbot.documents.kinds import Kind, kind_of
from chatbot.documents.letters import one_line
from chatbot.documents.passages import Passage
from chatbot.documents.places import Places
from chatbot.documents.refusals import MOST_CHARACTERS, REFUSALS, BrokenFile, EmptyFile, TooCostly, TooMuchText
from chatbot.documents.tongue import DocumentLanguage, language_of

SECONDS = 4.5
"""That reading one document may take: 300 full pages of a PDF take about two on a laptop."""
WAIT = 5.0
"""Seconds to wait for a place when others are being read."""
LONGEST_TITLE = 120
UNTITLED = "Untitled"
_reader = ChildProcess("chatbot.documents.child", seconds=SECONDS, most_output=10 * MOST_CHARACTERS,
                       places=Places(at_once=max(2, os.cpu_count() or 1), waiting=6, patience=WAIT))


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document that was read and is not stored yet."""

    kind: Kind
    title: str
    """What the file calls itself, or its first heading or line; never its file name."""
    pages: int | None
    """None for kinds without pages."""
    language: DocumentLanguage
    passages: tuple[Passage, ...]
    sha256: str
    """Of the bytes that were sent, in hex."""
    lines: tuple[Passage, ...]
    """Each page with all its lines, headings too; one for all of a kind without pages. A form is read by them."""

    @property
    def characters(self) -> int:
        return sum(len(passage.text) for passage in self.passages)


class _Said(BaseModel):
    """What the child may say. It is checked like any input: it has read a stranger's file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    pages: int | None
    passages: list[tuple[int | None, str]]
    lines: list[tuple[int | None, str]]


class _SaidNo(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    refused: str


_ANSWER: TypeAdapter[_Said | _SaidNo] = TypeAdapter(_Said | _SaidNo)


def read_upload(filename: str, data: bytes) -> ParsedDocument:
    """Read an uploaded file. `filename` tells the kind it should be, and is used for nothing else.

    Raises NotThatKind, TooLong, Unreadable and EmptyFile (`refusals.py`), Overloaded.
    """
    return _parsed(kind_of(filename, data), data)


def read_pasted(text: str) -> ParsedDocument:
    """Read text that somebody typed or pasted. Raises TooMuchText, EmptyFile, Unreadable, Overloaded."""
    if len(text) > MOST_CHARACTERS:
        raise TooMuchText
    if not text.strip():
        raise EmptyFile
    return _parsed("text", text.encode())


def _parsed(kind: Kind, data: bytes) -> ParsedDocument:
    said = _understood(_in_child(kind, data))
    passages = tuple(Passage(page, text) for page, text in said.passages)
    return ParsedDocument(kind=kind, title=one_line(said.title, LONGEST_TITLE) or UNTITLED, pages=said.pages,
                          language=language_of(passage.text for passage in passages), passages=passages,
                          sha256=hashlib.sha256(data).hexdigest(),
                          lines=tuple(Passage(page, text) for page, text in said.lines))


def _understood(output: bytes) -> _Said:
    """Raises the refusal that the child names; BrokenFile when it says nothing that can be understood."""
    try:
        said = _ANSWER.validate_json(output)
    except ValidationError:
        raise BrokenFile from None
    if isinstance(said, _SaidNo):
        raise REFUSALS.get(said.refused, BrokenFile)()
    return said


def _in_child(kind: Kind, data: bytes) -> bytes:
    """What the child says. Raises TooCostly, BrokenFile, Overloaded."""
    try:
        return _reader.read(kind, data)
    except TookTooMuch:
        raise TooCostly from None
    except Died:
        raise BrokenFile from None
