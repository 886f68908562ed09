"""Two servers on one database, 200 calls at once against a budget: how many were let through, and what was billed.

`python -m bench.budget [--calls 200] [--fits 20] [--database-url postgresql+psycopg://...]`. Exits 1 when the provider
billed, or the ledger booked, one nano-dollar more than the limit, or when anything is still held at the end.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select

from bench.served import serve
from chatbot.database import migrate, open_engine, usd
from chatbot.usage.budget_limits import list_budgets, set_budget
from chatbot.usage.budget_tables import HOLDS
from chatbot.usage.budgets import EVERYONE
from chatbot.usage.prices import Price
from chatbot.usage.tables import ATTEMPTS
from tests.loopback import Answer, LoopbackProvider

PRICE = Price(2_000_000_000, 10_000_000_000, 2_000_000_000, source="bench")
PRICES = """
[[price]]
provider = "together"
model = "loopback-model"
input_usd_per_mtok = "2"
output_usd_per_mtok = "10"
from = 2026-01-01
source = "bench"
"""
ASK = {"model": "together/loopback-model", "max_tokens": 64,
       "messages": [{"role": "user", "content": "Why are iron and folic acid tablets given in pregnancy?"}]}
MOST = PRICE.most(23 * 4 + 64, 64, 0)
"""Nano-dollars held for one such call: 23 prompt tokens estimated, four times that and the template at the most."""


def ask(url: str, begin: Barrier) -> int:
    """The status of one call."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.connect()
    begin.wait()
    connection.request("POST", "/v1/chat/completions", json.dumps(ASK), {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    return response.status


def _wait_for_ends(engine: Engine, seconds: float = 20.0) -> None:
    """An end that found the database taken waits in the outbox, which is emptied every second or so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with engine.connect() as connection:
            if not connection.scalar(select(func.count()).select_from(HOLDS)):
                return
        time.sleep(0.2)


def run(calls: int, fits: int, database_url: str) -> bool:
    """Run the bench and print what happened. True when the budget held."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = database_url or f"sqlite:///{folder}/funza.db"
        prices = Path(folder, "prices.toml")
        prices.write_text(PRICES)
        engine = open_engine(url)
        migrate(engine)
        limit = set_budget(engine, EVERYONE, "day", usd(MOST) * fits)
        upstream = stack.enter_context(LoopbackProvider(behaviour=Answer("Iron prevents anaemia.")))
        settings = {
            "DATABASE_URL": url, "PRICES_FILE": str(prices), "LOCAL_ENGINE": "off", "TOGETHER_API_KEY": "x",
            "TOGETHER_BASE_URL": upstream.url, "TOGETHER_MODEL": "loopback-model",
            "TOGETHER_SUCCESSORS": "loopback-model", "MAX_CALLS": "0"}
        servers = [stack.enter_context(serve(**settings)) for _ in range(2)]
        begin = Barrier(calls)
        began = time.perf_counter()
        with ThreadPoolExecutor(calls) as pool:
            statuses = Counter(pool.map(lambda number: ask(servers[number % 2].url, begin), range(calls)))
        seconds = time.perf_counter() - began
        billed = sum(Decimal(one["prompt_tokens"] * 2 + one["completion_tokens"] * 10) / 1_000_000
                     for one in upstream.journal.billed)
        _wait_for_ends(engine)
        (state,) = list_budgets(engine)
        with engine.connect() as connection:
            booked = usd(int(connection.scalar(select(func.coalesce(func.sum(ATTEMPTS.c.cost_nano_usd), 0))) or 0))
            held = connection.scalar(select(func.count()).select_from(HOLDS))
    print(f"{calls} calls at once over 2 processes in {seconds:.1f} s: {dict(sorted(statuses.items()))}")
    print(f"limit {limit.limit_usd} USD; provider billed {billed}; ledger {booked}; budget: {state.spent_usd} spent, "
          f"{state.reserved_usd} held ({held} holds); upstream calls {len(upstream.journal.billed)}")
    return max(billed, booked, state.spent_usd) <= limit.limit_usd and booked == billed == state.spent_usd and not held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--fits", type=int, default=20)
    parser.add_argument("--database-url", default="")
    asked = parser.parse_args()
    held = run(asked.calls, asked.fits, asked.database_url)
    print("the budget held" if held else "THE BUDGET DID NOT HOLD")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
