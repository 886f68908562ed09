"""A disk that is really full: a small tmpfs with the database and the outbox on it, and not a byte left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from chatbot.database import migrate, new_id, open_engine
from chatbot.errors import LedgerUnavailable
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.prices import Price
from chatbot.usage.tables import Attempt, Call

CHAT = NewCall("chat", "hybrid")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "funza", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _reserve(ledger: Ledger) -> Reservation:
    return ledger.reserve(new_id(), ordinal=1, provider="together", model="m1",
                          price=Price(2_000_000_000, 10_000_000_000, 0, source="a test"), prompt_tokens=100,
                          opening=CHAT)


def _fill(disk: Path) -> Path:
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            os.fsync(file.fileno())
    return path


def _reserve_until_full(ledger: Ledger) -> list[Reservation]:
    """What fits into the pages that SQLite has already; then LedgerUnavailable ends it."""
    made = []
    try:
        while len(made) < 5_000:
            made.append(_reserve(ledger))
    except LedgerUnavailable:
        return made
    raise AssertionError("the disk was never full")


def test_on_a_full_disk_nobody_is_asked_help_is_given_and_no_end_is_lost(small_disk: Path) -> None:
    engine = open_engine(f"sqlite:///{small_disk / 'funza.db'}")
    migrate(engine)
    ledger = Ledger(engine)
    under_way = [_reserve(ledger) for _ in range(3)]
    filler = _fill(small_disk)
    under_way += _reserve_until_full(ledger)

    ledger.answer_from_cards(new_id(), ordinal=1, fell_back=False, opening=CHAT)
    for reserved in under_way:
        ledger.answer(reserved, Ending("settled", Usage(10, 10), latency_ms=1), provider="together", model="m1",
                      fell_back=False, finish_reason="stop")
    assert ledger.outbox.waiting
    with Session(engine) as session:  # what is written down can be read all the while
        assert len(session.scalars(select(Attempt)).all()) == len(under_way)

    filler.unlink()
    while ledger.outbox.waiting:
        assert ledger.deliver_waiting()
    with Session(engine) as session:
        assert {row.state for row in session.scalars(select(Attempt))} == {"settled"}
        assert [call.state for call in session.scalars(select(Call))] == ["answered"] * (len(under_way) + 1)
    _reserve(ledger)
    engine.dispose()
