"""What the ledger writes, as data: named statements with their values, so that an end can wait in a file (`outbox.py`).

To do a write twice is to do it once: ids are made before, an insert of what is there changes nothing, an end is given
only to what has none, and a budget's hold is let go once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.database import now, usd
from chatbot.privacy.tables import RECEIPTS
from chatbot.usage import budgets
from chatbot.usage.cost import UsageOfCall, weakest
from chatbot.usage.tables import ATTEMPTS, CALLS


@dataclass(frozen=True, slots=True)
class Write:
    """One thing to write. Numbers and names, no words of a conversation."""

    what: str
    """A name in `HOW`."""
    values: Mapping[str, Any]


def new_call(**row: Any) -> Write:
    return Write("new_call", row)


def new_attempt(**row: Any) -> Write:
    return Write("new_attempt", row)


def new_receipt(**row: Any) -> Write:
    """What an attempt sends to a cloud: numbers, names and hashes."""
    return Write("new_receipt", row)


def end_of_attempt(attempt_id: str, **end: Any) -> Write:
    """The one end of an attempt; a second end changes nothing."""
    return Write("end_of_attempt", {"attempt": attempt_id, **end})


def settlement(attempt_id: str, cost: int | None) -> Write:
    """What an attempt cost its budgets, in nano-dollars."""
    return Write("settlement", {"attempt": attempt_id, "cost": cost})


def end_of_call(call_id: str, **end: Any) -> Write:
    """The one end of a call, with the sum of its attempts; a second end changes nothing."""
    return Write("end_of_call", {**_NO_END, **end, "call": call_id, "at": now()})


def perform(connection: Connection, writes: Sequence[Write]) -> UsageOfCall:
    """Do these writes, in order. Returns what the call cost when they end it, else nothing."""
    usage = UsageOfCall()
    for write in writes:
        usage = HOW[write.what](connection, write.values) or usage
    return usage


def as_line(writes: Sequence[Write]) -> str:
    """Writes as one line of JSON."""
    return json.dumps([[write.what, dict(write.values)] for write in writes], default=_time, separators=(",", ":"))


def from_line(line: str) -> tuple[Write, ...]:
    """The writes of such a line. Raises ValueError for any other text."""
    try:
        return tuple(Write(what, values) for what, values in json.loads(line, object_hook=_timed) if what in HOW)
    except TypeError as error:
        raise ValueError("not a line of the outbox") from error


# The statements are built once: building one costs more than running it.
_NO_END: dict[str, Any] = {
    "provider": "", "model": "", "fell_back": False, "finish_reason": "", "prompt_tokens": 0, "completion_tokens": 0,
    "error_code": ""}
_ATTEMPTS_OF_CALL = (
    select(CALLS.c.started_at, ATTEMPTS.c.cost_nano_usd, ATTEMPTS.c.cost_state, ATTEMPTS.c.state)
    .outerjoin_from(CALLS, ATTEMPTS).where(CALLS.c.id == bindparam("call")).with_for_update(of=CALLS))
_END_OF_ATTEMPT = update(ATTEMPTS).where(
    ATTEMPTS.c.id == bindparam("attempt"), ATTEMPTS.c.state == "reserved").values({
        name: bindparam(name) for name in (
            "state", "failure", "status", "upstream_id", "prompt_tokens", "completion_tokens", "cached_tokens",
            "reasoning_tokens", "usage_source", "cost_nano_usd", "cost_state", "first_token_ms", "latency_ms",
            "ended_at")})
_END_OF_CALL = update(CALLS).where(CALLS.c.id == bindparam("call"), CALLS.c.state == "open").values({
    name: bindparam(name) for name in (*_NO_END, "state", "cost_nano_usd", "cost_state", "latency_ms")})


def _insert_once(table: Table) -> Callable[[Connection, Mapping[str, Any]], None]:
    statements = {"sqlite": sqlite.insert(table).on_conflict_do_nothing(),
                  "postgresql": postgresql.insert(table).on_conflict_do_nothing()}

    def insert(connection: Connection, row: Mapping[str, Any]) -> None:
        connection.execute(statements[connection.dialect.name], row)

    return insert


def _end_attempt(connection: Connection, end: Mapping[str, Any]) -> None:
    connection.execute(_END_OF_ATTEMPT, end)


def _settle(connection: Connection, values: Mapping[str, Any]) -> None:
    budgets.settle(connection, {values["attempt"]: values["cost"]})


def _end_call(connection: Connection, end: Mapping[str, Any]) -> UsageOfCall | None:
    rows = connection.execute(_ATTEMPTS_OF_CALL, {"call": end["call"]}).all()
    if not rows:
        return None  # it was refused before it had a row
    billed = [row for row in rows if row.cost_state is not None and row.state != "released"]
    state = weakest(row.cost_state for row in billed)
    cost = None if state == "unpriced" else sum(row.cost_nano_usd for row in billed)
    values = {name: value for name, value in end.items() if name != "at"}
    connection.execute(_END_OF_CALL, {
        **values, "cost_nano_usd": cost, "cost_state": state,
        "latency_ms": round((end["at"] - rows[0].started_at).total_seconds() * 1000)})
    return UsageOfCall(end["prompt_tokens"], end["completion_tokens"], None if cost is None else usd(cost), state)


HOW: dict[str, Callable[[Connection, Mapping[str, Any]], UsageOfCall | None]] = {
    "new_call": _insert_once(CALLS),
    "new_attempt": _insert_once(ATTEMPTS),
    "new_receipt": _insert_once(RECEIPTS),
    "end_of_attempt": _end_attempt,
    "settlement": _settle,
    "end_of_call": _end_call,
}


def _time(value: Any) -> dict[str, str]:
    if isinstance(value, date):  # a datetime is one, too
        return {"at" if isinstance(value, datetime) else "on": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot wait in the outbox")


def _timed(found: dict[str, Any]) -> Any:
    if found.keys() == {"at"}:
        return datetime.fromisoformat(found["at"])
    return date.fromisoformat(found["on"]) if found.keys() == {"on"} else found
