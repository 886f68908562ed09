"""Callers at an endpoint that sleeps: `python -m bench.wake [--callers 20] [--wake 3]`.

Goals: one wake whoever calls; a picture for everyone; wake, drawing and idle seconds in the ledger are the time that
the endpoint was up, by its own clock.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import structlog

from chatbot.database import usd
from chatbot.errors import FunzaError
from chatbot.images.drawing.draw import DrawOrder, Illustrator
from tests.chatbot.images.drawing_house import HOUR, Watching, endpoint_settings, illustrator, png
from tests.house import attempts
from tests.loopback.image_endpoint import FakeImageEndpoint

IDLE = 5.0
"""Seconds that the endpoint stays up after its last request."""
CLOSE_ENOUGH = 0.5
"""Seconds that our books and the endpoint's may differ by."""


def ask(illustrator: Illustrator, gate: threading.Barrier) -> tuple[str, float]:
    """How one caller fared, and its seconds."""
    gate.wait()
    began = time.monotonic()
    try:
        illustrator.draw(DrawOrder("A clinic's garden", size=(64, 64)), Watching())
        outcome = "picture"
    except FunzaError as error:
        outcome = error.code
    return outcome, time.monotonic() - began


def measure(callers: int, wake: float, folder: Path) -> bool:
    """Print the table; False when a goal was missed."""
    with FakeImageEndpoint(png(), wake_seconds=wake, draw_seconds=0.05, idle_seconds=IDLE) as endpoint:
        settings = endpoint_settings(endpoint, image_endpoint_idle_minutes=IDLE / 60, image_timeout=wake + 60,
                                     image_endpoint_wake_seconds=wake + 60, image_endpoint_probe_seconds=1)
        made, calls = illustrator(folder, **settings)
        gate = threading.Barrier(callers)
        with ThreadPoolExecutor(callers) as threads:
            fared = list(threads.map(lambda _: ask(made, gate), range(callers)))
        while endpoint.state != "scaledToZero":
            time.sleep(0.1)
        made.tidy()
        up, wakes, probes = endpoint.seconds_up, endpoint.wakes, len(endpoint.probes)
    rows = attempts(calls)
    pictures, slowest = sum(one == "picture" for one, _ in fared), max(seconds for _, seconds in fared)
    wake_s, idle_s = (sum(one.latency_ms or 0 for one in rows if one.model == kind) / 1000 for kind in ("wake", "idle"))
    cost = sum((usd(one.cost_nano_usd or 0) for one in rows), Decimal(0))
    booked = float(cost) * 3600 / HOUR
    print("| callers | pictures | wakes | probes | slowest s | wake s | drawing s | idle s | booked s | up s | USD |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|\n"
          f"| {callers} | {pictures} | {wakes} | {probes} | {slowest:.1f} | {wake_s:.2f} "
          f"| {booked - wake_s - idle_s:.2f} | {idle_s:.2f} | {booked:.2f} | {up:.2f} | {cost:.6f} |")
    return pictures == callers and wakes == 1 and abs(booked - up) <= CLOSE_ENOUGH


def main() -> int:
    """0 when every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=20)
    parser.add_argument("--wake", type=float, default=3.0, help="seconds that the endpoint takes to wake")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        return 0 if measure(options.callers, options.wake, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
