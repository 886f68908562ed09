"""Alt text for many pictures: those of a folder, or those of a Word or PowerPoint file that have none.

Each result is a line of a journal beside them, on the disk before the next picture is begun. A run that was broken off
goes on from there, and pays for nothing twice; the same picture in several places is asked about once.
"""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import InvalidInput
from chatbot.images.alt.alt_text import AltTextOrder, AltTextReply
from chatbot.images.alt.draft import Wanted
from chatbot.images.alt.office import Place, pictures_to_describe, with_alt_texts
from chatbot.images.faces import may_leave
from chatbot.images.header import ENDINGS
from chatbot.images.picture import read_picture
from chatbot.images.refusals import NotDescribed

OFFICE = frozenset({".docx", ".pptx"})
Write = Callable[[AltTextOrder], AltTextReply]


@dataclass(frozen=True, slots=True)
class Work:
    """One picture to describe, and where it stands."""

    where: str
    data: bytes

    def key(self, wanted: Wanted) -> str:
        """The same for the same picture, asked about in the same way."""
        how = json.dumps([wanted.language, wanted.context])
        return hashlib.sha256(hashlib.sha256(self.data).digest() + how.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Result:
    """How one picture came out: an alt text, or why there is none."""

    key: str
    where: str
    alt_text: str = ""
    long_description: str = ""
    decorative: bool = False
    warnings: tuple[str, ...] = ()
    provider: str = ""
    model: str = ""
    cost_usd: str | None = None
    """As exact text; None when a price is unknown, or nobody was asked."""
    call_id: str = ""
    why_not: str = ""


class Source(ABC):
    """Where pictures come from, and where their texts go."""

    journal: Path
    decorative: str
    """What becomes of a decorative picture, for a report: goes on after `decorative`."""

    @abstractmethod
    def work(self) -> Iterator[Work]:
        """Every picture to describe."""

    @abstractmethod
    def finish(self, results: Mapping[str, Result], wanted: Wanted) -> Path | None:
        """Put the texts where they belong; the file that was written, or None."""


class Folder(Source):
    """Pictures of a folder and the folders in it. The journal is the result."""

    decorative = ": use it with an empty alt text, if you agree"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.journal = path / "alt-text.jsonl"

    def work(self) -> Iterator[Work]:
        for file in sorted(self._path.rglob("*")):
            if file.suffix.lower().lstrip(".") in ENDINGS and file.is_file() and not file.is_symlink():
                yield Work(str(file.relative_to(self._path)), file.read_bytes())

    def finish(self, results: Mapping[str, Result], wanted: Wanted) -> Path | None:
        return self.journal if results else None


class OfficeFile(Source):
    """A .docx or .pptx. The texts go into a copy beside it: `guide.docx` -> `guide.alt.docx`.

    A decorative picture is marked as such there. With `replace`, pictures that have an alt text get another one too.
    Raises the refusals of `chatbot.documents.refusals` when it is no such file.
    """

    decorative = ", and marked so in the copy: look whether you agree"

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        self._path = path
        self.journal = path.with_suffix(".alt.jsonl")
        self._places, self._archive = pictures_to_describe(path.read_bytes(), replace=replace)

    def work(self) -> Iterator[Work]:
        for place in self._places:
            yield Work(f"{place.part}: {place.media}", self._archive.read(place.media))

    def finish(self, results: Mapping[str, Result], wanted: Wanted) -> Path | None:
        texts: dict[Place, str] = {}
        for place, work in zip(self._places, self.work(), strict=True):
            result = results.get(work.key(wanted))
            if result is not None and (result.alt_text or result.decorative):
                texts[place] = "" if result.decorative else result.alt_text
        if not texts:
            return None
        copy = self._path.with_suffix(f".alt{self._path.suffix}")
        part = copy.with_name(copy.name + ".part")
        part.write_bytes(with_alt_texts(self._archive, texts))
        os.replace(part, copy)
        return copy


def source_at(path: Path, *, replace: bool = False) -> Source:
    """The pictures at `path`; `replace`: in a .docx or .pptx, also those that have an alt text.

    Raises InvalidInput for what is neither a folder nor a .docx or .pptx.
    """
    if path.is_dir():
        return Folder(path)
    if path.suffix.lower() in OFFICE:
        return OfficeFile(path, replace=replace)
    raise InvalidInput("This is neither a folder nor a .docx or .pptx.", remedy="Put single pictures into a folder.")


def read_journal(path: Path) -> dict[str, Result]:
    """The alt texts of earlier runs, by key. What had none is tried again; a line that was broken off is left out."""
    found: dict[str, Result] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                told: dict[str, Any] = json.loads(line)
                result = Result(**{**told, "warnings": tuple(told["warnings"])})
            except (ValueError, KeyError, TypeError):
                continue
            if not result.why_not:
                found[result.key] = result
    return found


def describe(work: Work, wanted: Wanted, write: Write) -> Result:
    """The result of one picture. A picture that cannot be taken, or that no model describes, has a reason instead.

    Raises what makes going on useless: NobodySees, BudgetExhausted, LedgerUnavailable, and other FunzaErrors.
    """
    key = work.key(wanted)
    try:
        picture = read_picture(work.data, may_leave=may_leave(wanted.people))
        reply = write(AltTextOrder(picture, wanted))
    except (InvalidInput, NotDescribed) as error:
        return Result(key, work.where, why_not=error.detail)
    cost = reply.usage.cost_usd
    return Result(key, work.where, reply.alt_text, reply.long_description, reply.decorative,
                  tuple(warning.message for warning in reply.warnings), reply.provider, reply.model,
                  None if cost is None else str(cost), reply.call_id)


def note(result: Result, journal: Path) -> None:
    """Write one result down, durably."""
    told = {name: getattr(result, name) for name in Result.__slots__}
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
