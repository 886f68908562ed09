"""Every bad file of the fault table, made for real: rows B47 to B51 and B55, and what each must be answered with.

`python -m bench.bad_files` sends them to a running server; the tests here read them without one.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass

from tests.chatbot.documents import hostile_docx as word
from tests.chatbot.documents import hostile_pdf as paper
from tests.chatbot.documents.good_files import IRON, PAGES, docx, pdf
from tests.chatbot.documents.hostile_docx import paragraph, with_body, with_entry, with_parts
from tests.chatbot.documents.hostile_pdf import MIB, one_page, with_catalog

HTML = b"<!doctype html><html><script>alert(1)</script></html>"
EXE = b"MZ\x90\x00" + b"\0" * 500
OLD_WORD = b"\xd0\xcf\x11\xe0" * 99
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 99
DDE = '<w:p><w:r><w:instrText>DDEAUTO c:\\windows\\cmd.exe "/k calc"</w:instrText></w:r></w:p>'
NESTED = "<w:tbl>" * 60_000 + "</w:tbl>" * 60_000


@dataclass(frozen=True)
class BadFile:
    """One file that must be refused."""

    row: str
    what: str
    name: str
    make: Callable[[], bytes]
    status: int
    code: str
    """Empty: any code of that status will do, since a library's version decides how it fails."""

    @property
    def id(self) -> str:
        return f"{self.row} {self.what}"


def _bad(row: str, status: int, code: str, *files: tuple[str, str, Callable[[], bytes]]) -> tuple[BadFile, ...]:
    return tuple(BadFile(row, what, name, make, status, code) for what, name, make in files)


BAD_FILES: tuple[BadFile, ...] = (
    *_bad("B47", 400, "empty_file",
          ("nothing", "a.pdf", lambda: b""),
          ("nothing, as text", "a.txt", lambda: b""),
          ("blanks only", "a.txt", lambda: b" \n\t\r\n" * 100),
          ("zero-width only", "a.txt", lambda: "\u200b\u202e".encode())),
    *_bad("B47", 415, "not_that_kind",
          ("double ending", "a.pdf.exe", lambda: pdf(*PAGES)),
          ("no ending", "pdf", lambda: pdf(*PAGES)),
          ("no name at all", ".", lambda: pdf(*PAGES)),
          ("an ending we do not read", "a.html", lambda: HTML),
          ("old Word", "a.doc", lambda: OLD_WORD),
          ("a macro document", "a.docm", word.macro_types)),
    *_bad("B47", 415, "mislabelled_file",
          ("PDF as .docx", "a.docx", lambda: pdf(*PAGES)),
          ("PDF as .txt", "a.txt", lambda: pdf(*PAGES)),
          ("DOCX as .pdf", "a.pdf", lambda: docx(IRON)),
          ("program as .pdf", "a.pdf", lambda: EXE),
          ("program as .txt", "a.txt", lambda: EXE),
          ("program before a .docx", "a.docx", lambda: EXE + docx(IRON)),
          ("HTML as .pdf", "a.pdf", lambda: HTML),
          ("HTML as .txt", "a.txt", lambda: HTML),
          ("SVG as .md", "a.md", lambda: b"<svg onload='alert(1)'/>"),
          ("PNG as .txt", "a.txt", lambda: PNG),
          ("NUL in a text", "a.txt", lambda: b"iron\0acid"),
          ("old Word as .docx", "a.docx", lambda: OLD_WORD),
          ("PDF that is also a ZIP", "a.pdf", lambda: pdf(*PAGES) + docx(IRON)),
          ("PDF with HTML after its end", "a.pdf", lambda: pdf(*PAGES) + HTML),
          ("HTML at the head of a PDF", "a.pdf", lambda: b"%PDF-1.7\n" + HTML + pdf(*PAGES)[9:]),
          ("PDF at the head of a ZIP", "a.docx", lambda: word.holding(pdf(*PAGES))),
          ("HTML before a ZIP", "a.docx", lambda: HTML + docx(IRON)),
          ("HTML after a ZIP", "a.docx", lambda: docx(IRON) + HTML),
          ("text that is also a ZIP", "a.txt", lambda: b"Iron prevents anaemia.\n" + docx(IRON))),
    *_bad("B47", 415, "not_utf8",
          ("UTF-16", "a.txt", lambda: "Iron prevents anaemia".encode("utf-16")),
          ("Latin-1", "a.txt", lambda: "Café".encode("latin-1"))),
    *_bad("B48", 413, "archive_bomb",
          ("30 MB of blanks in a part", "a.docx", lambda: with_parts({"word/document.xml": b" " * 30 * MIB})),
          ("more than 100 MB in all", "a.docx", word.many_large_parts),
          ("as 42.zip, archives in archives", "a.docx", word.nested_bomb),
          ("overlapped parts", "a.docx", word.overlapped),
          ("1,100 parts", "a.docx", lambda: with_parts({f"word/{n}.xml": b"" for n in range(1_100)}))),
    *_bad("B48", 413, "too_much_text", ("three million characters", "a.txt", lambda: b"maji safi " * 300_000)),
    *_bad("B48", 422, "unreadable_file", ("a part that lies about its size", "a.docx", word.false_size)),
    *_bad("B49", 422, "active_content",
          ("billion laughs", "a.docx", lambda: with_body(paragraph("&j;"), word.LAUGHS)),
          ("XXE", "a.docx", lambda: with_body(paragraph("&a;"), word.XXE)),
          ("outside DTD", "a.docx", lambda: with_body(paragraph("x"), word.OUTSIDE_DTD)),
          ("quadratic entities", "a.docx", lambda: with_body(paragraph("&a;" * 50_000), word.QUADRATIC)),
          ("macros", "a.docx", word.macros),
          ("macro types", "a.docx", word.macro_types),
          ("template from the web", "a.docx", lambda: word.linked("attachedTemplate", "http://198.51.100.7/x.dotm")),
          ("object from a share", "a.docx", lambda: word.linked("oleObject", "\\\\198.51.100.7\\x\\y.xls")),
          ("DDE field", "a.docx", lambda: with_body(DDE))),
    *_bad("B49", 415, "mislabelled_file",
          ("xlsx as .docx", "a.docx", lambda: word.other_office("xlsx")),
          ("epub as .docx", "a.docx", lambda: word.other_office("epub")),
          ("odt as .docx", "a.docx", lambda: word.other_office("odt"))),
    *_bad("B49", 422, "no_text", ("60,000 nested elements", "a.docx", lambda: with_body(NESTED))),
    *_bad("B49", 422, "unreadable_file",
          ("XML broken off", "a.docx", lambda: with_parts({"word/document.xml": b"<w:document><w:p>"}))),
    *_bad("B50", 422, "unsafe_archive",
          ("a name with ../", "a.docx", lambda: with_entry("../../../etc/cron.d/x")),
          ("an absolute name", "a.docx", lambda: with_entry("/etc/passwd")),
          ("backslashes", "a.docx", lambda: with_entry("..\\..\\x.dll")),
          ("a drive", "a.docx", lambda: with_entry("C:\\x.dll")),
          ("a device", "a.docx", lambda: with_entry("word/CON.xml")),
          ("a symbolic link", "a.docx", lambda: with_entry("word/link", stat.S_IFLNK | 0o777)),
          ("a name of 5 KB", "a.docx", lambda: with_entry("n" * 5_000)),
          ("a NUL in a name", "a.docx", lambda: with_entry("a\0b")),
          ("a name twice", "a.docx", word.twice_the_same_name),
          ("a locked part", "a.docx", word.locked_part)),
    *_bad("B51", 422, "too_many_pages",
          ("100,000 pages", "a.pdf", paper.hundred_thousand_pages),
          ("100,000 pages that say they are one", "a.pdf", lambda: paper.hundred_thousand_pages(1))),
    *_bad("B51", 422, "active_content",
          ("JavaScript on opening", "a.pdf", lambda: with_catalog(b"/OpenAction << /S /JavaScript /JS (1) >>")),
          ("a program started", "a.pdf", lambda: with_catalog(b"/OpenAction << /S /Launch /F (cmd.exe) >>")),
          ("named JavaScript", "a.pdf", lambda: with_catalog(b"/Names << /JavaScript << /Names [] >> >>")),
          ("a file inside", "a.pdf", lambda: with_catalog(b"/Names << /EmbeddedFiles << /Names [] >> >>")),
          ("an action of a page", "a.pdf", paper.page_with_action)),
    *_bad("B51", 422, "needs_password", ("encrypted", "a.pdf", paper.encrypted)),
    *_bad("B51", 422, "no_text",
          ("a page without text", "a.pdf", lambda: one_page(content=paper.stream(b"0 0 m 9 9 l S")))),
    *_bad("B51", 422, "",
          ("page-tree loop", "a.pdf", paper.page_tree_loop),
          ("fan of page trees", "a.pdf", paper.fan_of_page_trees),
          ("object-stream bomb", "a.pdf", paper.object_stream_bomb),
          ("xref loop", "a.pdf", paper.xref_loop),
          ("xref-stream loop", "a.pdf", paper.xref_stream_loop),
          ("content of 700 MiB", "a.pdf", paper.content_bomb),
          ("slow content", "a.pdf", paper.slow_content),
          ("a drawing that draws itself", "a.pdf", paper.drawing_that_draws_itself),
          ("100,000 brackets", "a.pdf", paper.deep_arrays),
          ("broken off at 400 bytes", "a.pdf", lambda: pdf(*PAGES)[:400]),
          ("a head and nothing else", "a.pdf", lambda: b"%PDF-1.7\n")),
    *_bad("B51", 415, "mislabelled_file", ("DOCX broken off", "a.docx", lambda: docx(IRON)[:-30])),
)

BAD_NAMES = ("../../x.pdf", "..\\..\\x.pdf", "/etc/passwd.pdf", 'a"; filename="b.exe.pdf',
             "a%0d%0aSet-Cookie: x=1.pdf", "\u202egpj.pdf", "x" * 4_000 + ".pdf", "<script>alert(1)</script>.pdf",
             "CON.pdf", "{{7*7}}.pdf", "$(id).pdf")
"""Row B55: file names that must not matter, each with a good PDF in it."""
