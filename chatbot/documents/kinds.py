"""What a file is: by its first bytes and by the ending of its name, which must agree.

A file that is two kinds at once (a PDF that is also a ZIP, a ZIP after a page of HTML) is refused: what is harmless to
one program would be something else to the next. Nothing is parsed here; these are searches over bytes.
"""

from __future__ import annotations

import re
from typing import Literal

from chatbot.documents.refusals import EmptyFile, Mislabelled, WrongKind

Kind = Literal["pdf", "docx", "text"]
ENDINGS: dict[str, Kind] = {"pdf": "pdf", "docx": "docx", "txt": "text", "text": "text", "md": "text"}
_PDF, _ZIP, _ZIP_END = b"%PDF-", b"PK\x03\x04", b"PK\x05\x06"
_ZIP_END_SIZE = 22
_NEAR = 1_024
"""PDF readers look for `%PDF-` in so many bytes, and browsers for HTML in about as many."""
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe|img|\?xml|\?php)[\s>/?]", re.IGNORECASE)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_OTHER = (*_PROGRAMS, _ZIP, _ZIP_END, b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"{\\rtf", b"\xd0\xcf\x11\xe0",
          b"%!PS", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"II*\x00", b"MM\x00*", b"8BPS", b"SIMPLE  =")


def kind_of(filename: str, data: bytes) -> Kind:
    """The kind of an uploaded file. Raises EmptyFile, WrongKind, Mislabelled."""
    kind = ENDINGS.get(_ending(filename))
    if kind is None:
        raise WrongKind
    if not data:
        raise EmptyFile
    if not _IS[kind](data):
        raise Mislabelled
    return kind


def _ending(filename: str) -> str:
    """What stands after the last full stop: `a.pdf.exe` is an `exe`, whatever it pretends to be."""
    return filename.rpartition(".")[2].lower() if "." in filename and filename.isprintable() else ""


def _is_pdf(data: bytes) -> bool:
    after = data[data.rfind(b"%%EOF"):] if b"%%EOF" in data else b""
    return (data.startswith(_PDF) and not _ends_as_zip(data) and not _MARKUP.search(data[:_NEAR])
            and not _MARKUP.search(after))


def _is_docx(data: bytes) -> bool:
    """A ZIP from its first byte to its last one; that it holds a Word document is seen when it is opened."""
    end = data[-_ZIP_END_SIZE:]
    return (data.startswith(_ZIP) and end.startswith(_ZIP_END) and end.endswith(b"\0\0")
            and _PDF not in data[:_NEAR] and not _MARKUP.search(data[:_NEAR]))


def _is_text(data: bytes) -> bool:
    start = data[:_NEAR].removeprefix(b"\xef\xbb\xbf").lstrip()
    return not (start.startswith(_OTHER) or _PDF in start or _MARKUP.match(start) or _ends_as_zip(data))


def _ends_as_zip(data: bytes) -> bool:
    """Whether an unpacker would find a ZIP here: its end record, and a comment as long as the rest of the file."""
    at = data.rfind(_ZIP_END, max(0, len(data) - _ZIP_END_SIZE - 65_535))
    return at >= 0 and len(data) - at >= _ZIP_END_SIZE


_IS = {"pdf": _is_pdf, "docx": _is_docx, "text": _is_text}
