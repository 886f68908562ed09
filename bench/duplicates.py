"""Sends every request several times under one Idempotency-Key, and counts what the provider was asked.

`python -m bench.duplicates [--requests 2000] [--copies 4] [--database sqlite]`
Goal: as many upstream calls as distinct keys, whether the copies come one after the other, all at once, or on both
sides of a restart of the server; and every copy that was answered has the same answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from bench.kill9 import empty_database
from bench.served import serve
from tests.loopback import Answer, LoopbackProvider

SECRET_KEY = "only for this bench"
AT_ONCE = 16
Sent = tuple[str, int, str]
"""Key, status, body."""


def send(url: str, key: str) -> Sent:
    """One completion under a key; every third key asks for a stream."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    body = {"model": "together", "messages": [{"role": "user", "content": f"Say something about {key}."}],
            "stream": key[0] in "01234"}
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body),
                           {"Content-Type": "application/json", "Idempotency-Key": key})
        response = connection.getresponse()
        return key, response.status, response.read().decode()
    finally:
        connection.close()


def serially(url: str, keys: list[str], copies: int) -> list[Sent]:
    return [send(url, key) for key in keys for _ in range(copies)]


def in_parallel(url: str, keys: list[str], copies: int) -> list[Sent]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda key: send(url, key), [key for key in keys for _ in range(copies)]))


def report(name: str, keys: list[str], sent: list[Sent], upstream: int) -> bool:
    """Print one line; whether the provider was asked once for each key, and each key had one answer."""
    answers = defaultdict(set)
    for key, status, body in sent:
        if status == 200:
            answers[key].add(body)
    refused = sum(status == 409 for _, status, _ in sent)
    odd = sorted({status for _, status, _ in sent} - {200, 409})
    good = upstream == len(keys) and not odd and all(len(answers[key]) == 1 for key in keys)
    print(f"{name:<16}  {len(sent):>6}  {len(keys):>6}  {upstream:>8}  {refused:>9}  "
          f"{'as it should be' if good else f'WRONG {odd}'}", flush=True)
    return good


def resend(database: str, *, requests: int, copies: int, workers: int) -> list[bool]:
    """Send every request `copies` times in each of the three ways; whether each way came out as it should.

    Args:
        database: URL of the server's database.
        requests: in all, copies included.
        copies: of each request.
        workers: of the server.
    """
    keys = [str(uuid.uuid4()) for _ in range(requests // copies)]
    third = len(keys) // 3
    with LoopbackProvider(behaviour=Answer()) as upstream:
        settings = {"DATABASE_URL": database, "WEB_CONCURRENCY": str(workers), "SECRET_KEY": SECRET_KEY,
                    "TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": upstream.url, "STRATEGY": "cloud",
                    "LOCAL_ENGINE": "off", "ALLOW_UNPRICED": "true"}
        print("copies come         sent    keys  upstream  409 sent  ", flush=True)
        good = []
        ways: list[tuple[str, list[str], Callable[[str, list[str], int], list[Sent]]]] = [
            ("one by one", keys[:third], serially), ("at once", keys[third:2 * third], in_parallel)]
        with serve(**settings) as served:
            for name, some, way in ways:
                before = len(upstream.journal.received)
                good.append(report(name, some, way(served.url, some, copies),
                                   len(upstream.journal.received) - before))
            before, rest = len(upstream.journal.received), keys[2 * third:]
            sent = in_parallel(served.url, rest, copies // 2)
        with serve(**settings) as served:
            sent += in_parallel(served.url, rest, copies - copies // 2)
        good.append(report("across a restart", rest, sent, len(upstream.journal.received) - before))
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="in all, copies included")
    parser.add_argument("--copies", type=int, default=4, help="of each request")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with empty_database(options.database) as database:
        good = resend(database, requests=options.requests, copies=options.copies, workers=options.workers)
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
