"""A picture's file without what it carries besides its pixels, and with one XMP packet of ours. Nothing is decoded.

The pixels stay as they came, to the bit. EXIF, comments, texts, thumbnails, colour profiles, others' XMP go: they
may name people and places, or hold what a stranger put there. Where XMP stands in a file: Adobe XMP Specification Part
3 (ISO 16684-1's companion), sections 1.1.3 (JPEG), 1.1.5 (PNG), 2.3.3 (WebP, as RFC 9649 section 2.7.1.5 has it).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from chatbot.images.header import read_header
from chatbot.images.refusals import BrokenPicture

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA"})
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ADOBE = b"Adobe"
"""The APP14 segment that begins so tells how the colours are coded; without it some JPEGs are shown in wrong ones."""
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
MOST_XMP = 60_000
"""Bytes: a JPEG segment holds 65,533."""


def with_xmp(data: bytes, xmp: str) -> bytes:
    """The file with nothing in it but its pixels and `xmp`.

    Raises BrokenPicture, NotAPicture, and ValueError for a packet over MOST_XMP.
    """
    packet = xmp.encode()
    if len(packet) > MOST_XMP:
        raise ValueError("the XMP packet is too long for a JPEG segment")
    kind = read_header(data).kind
    try:
        return {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}[kind](data, packet)
    except (struct.error, IndexError):
        raise BrokenPicture from None


def _png(data: bytes, xmp: bytes) -> bytes:
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp  # keyword, not compressed, no language, no translation
    out = [_PNG]
    for name, body in _png_chunks(data):
        if name in _PNG_KEPT:
            out.append(_png_chunk(name, body))
        if name == b"IHDR":
            out.append(_png_chunk(b"iTXt", text))
    return b"".join(out)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while True:
        size, name = struct.unpack_from(">I4s", data, at)
        if at + size + 12 > len(data):
            raise BrokenPicture
        yield name, data[at + 8:at + 8 + size]
        if name == b"IEND":
            return
        at += size + 12


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _jpeg(data: bytes, xmp: bytes) -> bytes:
    out = [b"\xff\xd8", _jpeg_segment(0xE1, _JPEG_XMP + xmp)]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise BrokenPicture
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        if size < 2 or at + 2 + size > len(data):
            raise BrokenPicture
        segment = data[at:at + 2 + size]
        if marker == 0xDA:  # the pixels, up to the end of the picture: what stands behind it is no part of it
            end = data.rfind(b"\xff\xd9")
            if end < at:
                raise BrokenPicture
            return b"".join([*out, data[at:end + 2]])
        if _is_pixels(marker, segment[4:]):
            out.append(segment)
        at += 2 + size


def _is_pixels(marker: int, body: bytes) -> bool:
    """Tables and frames, JFIF's header, and Adobe's note on the colours; no other APPn and no comment."""
    if marker == 0xFE or 0xE0 <= marker <= 0xEF:
        return (marker == 0xE0 and body.startswith(b"JFIF\0")) or (marker == 0xEE and body.startswith(_ADOBE))
    return True


def _jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _webp(data: bytes, xmp: bytes) -> bytes:
    header = read_header(data)
    kept = [(name, body) for name, body in _webp_chunks(data) if name in _WEBP_KEPT]
    flags = _HAS_XMP | (_HAS_ALPHA if _webp_is_transparent(kept) else 0)
    size = (header.width - 1).to_bytes(3, "little") + (header.height - 1).to_bytes(3, "little")
    chunks = [(b"VP8X", bytes([flags, 0, 0, 0]) + size), *kept, (b"XMP ", xmp)]
    body = b"WEBP" + b"".join(_webp_chunk(name, part) for name, part in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            raise BrokenPicture
        yield name, data[at + 8:at + 8 + size]
        at += 8 + size + (size & 1)


def _webp_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) & 1)


def _webp_is_transparent(chunks: list[tuple[bytes, bytes]]) -> bool:
    """An alpha chunk, or the alpha_is_used bit of a lossless one (RFC 9649, section 3.4: bit 28 of its header)."""
    return any(name == b"ALPH" or (name == b"VP8L" and bool(body[4] & 0x10)) for name, body in chunks)
