"""Hostile Word documents: archives that are wrong as archives, and parts that are wrong as XML."""

from __future__ import annotations

import io
import struct
import zipfile

from tests.chatbot.documents.good_files import IRON, docx
from tests.chatbot.documents.hostile_pdf import MIB

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True)) + "]>"
XXE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
OUTSIDE_DTD = '<!DOCTYPE x SYSTEM "http://169.254.169.254/x.dtd">'
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'


def with_parts(parts: dict[str, bytes]) -> bytes:
    """A good .docx with parts added or put in the place of others."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx(IRON))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


def with_body(body: str, before: str = "") -> bytes:
    """A .docx with another document.xml; `before` stands where a DTD would."""
    xml = f'<?xml version="1.0"?>{before}<w:document {W}><w:body>{body}</w:body></w:document>'
    return with_parts({"word/document.xml": xml.encode()})


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def with_entry(name: str, mode: int = 0) -> bytes:
    """A good .docx with one more part under an odd name."""
    out = io.BytesIO(docx(IRON))
    entry = zipfile.ZipInfo("x" * len(name.encode()))
    entry.external_attr = mode << 16
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(entry, b"x")
    return out.getvalue().replace(entry.filename.encode(), name.encode())


def many_large_parts() -> bytes:
    """Each within its limits, 123 MB in all."""
    return with_parts({f"word/{number}.xml": bytes(range(256)) * 80_000 for number in range(6)})


def nested_bomb() -> bytes:
    """As 42.zip: archives of archives, each small."""
    inner = b"\0" * MIB
    for _ in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"lib {number}.zip", inner)
        inner = out.getvalue()
    return with_parts({f"word/lib {number}.zip": inner for number in range(4)})


def overlapped(parts: int = 60) -> bytes:
    """Many names for the same packed bytes (CVE-2024-0450)."""
    good = docx(IRON)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        begin = archive.start_dir
    end = good.rfind(b"PK\x05\x06")
    directory, tail = good[begin:end], bytearray(good[end:])
    first = directory[:46 + sum(struct.unpack_from("<3H", directory, 28))]
    name_length = struct.unpack_from("<H", first, 28)[0]
    more = b"".join(first[:46] + b"%0*d" % (name_length, number) + first[46 + name_length:] for number in range(parts))
    count = struct.unpack_from("<H", tail, 8)[0] + parts
    struct.pack_into("<HHI", tail, 8, count, count, len(directory) + len(more))
    return good[:begin] + directory + more + bytes(tail)


def false_size() -> bytes:
    """A part of 30 MB that says it has 100 bytes."""
    size = 30 * 1_000_000
    bomb = with_parts({"word/document.xml": b" " * size})
    return bomb.replace(struct.pack("<I", size), struct.pack("<I", 100))


def locked_part() -> bytes:
    """The directory says that the parts are encrypted."""
    data = bytearray(docx(IRON))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def twice_the_same_name() -> bytes:
    out = io.BytesIO(docx(IRON))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("WORD/document.xml", b"x")
    return out.getvalue()


def other_office(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype" if kind != "xlsx" else "[Content_Types].xml", kind)
        archive.writestr("content.xml", "<x/>")
    return out.getvalue()


def linked(kind: str, target: str) -> bytes:
    rels = ('<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
            f'Target="{target}" TargetMode="External"/></Relationships>')
    return with_parts({"word/_rels/settings.xml.rels": rels.encode()})


def macros() -> bytes:
    return with_parts({"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 500})


def macro_types() -> bytes:
    with zipfile.ZipFile(io.BytesIO(docx(IRON))) as archive:
        types = archive.read("[Content_Types].xml")
    return with_parts({"[Content_Types].xml": types.replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml")})


def holding(data: bytes) -> bytes:
    """An archive that holds `data` as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", data)
    return out.getvalue()
