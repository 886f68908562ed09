"""The provider's own book: each request it received and what it billed, one fsynced JSON line each.

It survives a `kill -9` of anything, so it is the invoice that our ledger is held against.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends to `path`. `received` and `billed` read it back from the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("ab")

    def write(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, "at": time.time(), **fields}) + "\n"
        with self._lock:
            if self._file.closed:
                return
            self._file.write(line.encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def entries(self, event: str | None = None) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [row for row in rows if event in (None, row["event"])]

    @property
    def received(self) -> list[dict[str, Any]]:
        """`{id, at, path, model, stream, behaviour}` of each request, written before it is answered."""
        return self.entries("received")

    @property
    def billed(self) -> list[dict[str, Any]]:
        """`{id, at, model, prompt_tokens, completion_tokens}` of each answer: the invoice."""
        return self.entries("billed")

    def close(self) -> None:
        with self._lock:
            self._file.close()
