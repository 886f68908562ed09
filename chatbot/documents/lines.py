"""A file as an extraction reads it: page by page with its lines and headings, parsed in a process of its own."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chatbot.documents.child_process import ChildProcess, Died, TookTooMuch
from chatbot.documents.kinds import kind_of
from chatbot.documents.passages import Passage
from chatbot.documents.places import Places
from chatbot.documents.refusals import MOST_CHARACTERS, REFUSALS, BrokenFile, TooCostly

SECONDS = 4.5
_reader = ChildProcess("chatbot.documents.lines_child", seconds=SECONDS, most_output=8 * MOST_CHARACTERS,
                       places=Places(at_once=max(2, os.cpu_count() or 1), waiting=6, patience=5.0))


class _Said(BaseModel):
    """What the child may say. It is checked like any input: it has read a stranger's file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pages: list[tuple[int | None, str]]


class _SaidNo(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    refused: str


_ANSWER: TypeAdapter[_Said | _SaidNo] = TypeAdapter(_Said | _SaidNo)


def read_file(filename: str, data: bytes) -> tuple[Passage, ...]:
    """The pages of a PDF, .docx or UTF-8 text, each with its lines; `filename` tells only its kind.

    Raises NotThatKind, TooLong, Unreadable and EmptyFile (`refusals.py`), Overloaded.
    """
    try:
        said = _ANSWER.validate_json(_reader.read(kind_of(filename, data), data))
    except TookTooMuch:
        raise TooCostly from None
    except (Died, ValidationError):
        raise BrokenFile from None
    if isinstance(said, _SaidNo):
        raise REFUSALS.get(said.refused, BrokenFile)()
    return tuple(Passage(page, text) for page, text in said.pages)
