"""Sends bad files to a running server and prints what each was answered with, for `bad_files` and `bad_pictures`.

Row, file, status, code, milliseconds, and the longest wait for `/livez` meanwhile. Exit code 1 when a status is not
that of the table, an answer took 5 s or more, or `/livez` waited a second.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Protocol

from rich.console import Console
from rich.table import Table

from bench.served import serve

LONGEST_MS = 5_000
LONGEST_LIVEZ_MS = 1_000
BOUNDARY = "a-bench-of-bad-uploads"


class Bad(Protocol):
    """One file, and what it must be answered with."""

    @property
    def row(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def make(self) -> Callable[[], bytes]: ...
    @property
    def status(self) -> int: ...
    @property
    def code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    row: str
    what: str
    bytes: int
    status: int
    code: str
    ms: int
    livez_ms: int
    """The longest wait for /livez while this file was looked at."""
    good: bool


@dataclass
class Pulse:
    """Asks /livez again and again, and knows the longest wait."""

    url: str
    longest: float = 0.0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Pulse:
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(10)

    def _beat(self) -> None:
        while not self._stopped.is_set():
            began = time.perf_counter()
            try:
                with urllib.request.urlopen(f"{self.url}/livez", timeout=10):
                    self.longest = max(self.longest, time.perf_counter() - began)
            except OSError:
                self.longest = 10.0
            self._stopped.wait(0.02)


def run(path: str, table: Iterable[Bad], about: str | None, **environment: str) -> int:
    """Send every file of a table to `path` of a server of its own, print the lines, and say how to exit."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with serve(**environment) as served:
        found = [line(served.url, path, bad) for bad in table]
    print(json.dumps([asdict(one) for one in found])) if as_json else show(found)
    return 0 if all(one.good for one in found) else 1


def line(url: str, path: str, bad: Bad) -> Line:
    data = bad.make()
    with Pulse(url) as pulse:
        began = time.perf_counter()
        status, code = send(f"{url}{path}", bad.name, data)
        ms = round(1000 * (time.perf_counter() - began))
    livez_ms = round(1000 * pulse.longest)
    expected = {bad.status, 415} if bad.row == "B55" else {bad.status}  # a name that cannot be shown has no ending
    good = status in expected and bad.code in ("", code) and ms < LONGEST_MS and livez_ms < LONGEST_LIVEZ_MS
    return Line(bad.row, bad.what, len(data), status, code, ms, livez_ms, good)


def send(url: str, name: str, data: bytes) -> tuple[int, str]:
    """Upload one file. Returns the status and the problem's code."""
    quoted = name.replace('"', "%22").encode()
    body = (b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % (BOUNDARY.encode(), quoted)
            + data + b"\r\n--%s--\r\n" % BOUNDARY.encode())
    request = urllib.request.Request(url, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        return error.code, str(json.load(error)["code"])


def show(found: list[Line]) -> None:
    """The lines as a table, and a sum below it."""
    table = Table("row", "file", "bytes", "status", "code", "ms", "livez ms", "")
    for one in found:
        table.add_row(one.row, one.what, f"{one.bytes:,}", str(one.status), one.code, str(one.ms), str(one.livez_ms),
                      "" if one.good else "WRONG")
    Console(width=120).print(table)
    print(f"{sum(one.good for one in found)} of {len(found)} as specified; slowest "
          f"{max(one.ms for one in found)} ms; /livez at most {max(one.livez_ms for one in found)} ms")
