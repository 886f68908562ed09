"""Sends every bad file to a running server: `python -m bench.bad_files [--json]`. One line for each.

Row, file, status, code, milliseconds, and the longest wait for `/livez` meanwhile. Exit code 1 when a status is not
that of the table, an answer took 5 s or more, or `/livez` waited a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from bench.served import serve
from tests.chatbot.documents.bad_files import BAD_FILES, BAD_NAMES, BadFile
from tests.chatbot.documents.good_files import PAGES, pdf

LONGEST_MS = 5_000
LONGEST_LIVEZ_MS = 1_000
BOUNDARY = "a-bench-of-bad-files"


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


def send(url: str, name: str, data: bytes) -> tuple[int, str]:
    """Upload one file. Returns the status and the problem's code."""
    quoted = name.replace('"', "%22").encode()
    body = (b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % (BOUNDARY.encode(), quoted)
            + data + b"\r\n--%s--\r\n" % BOUNDARY.encode())
    request = urllib.request.Request(f"{url}/api/v1/documents", body, {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        return error.code, str(json.load(error)["code"])


def lines(url: str) -> Iterator[Line]:
    """Every file of the table, and a good one under every bad name."""
    for bad in BAD_FILES:
        yield line(url, bad)
    for number, name in enumerate(BAD_NAMES, 1):
        yield line(url, BadFile("B55", f"bad name {number}, good file", name, lambda: pdf(*PAGES), 201, ""))


def line(url: str, bad: BadFile) -> Line:
    data = bad.make()
    with Pulse(url) as pulse:
        began = time.perf_counter()
        status, code = send(url, bad.name, data)
        ms = round(1000 * (time.perf_counter() - began))
    livez_ms = round(1000 * pulse.longest)
    expected = {bad.status, 415} if bad.row == "B55" else {bad.status}  # a name that cannot be shown has no ending
    good = status in expected and bad.code in ("", code) and ms < LONGEST_MS and livez_ms < LONGEST_LIVEZ_MS
    return Line(bad.row, bad.what, len(data), status, code, ms, livez_ms, good)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with serve() as served:
        found = list(lines(served.url))
    if as_json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        table = Table("row", "file", "bytes", "status", "code", "ms", "livez ms", "")
        for one in found:
            table.add_row(one.row, one.what, f"{one.bytes:,}", str(one.status), one.code, str(one.ms),
                          str(one.livez_ms), "" if one.good else "WRONG")
        Console(width=120).print(table)
        print(f"{sum(one.good for one in found)} of {len(found)} as specified; slowest "
              f"{max(one.ms for one in found)} ms; /livez at most {max(one.livez_ms for one in found)} ms")
    return 0 if all(one.good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
