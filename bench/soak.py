"""Mixed load for some minutes, and whether memory, threads and open files stay flat: `python -m bench.soak [minutes]`.

The real server (one worker, SQLite) and the loopback provider, which answers well, fails, cuts its streams or falls
silent. Eight clients ask: whole and streamed answers, streams they leave in the middle, danger signs, wrong requests,
pages, reports, metrics. The first fifth is warm-up (imports, caches, thread stacks). Exit code 1 when the worker's
memory rises by more than 0.5 MB a minute or 5 %, when threads or files stay behind, or when a row is left undecided.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import socket
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.served import Served, serve
from tests.loopback import SCRIPTS, Answer, Behaviour, LoopbackProvider
from tests.loopback.exchange import Exchange

CLIENTS = 8
EVERY = 10.0
"""Seconds between two samples."""
MOST_SLOPE, MOST_GROWTH = 0.5, 0.05
FILES_KEPT = 24
"""An idle worker's own files, its pool of 5 connections to SQLite with their journals, kept connections upstream."""
WAYS: tuple[Behaviour, ...] = (
    *([Answer()] * 72), Answer(pause=0.02), SCRIPTS["server_error"], SCRIPTS["cut_stream"], SCRIPTS["html"],
    SCRIPTS["empty"], SCRIPTS["hang_mid_stream"], SCRIPTS["reset"], SCRIPTS["malformed_json"])


class AnyWay:
    """Treats each request in one of `WAYS`: a tenth of them fails."""

    def play(self, exchange: Exchange) -> None:
        random.choice(WAYS).play(exchange)


@dataclass(frozen=True, slots=True)
class Sample:
    """The worker at one moment."""

    minute: float
    megabytes: float
    threads: int
    files: int


class Client:
    """Sends one random request after the other on connections of its own."""

    def __init__(self, url: str, statuses: Counter[str]) -> None:
        self._host = urlsplit(url).netloc
        self._statuses = statuses
        self._doings: tuple[tuple[int, Callable[[], None]], ...] = (
            (10, self._whole), (6, self._streamed), (3, self._left), (4, self._chat), (2, self._danger),
            (2, self._wrong), (1, self._page), (1, self._numbers))

    def run(self, until: float) -> None:
        doings = [doing for weight, doing in self._doings for _ in range(weight)]
        while time.monotonic() < until:
            try:
                random.choice(doings)()
            except (OSError, http.client.HTTPException) as error:
                self._statuses[type(error).__name__] += 1

    def _send(self, method: str, path: str, body: object = None) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            response = connection.getresponse()
            response.read()
            self._statuses[str(response.status)] += 1
        finally:
            connection.close()

    def _completion(self, **more: object) -> dict[str, object]:
        return {"model": "cloud", "messages": [{"role": "user", "content": f"Why iron? {random.random()}"}], **more}

    def _whole(self) -> None:
        self._send("POST", "/v1/chat/completions", self._completion())

    def _streamed(self) -> None:
        self._send("POST", "/v1/chat/completions", self._completion(stream=True))

    def _chat(self) -> None:
        self._send("POST", "/api/v1/chat", {"message": "Why are iron and folic acid tablets given?",
                                            "stream": random.random() < 0.5})

    def _danger(self) -> None:
        self._send("POST", "/api/v1/chat", {"message": "I am pregnant and bleeding heavily"})

    def _wrong(self) -> None:
        self._send("POST", "/api/v1/chat", {"message": ""})

    def _page(self) -> None:
        self._send("GET", "/")

    def _numbers(self) -> None:
        self._send("GET", random.choice(["/metrics", "/readyz", "/api/v1/usage?by=model", "/api/v1/providers"]))

    def _left(self) -> None:
        """Ask for a stream and hang up."""
        body = json.dumps(self._completion(stream=True)).encode()
        host, _, port = self._host.partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            line.recv(64)
        self._statuses["left"] += 1


def watch(worker: psutil.Process, began: float, until: float) -> list[Sample]:
    """A sample every 10 s, printed each minute."""
    samples: list[Sample] = []
    while time.monotonic() < until:
        minute = (time.monotonic() - began) / 60
        samples.append(Sample(minute, worker.memory_info().rss / 1e6, worker.num_threads(), worker.num_fds()))
        if len(samples) % 6 == 1:
            print(f"  minute {minute:4.1f}: {samples[-1].megabytes:6.1f} MB, {samples[-1].threads} threads, "
                  f"{samples[-1].files} files", flush=True)
        time.sleep(EVERY)
    return samples


def judge(samples: list[Sample], after: Sample, before: Sample) -> list[str]:
    """What is not flat. `before` and `after`: the idle worker, warmed up, at both ends."""
    steady = samples[len(samples) // 5:]
    slope = statistics.linear_regression([one.minute for one in steady], [one.megabytes for one in steady]).slope
    third = max(1, len(steady) // 3)
    early, late = (statistics.mean(one.megabytes for one in part) for part in (steady[:third], steady[-third:]))
    print(f"memory after warm-up: {early:.1f} MB, at the end {late:.1f} MB ({late / early - 1:+.1%}), "
          f"slope {slope:+.2f} MB a minute")
    print(f"idle before: {before.threads} threads, {before.files} files; idle after: {after.threads} threads, "
          f"{after.files} files")
    wrong = []
    if slope > MOST_SLOPE or late > early * (1 + MOST_GROWTH):
        wrong.append("memory rises")
    if after.threads > before.threads + 2 + max(0, THREADS_KEPT - before.threads):
        wrong.append("threads stay behind")
    if after.files > max(before.files + 4, FILES_KEPT):
        wrong.append("open files stay behind")
    return wrong


THREADS_KEPT = 32 + 32 + 4
"""gunicorn's threads and those kept for tries: they are made when they are first needed, and stay."""


def load(served: Served, upstream: LoopbackProvider, minutes: float) -> tuple[Counter[str], list[str]]:
    statuses: Counter[str] = Counter()
    worker = psutil.Process(served.process.pid).children()[0]
    warm(Client(served.url, statuses))
    before = idle(worker)
    began = time.monotonic()
    until = began + 60 * minutes
    stop = threading.Event()
    threads = [threading.Thread(target=Client(served.url, statuses).run, args=(until,)) for _ in range(CLIENTS)]
    threads.append(threading.Thread(target=forget, args=(upstream, stop)))
    upstream.always(AnyWay())
    for thread in threads:
        thread.start()
    samples = watch(worker, began, until)
    stop.set()
    for thread in threads:
        thread.join()
    return statuses, judge(samples, idle(worker), before)


def forget(upstream: LoopbackProvider, stop: threading.Event) -> None:
    """Drop what the provider remembers of its requests: this process shares the machine's memory."""
    while not stop.wait(1.0):
        upstream.requests.clear()


def warm(client: Client) -> None:
    for _, doing in client._doings:
        doing()


def idle(worker: psutil.Process) -> Sample:
    """The worker when nothing has been asked for a while: cut-off tries take up to their limits to end."""
    time.sleep(20)
    return Sample(0, worker.memory_info().rss / 1e6, worker.num_threads(), worker.num_fds())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, LoopbackProvider() as upstream, serve(
            TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream.url, STRATEGY="cloud", LOCAL_ENGINE="off",
            DATABASE_URL=f"sqlite:///{folder}/funza.db", FIRST_TOKEN_TIMEOUT="2", IDLE_TIMEOUT="2") as served:
        statuses, wrong = load(served, upstream, options.minutes)
        with sqlite3.connect(Path(folder) / "funza.db") as ledger:
            rows, undecided = ledger.execute("SELECT count(*), sum(state = 'reserved') FROM attempts").fetchone()
            still_open = ledger.execute("SELECT count(*) FROM calls WHERE state = 'open'").fetchone()[0]
    print(f"requests: {dict(sorted(statuses.items()))}")
    print(f"ledger: {rows} tries, {undecided} undecided, {still_open} calls open")
    if undecided or still_open:
        wrong.append("rows are left undecided")
    print("flat" if not wrong else f"NOT flat: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
