"""Many open streams, half of whose clients leave: `python -m bench.streams [--streams 200]`.

Goals: each stream that is listened to has exactly one terminal event; for each that is left, the connection to the
provider is closed within 2 s; every row in the ledger has its end.
"""

from __future__ import annotations

import argparse
import json
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from bench.served import serve
from tests.loopback import Answer, LoopbackProvider

WORDS = 40
ANSWER = Answer(" ".join(f"word{index}" for index in range(WORDS)), pause=0.5)
BODY = json.dumps({"model": "together", "messages": [{"role": "user", "content": "Why?"}], "stream": True})
GOAL = 2.0


class Client:
    """One open stream."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=90)
        self._socket.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
                             f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode())
        self.heard = b""

    def until(self, word: bytes) -> None:
        while word not in self.heard:
            part = self._socket.recv(65536)
            if not part:
                raise RuntimeError(f"the stream ended early: {self.heard[:200]!r}")
            self.heard += part

    def to_the_end(self) -> None:
        while part := self._socket.recv(65536):
            self.heard += part
        self._socket.close()

    def leave(self) -> None:
        self._socket.close()

    @property
    def ends(self) -> int:
        """Terminal events heard."""
        return self.heard.count(b"data: [DONE]") + self.heard.count(b'"error":')


def measure(count: int) -> bool:
    with tempfile.TemporaryDirectory() as folder, LoopbackProvider(behaviour=ANSWER) as upstream:
        with serve(TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream.url, STRATEGY="cloud", LOCAL_ENGINE="off",
                   DATABASE_URL=f"sqlite:///{folder}/funza.db", WEB_THREADS=str(count + 20), MAX_CALLS="0") as served:
            host, port = urlsplit(served.url).hostname or "", urlsplit(served.url).port or 0
            clients = [Client(host, port) for _ in range(count)]
            _all(clients, lambda client: client.until(b"word4"))
            print(f"{count} streams are open, {len(upstream.requests)} at the provider")
            left_at = time.monotonic()
            for client in clients[::2]:
                client.leave()
            closed = _closed_after(upstream, count // 2, left_at)
            _all(clients[1::2], Client.to_the_end)
            time.sleep(1)
        ends = [client.ends for client in clients[1::2]]
        with closing(sqlite3.connect(Path(folder) / "funza.db")) as database:
            rows = dict(database.execute("SELECT state, count(*) FROM calls GROUP BY state").fetchall())
            open_rows = database.execute("SELECT count(*) FROM attempts WHERE state = 'reserved'").fetchone()[0]
    slowest = max(closed, default=float("inf"))
    print(f"listened to: {len(ends)} streams, terminal events {sorted(set(ends))}")
    print(f"left: {len(closed)} of {count // 2} closed at the provider, the last after {slowest:.2f} s")
    print(f"ledger: calls {rows}, attempts left reserved {open_rows}")
    return set(ends) == {1} and len(closed) == count // 2 and slowest <= GOAL and not open_rows


def _all(clients: list[Client], task: Callable[[Client], None]) -> None:
    threads = [threading.Thread(target=task, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _closed_after(upstream: LoopbackProvider, count: int, since: float) -> list[float]:
    """Seconds after which each connection to the provider was seen to close; looks for 10 s at the most."""
    seen: dict[str, float] = {}
    while len(seen) < count and time.monotonic() - since < 10:
        for request in upstream.requests:
            if request.client_left.is_set():
                seen.setdefault(request.id, time.monotonic() - since)
        time.sleep(0.02)
    return list(seen.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200, help="open at once; half of them are left")
    options = parser.parse_args()
    sys.exit(0 if measure(options.streams) else 1)


if __name__ == "__main__":
    main()
