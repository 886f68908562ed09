"""A provider's outage under load: `python -m bench.outage [--seconds 60] [--rate 20]`.

Twice: with a second provider behind, and alone. Goals: once the breaker is open at most 1.2 tries a call and every
answer in under 300 ms; 20 s after the provider is back at least 99 % of the answers are good.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.served import serve
from tests.loopback import LoopbackProvider, Status

BODY = json.dumps({"model": "hybrid", "messages": [{"role": "user", "content": "Why is iron given?"}]})
SETTLING = 3.0
"""Seconds of an outage in which breakers may still be closed: 5 failures for each of a provider's models."""
RECOVERY = 20.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One call. Times are seconds since the load began."""

    sent_at: float
    seconds: float
    status: int


class Load:
    """Calls at a steady rate, each in a thread of its own, whatever becomes of the ones before."""

    def __init__(self, url: str, rate: float) -> None:
        self._host = urlsplit(url).netloc
        self._rate = rate
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self.samples: list[Sample] = []

    @property
    def now(self) -> float:
        return time.monotonic() - self._began

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        threads = []
        next_at = self.now
        while self.now < until:
            threads.append(threading.Thread(target=self._call))
            threads[-1].start()
            next_at += 1 / self._rate
            time.sleep(max(0.0, next_at - self.now))
        for thread in threads:
            thread.join()

    def _call(self) -> None:
        sent_at = self.now
        with closing(http.client.HTTPConnection(self._host, timeout=90)) as connection:
            connection.request("POST", "/v1/chat/completions", BODY, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
        with self._lock:
            self.samples.append(Sample(sent_at, self.now - sent_at, response.status))


def measure(seconds: float, rate: float, *, behind: bool) -> bool:
    """Run one outage and print what came of it; whether the goals are met."""
    with tempfile.TemporaryDirectory() as folder, LoopbackProvider() as sick, LoopbackProvider() as well:
        more = {"OPENAI_API_KEY": "y", "OPENAI_BASE_URL": well.url_v1} if behind else {}
        with serve(TOGETHER_API_KEY="x", TOGETHER_BASE_URL=sick.url, STRATEGY="cloud", LOCAL_ENGINE="off",
                   DATABASE_URL=f"sqlite:///{folder}/funza.db", **more) as served:
            load = Load(served.url, rate)
            load.run(5)
            down = load.now
            sick.always(Status(503)) if behind else sick.stop()
            load.run(SETTLING)
            before = _tries(folder)
            opened = load.now
            load.run(seconds - SETTLING)
            tries = _tries(folder) - before
            up = load.now
            sick.reset() if behind else sick.start()
            load.run(RECOVERY + 20)
    return _judge(load.samples, tries, down, opened, up, behind)


def _tries(folder: str) -> int:
    with closing(sqlite3.connect(Path(folder) / "funza.db", timeout=10)) as database:
        return int(database.execute("SELECT count(*) FROM attempts").fetchone()[0])


def _judge(samples: list[Sample], tries: int, down: float, opened: float, up: float, behind: bool) -> bool:
    def of(true: Callable[[Sample], bool]) -> list[Sample]:
        return [sample for sample in samples if true(sample)]

    outage = of(lambda one: opened <= one.sent_at < up)
    after = of(lambda one: one.sent_at >= up + RECOVERY)
    good_after = sum(one.status == 200 for one in after) / len(after)
    first_good = min(one.sent_at + one.seconds for one in samples if one.sent_at > up and one.status == 200) - up
    times = sorted(one.seconds for one in outage)
    healthy = sorted(one.seconds for one in of(lambda one: one.sent_at < down))
    print(f"{'with a provider behind' if behind else 'alone'}: {len(samples)} calls, "
          f"{sum(one.status == 200 for one in of(lambda one: down <= one.sent_at < up))} of "
          f"{len(of(lambda one: down <= one.sent_at < up))} answered 200 during the outage")
    print(f"  before: answers p50 {1000 * healthy[len(healthy) // 2]:.0f} ms, slowest {1000 * healthy[-1]:.0f} ms")
    print(f"  breaker open: {tries} tries for {len(outage)} calls = {tries / len(outage):.2f}; "
          f"answers p50 {1000 * times[len(times) // 2]:.0f} ms, p99 {1000 * times[int(0.99 * len(times))]:.0f} ms, "
          f"slowest {1000 * times[-1]:.0f} ms")
    print(f"  recovery: first good answer after {first_good:.1f} s; {100 * good_after:.1f} % good from 20 s on")
    return tries <= 1.2 * len(outage) and times[int(0.99 * len(times))] < 0.3 and good_after >= 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the provider is away")
    parser.add_argument("--rate", type=float, default=20.0, help="calls a second")
    options = parser.parse_args()
    met = [measure(options.seconds, options.rate, behind=behind) for behind in (True, False)]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
