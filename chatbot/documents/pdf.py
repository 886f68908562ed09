"""Text of a PDF, page by page, with pypdf. Only what is drawn is read: no script runs, no form is filled.

pypdf is pure Python, so a hostile file can waste time and memory, which the child process bounds, and nothing else.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from chatbot.documents.furniture import Page
from chatbot.documents.layout import blocks_of
from chatbot.documents.letters import visible
from chatbot.documents.reading import Reading
from chatbot.documents.refusals import (
    MOST_CHARACTERS,
    MOST_PAGES,
    ActiveContent,
    BrokenFile,
    NeedsPassword,
    NoText,
    TooCostly,
    TooManyPages,
    TooMuchText,
)

if TYPE_CHECKING:
    from pypdf import PdfReader

_FEWEST_LETTERS = 20
"""In a whole document; a scan with a stamp on it has fewer."""
_MOST_NODES = 10 * MOST_PAGES
"""Of the tree of pages; an honest one has a node for every few pages."""
_ACTIONS = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/RichMediaExecute"})
_MADE_UP_TITLES = ("microsoft word -", "untitled", "document1")


def read_pdf(data: bytes) -> Reading:
    """The paragraphs of a PDF, each with its page, counted from 1 in the order of the file.

    Raises BrokenFile, NeedsPassword, ActiveContent, TooManyPages, TooMuchText, NoText, TooCostly.
    """
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        _check(reader)
        pages = _pages(reader)
        title = _title(reader)
    except LimitReachedError:
        raise TooCostly from None
    except PyPdfError:
        raise BrokenFile from None
    if sum(char.isalpha() for page in pages for line in page.lines for char in line) < _FEWEST_LETTERS:
        raise NoText
    return Reading(title=title, pages=len(pages), blocks=blocks_of(pages))


def _check(reader: PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked with no password, only against printing
        raise NeedsPassword
    root = reader.root_object
    names = _entry(root, "/Names")
    if "/AA" in root or _entry(root, "/OpenAction", "/S") in _ACTIONS or "/AF" in root or "/Collection" in root or (
            isinstance(names, dict) and ("/JavaScript" in names or "/EmbeddedFiles" in names)):
        raise ActiveContent
    _check_tree(_entry(root, "/Pages"))


def _check_tree(tree: Any) -> None:
    """Walk the tree of pages no further than it may go: its own `/Count` may lie, and it may hold itself."""
    waiting = [tree]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        kids = _entry(waiting.pop(), "/Kids")
        waiting += [kid.get_object() for kid in kids[:MOST_PAGES + 1]] if isinstance(kids, list) else []
        if len(waiting) > MOST_PAGES:
            raise TooManyPages
    raise BrokenFile


def _entry(start: Any, *path: str) -> Any:
    """What stands under names within names; None where one is missing."""
    for name in path:
        if not isinstance(start, dict) or name not in start:
            return None
        start = start[name].get_object()
    return start


def _pages(reader: PdfReader) -> list[Page]:
    pages: list[Page] = []
    size = 0
    if len(reader.pages) > MOST_PAGES:
        raise TooManyPages
    for number, page in enumerate(reader.pages, 1):
        if "/AA" in page:
            raise ActiveContent
        text = visible(page.extract_text())
        size += len(text)
        if size > MOST_CHARACTERS:
            raise TooMuchText
        pages.append(Page(number, tuple(line.strip() for line in text.split("\n"))))
    return pages


def _title(reader: PdfReader) -> str:
    title = reader.metadata.title if reader.metadata is not None else None
    if not isinstance(title, str) or title.lower().startswith(_MADE_UP_TITLES) or title.lower().endswith((
            ".doc", ".docx", ".pdf", ".odt", ".tex", ".indd")):
        return ""
    return title
