"""Receipts as they are kept: who sees them, with which text, and what became of each try; on both databases."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, create_engine

from chatbot.database import migrate, new_id, now, open_engine
from chatbot.errors import LedgerUnavailable
from chatbot.privacy.permit import clear_to_leave
from chatbot.privacy.receipts import NEVER_LEFT, ReceiptSeal, receipts_of, row_of
from chatbot.privacy.tables import RECEIPTS
from chatbot.providers.interface import ChatRequest, Message
from chatbot.usage.tables import ATTEMPTS, CALLS

HER, OTHER = "01JD00000000000000000AKNY1", "01JD00000000000000000WNJR1"
SEAL = ReceiptSeal("a secret key of this test")
QUESTION = ChatRequest((Message("user", "Nina swali, piga 0700 000 000"),))


@dataclass
class House:
    """A database with receipts in it."""

    engine: Engine

    def call(self) -> str:
        call, at = new_id(), now()
        with self.engine.begin() as connection:
            connection.execute(CALLS.insert().values(
                id=call, started_at=at, day=at.date(), feature="chat", strategy="hybrid", principal=HER,
                state="answered", worker="a test"))
        return call

    def sent(self, call: str, *, state: str = "settled", failure: str = "", seal: ReceiptSeal | None = SEAL) -> None:
        """One try of a call, with the receipt that its request makes."""
        attempt, at = new_id(), now()
        leaving = clear_to_leave(QUESTION, provider="together", purpose="chat", policy="allowed").leaving
        assert leaving is not None
        row = row_of(leaving, provider="together", model="m", seal=seal)(attempt, call)
        with self.engine.begin() as connection:
            connection.execute(ATTEMPTS.insert().values(
                id=attempt, call_id=call, ordinal=1, day=at.date(), provider="together", model="m", state=state,
                failure=failure, cost_state="unpriced", started_at=at, worker="a test"))
            connection.execute(RECEIPTS.insert().values(**row))


@pytest.fixture
def house(database_url: str) -> House:
    engine = open_engine(database_url)
    migrate(engine)
    return House(engine)


def test_who_made_the_call_reads_what_left_and_nobody_else_does(house: House) -> None:
    call = house.call()
    house.sent(call)
    (own,) = receipts_of(house.engine, call, principal=HER, sees_all=False, seal=SEAL) or []
    assert own.text is not None
    assert "[PHONE-1]" in own.text
    assert "0700" not in own.text
    assert (dict(own.redacted), own.size) == ({"phone": 1}, len(own.text.encode()))
    (admins,) = receipts_of(house.engine, call, principal=OTHER, sees_all=True, seal=SEAL) or []
    assert (admins.text, admins.sha256) == (None, own.sha256)
    assert receipts_of(house.engine, call, principal=OTHER, sees_all=False, seal=SEAL) is None
    assert receipts_of(house.engine, call, principal="", sees_all=False, seal=SEAL) is None
    assert receipts_of(house.engine, new_id(), principal=HER, sees_all=True, seal=SEAL) is None


def test_a_receipt_says_whether_it_left(house: House) -> None:
    ends = {("settled", ""): "yes", ("unknown", "timeout"): "yes", ("released", "rate_limit"): "yes",
            ("reserved", ""): "under way", **{("released", kind): "no" for kind in NEVER_LEFT}}
    for (state, failure), left in ends.items():
        call = house.call()
        house.sent(call, state=state, failure=failure)
        (told,) = receipts_of(house.engine, call, principal=HER, sees_all=False, seal=None) or []
        assert told.left == left, (state, failure)


def test_receipts_come_in_the_order_of_the_tries_and_without_a_text_that_was_not_kept(house: House) -> None:
    call = house.call()
    house.sent(call, state="released", failure="connect", seal=None)
    house.sent(call)
    found = receipts_of(house.engine, call, principal=HER, sees_all=False, seal=SEAL) or []
    assert [(one.left, one.text is not None) for one in found] == [("no", False), ("yes", True)]


def test_a_database_that_does_not_answer_is_an_error_of_ours() -> None:
    with pytest.raises(LedgerUnavailable):
        receipts_of(create_engine("sqlite:////nowhere/funza.db"), "x", principal=HER, sees_all=False, seal=None)
