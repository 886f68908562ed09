"""Holds the ledger against the providers' own fsynced books: what each of them received and billed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatbot.usage.tables import Attempt
from tests.loopback import LoopbackProvider

NEVER_ARRIVED = {"connect", "dns", "tls"}
"""Failures whose request no provider ever saw."""


def against_the_invoice(provider: str, first: LoopbackProvider, second: LoopbackProvider,
                        attempts: Sequence[Attempt]) -> Iterator[str]:
    """Complaints about rows that are not what the providers received and billed; `provider` is the first one's name."""
    for name, server in ((provider, first), ("openai", second)):
        rows = [row for row in attempts if row.provider == name and row.failure not in NEVER_ARRIVED]
        received = server.journal.received
        if len(rows) != len(received):
            yield f"{name} received {len(received)} requests, the ledger has {len(rows)}"
        billed = {entry["id"]: entry for entry in server.journal.billed}
        for row, request in zip(rows, received, strict=False):
            yield from _row_against_its_bill(row, billed.get(request["id"]))


def _row_against_its_bill(row: Attempt, bill: dict[str, int] | None) -> Iterator[str]:
    if row.state == "reserved":
        yield f"{row.provider}: left reserved"
    if row.state == "released" and row.cost_nano_usd:
        yield f"{row.provider}: released, and booked {row.cost_nano_usd}"
    if bill is None:
        return
    if row.state == "released":
        yield f"{row.provider}: billed, and the ledger has it released"
    counted = (row.prompt_tokens, row.completion_tokens)
    invoiced = (bill["prompt_tokens"], bill["completion_tokens"])
    exact = row.usage_source == "provider" and row.cost_state == "exact"
    if exact and counted != invoiced and counted != (0, 0):  # (0, 0): a provider that states zero (F21)
        yield f"{row.provider}: booked {counted} as exact, billed {invoiced}"
    if row.state == "settled" and row.usage_source == "estimated" and row.cost_state not in ("estimated", "unpriced"):
        yield f"{row.provider}: an estimate is called {row.cost_state}"
