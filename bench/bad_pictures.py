"""Sends every bad picture to a running server: `python -m bench.bad_pictures [--json]`. One line for each.

Row, file, status, code, milliseconds, and the longest wait for `/livez` meanwhile. Exit code 1 when a status is not
that of the table, an answer took 5 s or more, or `/livez` waited a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bench.bad_files import LONGEST_LIVEZ_MS, LONGEST_MS, Line, Pulse
from bench.served import serve
from tests.chatbot.images.bad_pictures import BAD_NAMES, BAD_PICTURES, BadPicture, many_scans
from tests.chatbot.images.good_pictures import png

BOUNDARY = "a-bench-of-bad-pictures"
NOBODY_SEES = 503
"""What a good picture is answered with here: the server of this bench has no model."""


def send(url: str, name: str, data: bytes) -> tuple[int, str]:
    """Ask for the alt text of one file. Returns the status and the problem's code."""
    quoted = name.replace('"', "%22").encode()
    body = (b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % (BOUNDARY.encode(), quoted)
            + data + b"\r\n--%s--\r\n" % BOUNDARY.encode())
    request = urllib.request.Request(f"{url}/api/v1/alt-text", body, {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        return error.code, str(json.load(error)["code"])


def table() -> Iterator[BadPicture]:
    """Every bad picture, the slowest one, and a good one under every bad name."""
    yield from BAD_PICTURES
    yield BadPicture("B52", "a JPEG painted 5,000 times", "a.jpg", many_scans, 422, "too_costly_to_read")
    for number, name in enumerate(BAD_NAMES, 1):
        yield BadPicture("B55", f"bad name {number}, good picture", name, png, NOBODY_SEES, "")


def line(url: str, bad: BadPicture) -> Line:
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
    with serve(LOCAL_ENGINE="off") as served:
        found = [line(served.url, bad) for bad in table()]
    if as_json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        shown = Table("row", "file", "bytes", "status", "code", "ms", "livez ms", "")
        for one in found:
            shown.add_row(one.row, one.what, f"{one.bytes:,}", str(one.status), one.code, str(one.ms),
                          str(one.livez_ms), "" if one.good else "WRONG")
        Console(width=120).print(shown)
        print(f"{sum(one.good for one in found)} of {len(found)} as specified; slowest "
              f"{max(one.ms for one in found)} ms; /livez at most {max(one.livez_ms for one in found)} ms")
    return 0 if all(one.good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
