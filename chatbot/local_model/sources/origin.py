"""A place that files come from. One file a kind of place; `sources/__init__.py` is the index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes on their way."""

    start: int
    """Offset of the first byte in the file; 0 from a place that cannot resume."""
    version: str
    """What `Origin.open` takes to get on with this very content: an ETag, a generation; empty: not known."""
    blocks: Iterator[bytes]


class Origin(ABC):
    """Override both methods. A vendor's exception never leaves the vendor's file."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of the file. Raises as `open` does."""

    @abstractmethod
    def open(self, name: str, start: int = 0, version: str = "") -> AbstractContextManager[Stream]:
        """The file's bytes from `start` on, if it is still `version`. Its blocks raise too, while they are read.

        Raises Cut, Changed, LoginNeeded, SourceUnreachable, Damaged (`start` is beyond the end) or NotReady.
        """
