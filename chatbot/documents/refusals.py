"""Why a document is not taken, as our errors. The child process names a refusal by its code; its words stand here.

So no word of a file, and no text of a library's exception, ever reaches a client or a log.

    InvalidInput
    ├── EmptyFile                400  no byte, or no character
    ├── NotThatKind              415  not a PDF, DOCX or UTF-8 text, or not what its name says
    ├── TooLong                  413
    │   ├── TooMuchText               more characters than one document may have
    │   └── ArchiveBomb               a DOCX that unpacks to far more than it is
    └── Unreadable               422  the right kind, and no use
        ├── NeedsPassword  ├── NoText (scanned)  ├── TooManyPages  ├── TooCostly
        └── ActiveContent (scripts, macros, other files inside)  └── UnsafeArchive
"""

from __future__ import annotations

from typing import ClassVar

from chatbot.errors import InvalidInput, NotThatKind, TooLong, Unreadable

MOST_BYTES_UNPACKED = 100_000_000
MOST_ENTRIES = 1_000
MOST_PAGES = 300
MOST_CHARACTERS = 2_000_000


class Refusal(InvalidInput):
    """A refusal whose words are always the same; `says` and `do` stand in each class."""

    says: ClassVar[str] = ""
    do: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(self.says, field="file", remedy=self.do)


class EmptyFile(Refusal):
    code = "empty_file"
    title = "There is nothing to read"
    says = "There is nothing in this document."
    do = "Choose the file again; an upload may have broken off."


class WrongKind(Refusal, NotThatKind):
    says = "Only PDF, Word documents (.docx) and plain text (.txt, .md) can be read."
    do = "Save it as PDF or as .docx, and send that file."


class Mislabelled(Refusal, NotThatKind):
    code = "mislabelled_file"
    title = "The file is not what its name says"
    says = "What is in the file does not fit the ending of its name, or it is two kinds of file at once."
    do = "Open it in the program that made it and save it anew as PDF, .docx or .txt."


class NotUtf8(Refusal, NotThatKind):
    code = "not_utf8"
    title = "The text is not UTF-8"
    says = "Plain text must be UTF-8, and this file is not."
    do = "Save it with the encoding UTF-8 (in Notepad: Save as, Encoding, UTF-8)."


class TooMuchText(Refusal, TooLong):
    code = "too_much_text"
    title = "The document has too much text"
    says = f"One document may have {MOST_CHARACTERS:,} characters."
    do = "Split it into chapters and send the one that you need."


class ArchiveBomb(Refusal, TooLong):
    code = "archive_bomb"
    title = "The file unpacks to far more than it is"
    says = (f"A .docx may hold {MOST_ENTRIES:,} parts and {MOST_BYTES_UNPACKED // 1_000_000} MB unpacked, at most 100 "
            "times its packed size, and no archive within it.")
    do = "Open it in a word processor and save it anew as .docx, or as PDF."


class BrokenFile(Refusal, Unreadable):
    says = "The file is broken off or damaged, so its text cannot be read."
    do = "Open it in the program that made it and save it anew."


class NeedsPassword(Refusal, Unreadable):
    code = "needs_password"
    title = "The document is locked"
    says = "The document opens only with a password."
    do = "Save a copy without a password and send that."


class NoText(Refusal, Unreadable):
    code = "no_text"
    title = "The document has no text"
    says = "The document has pictures of pages (a scan), or nothing, but no text that can be read."
    do = "Run text recognition (OCR) over it first, or type the text into a document."


class TooManyPages(Refusal, Unreadable):
    code = "too_many_pages"
    title = "The document has too many pages"
    says = f"A document may have {MOST_PAGES} pages."
    do = "Split it into chapters and send the one that you need."


class TooCostly(Refusal, Unreadable):
    code = "too_costly_to_read"
    title = "The file takes too much time or memory to read"
    says = "Reading it took more time or memory than a document may take."
    do = "Print it to a new PDF, or split it into parts."


class ActiveContent(Refusal, Unreadable):
    code = "active_content"
    title = "The document carries scripts, macros or other files"
    says = "The document carries a script, a macro, a link to an outside template or object, or other files inside."
    do = "Print it to a new PDF, or save it as a plain .docx without macros and attachments."


class UnsafeArchive(Refusal, Unreadable):
    code = "unsafe_archive"
    title = "The file is packed in an unsafe way"
    says = "The parts of the file have unsafe names, overlap, or are locked."
    do = "Open it in a word processor and save it anew as .docx."


REFUSALS: dict[str, type[Refusal]] = {kind.__name__: kind for kind in (
    EmptyFile, WrongKind, Mislabelled, NotUtf8, TooMuchText, ArchiveBomb, BrokenFile, NeedsPassword, NoText,
    TooManyPages, TooCostly, ActiveContent, UnsafeArchive)}
"""By the name that the child process gives."""
