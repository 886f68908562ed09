"""Holds what a cloud on loopback received against what each policy promises, and against our receipts.

For every row of the fault table: `never`, `ask` and `withdrawn` promise that not even a connection is made; `consented`
and `allowed`, that no planted identifier leaves and that the receipts are the provider's own book.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from chatbot.calling.completion import CompletionDone
from chatbot.database import new_id, now
from chatbot.privacy.consent import Consents, purposes
from chatbot.privacy.receipts import NEVER_LEFT, canonical
from chatbot.privacy.tables import RECEIPTS
from chatbot.providers.interface import ChatRequest, Message
from chatbot.usage.ledger import NewCall
from chatbot.usage.tables import ATTEMPTS
from tests.faults.fault import Fault
from tests.faults.play import calls_of, order_of, providers_of
from tests.loopback import Received

POLICIES = ("never", "ask", "withdrawn", "consented", "allowed")
SILENT, OPEN = POLICIES[:3], POLICIES[3:]
TALK = new_id()
PHONE, EMAIL, ID, NAME = "0700 000 000", "amina@example.org", "12345678", "Wanjiku Kamau"
QUESTION = (f"My name is {NAME}, ID {ID}. Why are iron and folic acid tablets given in pregnancy? "
            f"Call {PHONE} or +254 700 000 000 or {EMAIL}. {NAME.split(maxsplit=1)[0]}")
ROSTER = (f"Class list of the clinic\nName: {NAME}\nID number: {ID}\nPhone: {PHONE}\nE-mail: {EMAIL}\n\n"
          "Iron and folic acid tablets help to prevent anaemia in pregnancy. Iron helps the body to make blood. "
          "Folic acid helps the spine of the baby to grow well. Tea with a meal makes the body take up less iron.")
PLANTED = (PHONE, "700 000 000", "0700000000", EMAIL, ID, NAME, *NAME.split())
CUT_OFF = frozenset({"timeout", "ttft_timeout", "total_timeout", "stalled", "aborted"})
EVER = datetime(2000, 1, 1, tzinfo=UTC)
LIMITS: dict[str, Any] = {"first_token_timeout": 0.3, "idle_timeout": 0.3, "cloud_timeout": 1, "total_timeout": 1}


def setting(policy: str) -> str:
    """CLOUD_POLICY of a policy: three of them are `ask`."""
    return policy if policy in ("never", "allowed") else "ask"


def answer_the_asking(consents: Consents, policy: str) -> None:
    """Say yes to every purpose where the policy's name says so, and take it back where it says that."""
    for purpose in purposes().values():
        talk = TALK if purpose.scope == "conversation" else ""
        if policy in ("consented", "withdrawn"):
            consents.give(purpose, "local", talk, purpose.version)
        if policy == "withdrawn":
            consents.withdraw(purpose, "local", talk)


def told(requests: Iterable[Received]) -> list[str]:
    """What a provider received, as text."""
    return [json.dumps(one.body, ensure_ascii=False) for one in requests]


def planted_in(requests: Iterable[Received]) -> list[str]:
    """Identifiers that left although none may."""
    return [value for value in PLANTED for body in told(requests) if value in body]


def book_of(requests: Iterable[Received]) -> Counter[str]:
    """The provider's own book: hashes of what it received."""
    return Counter(hashlib.sha256(_canonical(one.body)).hexdigest() for one in requests)


def books_agree(engine: Engine, requests: Iterable[Received], since: datetime = EVER) -> bool:
    """Whether nothing left without a receipt, and each receipt of a try that ended tells of what did leave.

    A try that was cut off may have been on its way: its receipt stands, with a line in the provider's book or without.
    """
    received = book_of(requests)
    return receipts_in(engine, since, NEVER_LEFT | CUT_OFF) <= received <= receipts_in(engine, since)


def receipts_in(engine: Engine, since: datetime = EVER, without: Set[str] = NEVER_LEFT) -> Counter[str]:
    """Our book: hashes of what left; without tries that failed so."""
    asked = select(RECEIPTS.c.sha256, ATTEMPTS.c.failure).join(
        ATTEMPTS, ATTEMPTS.c.id == RECEIPTS.c.attempt_id).where(RECEIPTS.c.at >= since)
    with engine.connect() as connection:
        return Counter(row.sha256 for row in connection.execute(asked) if row.failure not in without)


def _canonical(body: dict[str, Any]) -> bytes:
    wanted = (body.get("response_format") or {}).get("json_schema") or body.get("response_format") or {}
    return canonical([_turn(turn) for turn in body["messages"]], body.get("stop"), wanted.get("schema"))


def _turn(turn: dict[str, Any]) -> dict[str, str]:
    if isinstance(turn["content"], str):
        return turn
    picture, words = turn["content"]
    data = b64decode(re.sub("^data:[^,]*,", "", picture["image_url"]["url"]))
    return {"role": turn["role"], "content": words["text"], "picture": hashlib.sha256(data).hexdigest()}


@dataclass(frozen=True, slots=True)
class Left:
    """What left in one call under one policy, while a provider failed in one way."""

    connections: int
    requests: int
    planted: list[str]
    receipts: int
    books_agree: bool
    answered: bool

    def breaks(self, policy: str) -> str:
        """Which promise of the policy it breaks; empty when none."""
        if policy in SILENT:
            return "" if (self.connections, self.requests, self.receipts) == (0, 0, 0) else "something left"
        if self.planted:
            return f"left: {self.planted}"
        return "" if self.books_agree else "receipts and journal differ"


def play_under(policy: str, fault: Fault, folder: Path, *, stream: bool) -> Left:
    """Make the row's call with planted identifiers, and count what left. The database of `folder` is used again."""
    began = now()
    system = Message("system", f"You help {NAME}.")
    request = ChatRequest((system, Message("user", QUESTION)), stop=(PHONE,), schema=_schema(fault))
    under = replace(fault, settings={**fault.settings, **LIMITS, "cloud_policy": setting(policy)}, order={
        **fault.order, "request": request, "call": NewCall("chat", "cloud", conversation_id=TALK, principal="local")})
    with providers_of(under) as (first, second):
        calls = calls_of(under, first, second, folder)
        answer_the_asking(calls.consents, policy)
        if fault.prepare is not None:
            fault.prepare(calls)
        last = list(calls.run(order_of(under, stream)))[-1]
        for provider in calls.providers.values():
            provider.close()
        requests, engine = [*first.requests, *second.requests], calls.ledger.engine
        return Left(first.connections + second.connections, len(requests), planted_in(requests),
                    receipts_in(engine, began).total(), books_agree(engine, requests, began),
                    isinstance(last, CompletionDone))


def _schema(fault: Fault) -> dict[str, Any] | None:
    request = fault.order.get("request")
    return request.schema if request is not None else None
