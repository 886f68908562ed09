"""Hostile PDFs, written object by object."""

from __future__ import annotations

import io
import struct
import zlib

from tests.chatbot.documents.good_files import PAGES, pdf

PDF_PAGE = (b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
            b"/Resources << /Font << /F 5 0 R >> >> >>")
PDF_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
PDF_TEXT = b"BT /F 12 Tf 50 700 Td (Iron and folic acid tablets are given every day in pregnancy.) Tj ET"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
MIB = 1 << 20


def stream(data: bytes, extra: bytes = b"", *, packed: bool = False) -> bytes:
    body = zlib.compress(data, 9) if packed else data
    head = b"<< /Length %d %s %s >>" % (len(body), b"/Filter /FlateDecode" if packed else b"", extra)
    return head + b"\nstream\n" + body + b"\nendstream"


def write_pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of numbered objects, 1 being the catalog, with a classic table of cross-references."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, table)
    return bytes(out)


def one_page(catalog: bytes = CATALOG, content: bytes | None = None, page: bytes = PDF_PAGE,
             more: tuple[bytes, ...] = ()) -> bytes:
    return write_pdf([catalog, ONE_PAGE, page, content or stream(PDF_TEXT), PDF_FONT, *more])


def with_catalog(extra: bytes) -> bytes:
    """A good page, and something more in the catalog."""
    return one_page(CATALOG[:-2] + extra + b" >>")


def page_with_action() -> bytes:
    return one_page(page=PDF_PAGE[:-2] + b"/AA << /O << /S /JavaScript /JS (1) >> >> >>")


def page_tree_loop() -> bytes:
    return write_pdf([CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                      b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>"])


def hundred_thousand_pages(count: int = 100_000) -> bytes:
    """The same page so many times; `count` is what the file says."""
    kids = b" ".join([b"3 0 R"] * 100_000)
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return write_pdf([CATALOG, tree, PDF_PAGE, stream(PDF_TEXT), PDF_FONT])


def fan_of_page_trees() -> bytes:
    """Each node names the next one ten times: 10^9 pages in ten objects."""
    nodes = [b"<< /Type /Pages /Count 1 /Kids [%s] >>" % b" ".join([b"%d 0 R" % (number + 1)] * 10)
             for number in range(2, 11)]
    return write_pdf([CATALOG, *nodes, PDF_PAGE])


def encrypted() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(*PAGES))))
    writer.encrypt("a password", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def object_stream_bomb() -> bytes:
    """The catalog is in an object stream that unpacks to 600 MiB."""
    head = b"1 0 "
    squeezed = zlib.compressobj(9)
    packed = squeezed.compress(head + CATALOG)
    blank = b" " * MIB
    packed += b"".join(squeezed.compress(blank) for _ in range(600)) + squeezed.flush()
    out = bytearray(b"%PDF-1.7\n")
    at = [0, 0, len(out)]
    out += b"2 0 obj\n<< /Type /ObjStm /N 1 /First %d /Filter /FlateDecode /Length %d >>\nstream\n" % (
        len(head), len(packed)) + packed + b"\nendstream\nendobj\n"
    table = len(out)
    entries = struct.pack(">BIB", 0, 0, 255) + struct.pack(">BIB", 2, 2, 0) + struct.pack(
        ">BIB", 1, at[2], 0) + struct.pack(">BIB", 1, table, 0)
    out += b"3 0 obj\n" + stream(entries, b"/Type /XRef /Size 4 /W [1 4 1] /Root 1 0 R") + b"\nendobj\n"
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def xref_loop() -> bytes:
    """The table of cross-references names itself as the one before it."""
    whole = write_pdf([CATALOG, ONE_PAGE, PDF_PAGE, stream(PDF_TEXT)])  # its font is missing too
    table = whole.rfind(b"xref\n0")
    looped = whole.replace(b"trailer\n<< ", b"trailer\n<< /Prev %d " % table)
    return looped.replace(b"/Root 1 0 R", b"/Root 9 0 R")


def xref_stream_loop() -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    table = len(out)
    out += b"3 0 obj\n" + stream(struct.pack(">BIB", 1, table, 0) * 4,
                                 b"/Type /XRef /Size 4 /W [1 4 1] /Root 1 0 R /Prev %d" % table) + b"\nendobj\n"
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % table


def content_bomb() -> bytes:
    squeezed = zlib.compressobj(9)
    packed = b"".join(squeezed.compress(b"q " * (MIB // 2)) for _ in range(700)) + squeezed.flush()
    body = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    return one_page(content=body)


def slow_content() -> bytes:
    """Under every limit of size, and minutes of work."""
    return one_page(content=stream(b"BT /F 1 Tf " + b"1 0 0 1 9 9 Tm (a) Tj [(b) 9 (c)] TJ " * 900_000 + b"ET",
                                   packed=True))


def drawing_that_draws_itself() -> bytes:
    page = PDF_PAGE.replace(b"/Font", b"/XObject << /X 6 0 R >> /Font")
    form = stream(b"/X Do " * 50, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
                                  b"/Resources << /XObject << /X 6 0 R >> >>")
    return one_page(content=stream(b"/X Do"), page=page, more=(form,))


def deep_arrays() -> bytes:
    return one_page(catalog=b"<< /Type /Catalog /Pages 2 0 R /Names " + b"[" * 100_000 + b"]" * 100_000 + b" >>")
