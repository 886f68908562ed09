"""What we add to a call: through us and straight to the loopback provider, in turn, in one run.

`python -m bench.overhead [--calls 300]`. Goal: a median under 5 ms added at concurrency 1, with durable ledger rows.
Every call is a fresh JSON request on a kept connection; provider, server and client are three processes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import threading
import time
from urllib.parse import urlsplit

from bench.served import loopback_provider, serve

MESSAGES = [{"role": "user", "content": "Why are iron and folic acid tablets given in pregnancy?"}]


class Client:
    """One kept connection."""

    def __init__(self, url: str, model: str) -> None:
        host = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(host, timeout=60)
        self._body = json.dumps({"model": model, "messages": MESSAGES, "max_tokens": 64})

    def call(self) -> float:
        """Seconds of one call. Raises RuntimeError when it is not answered."""
        began = time.perf_counter()
        self._connection.request("POST", "/v1/chat/completions", self._body,
                                 {"Content-Type": "application/json", "Authorization": "Bearer x"})
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body[:200]!r}")
        return time.perf_counter() - began


def measure(url: str, model: str, concurrency: int, calls: int) -> tuple[list[float], float]:
    """Seconds of each call, and calls a second in all."""
    seconds: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        client = Client(url, model)
        own = [client.call() for _ in range(calls // concurrency)]
        with lock:
            seconds.extend(own)

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, len(seconds) / (time.perf_counter() - began)


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="calls each way at each concurrency")
    parser.add_argument("--rounds", type=int, default=3, help="how often the two ways take turns")
    options = parser.parse_args()
    with loopback_provider() as upstream, serve(
            TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream, STRATEGY="cloud", LOCAL_ENGINE="off") as served:
        measure(served.url, "together", 4, 40)  # warm-up: imports, connections
        print("concurrency  direct p50/p99 ms   through us p50/p99 ms   added p50/p99 ms   requests/s direct, us")
        for concurrency in (1, 4, 16):
            direct, ours, rates = [], [], ([], [])  # type: ignore[var-annotated]
            for _ in range(options.rounds):
                ways = ((upstream, "m", direct, rates[0]), (served.url, "together", ours, rates[1]))
                for url, model, seconds, rate in ways:
                    measured, a_second = measure(url, model, concurrency, options.calls // options.rounds)
                    seconds.extend(measured)
                    rate.append(a_second)
            d50, d99, o50, o99 = (1000 * percentile(one, share) for one in (direct, ours) for share in (0.5, 0.99))
            print(f"{concurrency:>11}  {d50:8.1f} / {d99:6.1f}   {o50:12.1f} / {o99:6.1f}   {o50 - d50:9.1f} / "
                  f"{o99 - d99:6.1f}   {statistics.median(rates[0]):8.0f}, {statistics.median(rates[1]):.0f}")


if __name__ == "__main__":
    main()
