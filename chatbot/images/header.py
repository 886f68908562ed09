"""What a picture is and how large, read from its header alone: nothing is decoded, so a bomb does nothing here.

JPEG: ITU T.81 annex B. PNG: w3.org/TR/png-3 (with APNG's acTL). WebP: RFC 9649. A file that lies here is caught when it
is decoded, where Pillow's own reading of the header must say the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from chatbot.images.refusals import (
    LEAST_SIDE,
    MOST_METADATA,
    MOST_PIXELS,
    Animated,
    BrokenPicture,
    EmptyPicture,
    MislabelledPicture,
    NotAPicture,
    TooManyPixels,
    TooMuchMetadata,
    TooSmall,
)

Kind = Literal["JPEG", "PNG", "WEBP"]
ENDINGS: dict[str, Kind] = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
MOST_PARTS = 50_000
"""Chunks or segments of a file: a picture of 20 MB in PNG's usual chunks of 8 KiB has 2,500."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
"""PNG chunks that are the picture itself; everything else is metadata."""
_FRAMES = frozenset({*range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
"""JPEG's start-of-frame markers, which hold the size."""
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length."""
_ANIMATED_WEBP = 0x02


@dataclass(frozen=True, slots=True)
class Header:
    """What the header claims. Sizes in pixels; `metadata` in bytes."""

    kind: Kind
    width: int
    height: int
    metadata: int = 0
    frames: int = 1


def check_header(data: bytes) -> Header:
    """The header of a picture that may be decoded. Raises the refusals of `refusals.py`."""
    found = read_header(data)
    if found.metadata > MOST_METADATA:
        raise TooMuchMetadata
    if found.frames != 1:
        raise Animated
    if found.width * found.height > MOST_PIXELS:
        raise TooManyPixels
    if min(found.width, found.height) < LEAST_SIDE:
        raise TooSmall
    return found


def check_name(filename: str, kind: Kind) -> None:
    """Raise MislabelledPicture unless the ending of a name is one of `kind`; nothing else in a name matters."""
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    if ENDINGS.get(ending) != kind:
        raise MislabelledPicture


def read_header(data: bytes) -> Header:
    """What the first bytes say. Raises EmptyPicture, NotAPicture, BrokenPicture, TooMuchMetadata."""
    if not data:
        raise EmptyPicture
    try:
        if data.startswith(_PNG):
            return _png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError):
        raise BrokenPicture from None
    raise NotAPicture


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise BrokenPicture
    width, height = struct.unpack_from(">II", data, 16)
    metadata, frames, at = 0, 1, len(_PNG)
    for _ in range(MOST_PARTS):
        if at + 8 > len(data):
            return Header("PNG", width, height, metadata, frames)
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"acTL":
            frames = max(2, struct.unpack_from(">I", data, at + 8)[0])  # even one frame is drawn by other rules
        metadata += size if name not in _PIXELS else 0
        if name == b"IEND":
            return Header("PNG", width, height, metadata, frames)
        at += size + 12
    raise TooMuchMetadata


def _jpeg(data: bytes) -> Header:
    metadata, at = 0, 2
    for _ in range(MOST_PARTS):
        if data[at] != 0xFF:
            raise BrokenPicture
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Header("JPEG", width, height, metadata)
        if marker in {0xD9, 0xDA} or size < 2:
            raise BrokenPicture
        metadata += size
        at += size + 2
    raise TooMuchMetadata


def _webp(data: bytes) -> Header:
    """A simple file (one VP8 or VP8L chunk), or an extended one (VP8X), whose chunks are counted."""
    name = data[12:16]
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Header("WEBP", width & 0x3FFF, height & 0x3FFF)
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if name != b"VP8X":
        raise BrokenPicture
    width, height = (int.from_bytes(data[at:at + 3], "little") + 1 for at in (24, 27))
    frames = 2 if data[20] & _ANIMATED_WEBP else 1
    return Header("WEBP", width, height, _webp_metadata(data) if frames == 1 else 0, frames)


def _webp_metadata(data: bytes) -> int:
    metadata, at = 0, 12
    for _ in range(MOST_PARTS):
        if at + 8 > len(data):
            return metadata
        name, size = struct.unpack_from("<4sI", data, at)
        metadata += size if name not in {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"} else 0
        at += 8 + size + (size & 1)
    raise TooMuchMetadata
