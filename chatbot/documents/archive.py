"""A ZIP from a stranger, read part by part in memory; nothing is ever unpacked to disk.

Sizes in the directory of a ZIP are claims, so bytes are counted while they are unpacked. Parts that overlap are refused
here because this Python's zipfile (3.11.7) unpacks them (CVE-2024-0450).
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from io import BytesIO
from itertools import pairwise

from chatbot.documents.refusals import MOST_BYTES_UNPACKED, MOST_ENTRIES, ArchiveBomb, BrokenFile, UnsafeArchive

MOST_RATIO = 100
_SMALL = 1_000_000
"""Bytes up to which a part may be packed as tightly as it likes: a page of blanks is no bomb."""
_LONGEST_NAME = 255
_AT_ONCE = 65_536
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1
_STORED_OR_DEFLATED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:zip|gz|tgz|bz2|xz|7z|rar|tar|jar|zst|cab|iso)$", re.IGNORECASE)


class Archive:
    """The parts of one ZIP, by name. Raises BrokenFile, UnsafeArchive, ArchiveBomb: when it is opened or read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
            raise BrokenFile from None
        self._unpacked = 0
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES_UNPACKED:
            raise ArchiveBomb
        for entry in entries:
            _check(entry)
        if len({entry.filename.casefold() for entry in entries}) != len(entries):
            raise UnsafeArchive
        self._check_overlap(entries)

    def names(self) -> list[str]:
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        """One part, unpacked. Raises KeyError when there is none."""
        entry = self._zip.getinfo(name)
        parts: list[bytes] = []
        size = 0
        try:
            with self._zip.open(entry) as part:
                while piece := part.read(_AT_ONCE):
                    size += len(piece)
                    self._unpacked += len(piece)
                    if self._unpacked > MOST_BYTES_UNPACKED or _is_bomb(size, entry.compress_size):
                        raise ArchiveBomb
                    parts.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
            raise BrokenFile from None
        return b"".join(parts)

    def _check_overlap(self, entries: list[zipfile.ZipInfo]) -> None:
        """Each part must end before the next one begins, and the last before the directory."""
        spans = sorted((entry.header_offset, self._end_of(entry)) for entry in entries)
        if any(end > start for (_, end), (start, _) in pairwise([*spans, (self._zip.start_dir, 0)])):
            raise ArchiveBomb

    def _end_of(self, entry: zipfile.ZipInfo) -> int:
        try:
            header = _LOCAL_HEADER.unpack_from(self._data, entry.header_offset)
        except struct.error:
            raise BrokenFile from None
        name, extra = header[-2:]
        return entry.header_offset + _LOCAL_HEADER.size + int(name) + int(extra) + entry.compress_size


def _check(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = re.split(r"[/\\]", name)
    mode = entry.external_attr >> 16
    if (len(name) > _LONGEST_NAME or not name.isprintable() or name.startswith(("/", "\\")) or ":" in name
            or ".." in parts or any(_DEVICE.fullmatch(part) for part in parts) or stat.S_ISLNK(mode)
            or entry.flag_bits & _ENCRYPTED or entry.compress_type not in _STORED_OR_DEFLATED):
        raise UnsafeArchive
    if _is_bomb(entry.file_size, entry.compress_size) or _ARCHIVE.search(name):
        raise ArchiveBomb


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > _SMALL and unpacked > MOST_RATIO * max(packed, 1)
