"""Budgets under several workers: two processes, eighty attempts, and never one over the limit."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.database import open_engine
from chatbot.usage.budget_limits import list_budgets, set_budget
from chatbot.usage.budgets import EVERYONE

ROOT = Path(__file__).parents[3]
ATTEMPTS_EACH, FITS = 40, 10
WORKER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from chatbot.database import new_id, open_engine
from chatbot.errors import BudgetExhausted
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall
from chatbot.usage.prices import Price

url, attempts, ends = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "ends"
ledger = Ledger(open_engine(url))

def attempt(_):
    try:
        reserved = ledger.reserve(
            new_id(), ordinal=1, provider="together", model="m1", price=Price(1_000_000_000, 0, 0, source="a test"),
            prompt_tokens=1, opening=NewCall("chat", "hybrid", principal="amina"), principal="amina", most=1_000_000)
    except BudgetExhausted:
        return 0
    if ends:
        ledger.end(reserved, Ending("settled", Usage(1_000), latency_ms=1))
    return 1

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(attempt, range(attempts))))
"""


def in_two_processes(url: str, how: str) -> list[int]:
    """How many attempts each process was allowed."""
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url, str(ATTEMPTS_EACH), how], cwd=ROOT, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ended = [(*worker.communicate(timeout=120), worker.returncode) for worker in workers]
    assert [(error, code) for _, error, code in ended] == [("", 0)] * 2
    return [int(out) for out, _, _ in ended]


@pytest.mark.parametrize("how", ["stay", "ends"])
def test_eighty_attempts_in_two_processes_never_overrun_a_limit(migrated_url: str, how: str) -> None:
    engine = open_engine(migrated_url)
    for principal in ("amina", EVERYONE):
        set_budget(engine, principal, "day", Decimal("0.001") * FITS)
    assert sum(in_two_processes(migrated_url, how)) == FITS
    for one in list_budgets(engine):
        assert one.spent_usd + one.reserved_usd == one.limit_usd
        assert (one.reserved_usd == 0) is (how == "ends")
