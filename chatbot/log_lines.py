"""Where log lines go. When they cannot be written (a full disk, a closed pipe), they are dropped and counted.

Nobody's question fails because its log line cannot be kept.
"""

from __future__ import annotations

from typing import TextIO

from prometheus_client import Counter

DROPPED = Counter("funza_log_lines_dropped_total", "Log lines that could not be written")


class LogLines:
    """A file of log lines that never raises. `file` is usually stderr."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        try:
            self._file.write(line)
        except (OSError, ValueError):  # ValueError: the file is closed
            DROPPED.inc()

    def flush(self) -> None:
        try:
            self._file.flush()
        except (OSError, ValueError):
            DROPPED.inc()
