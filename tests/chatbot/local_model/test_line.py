"""L08: who may wait for the local model."""

from __future__ import annotations

import pytest

from chatbot.errors import Busy
from chatbot.local_model.job import Job
from chatbot.local_model.line import LONGEST_RETRY, Line
from tests.chatbot.local_model.asking import ask


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def job(asker: str = "") -> Job:
    return Job(ask(), asker)


def serve(line: Line, clock: Clock, seconds: float) -> None:
    """One job comes, is run for so long, and ends."""
    line.admit(job(), 1)
    [running] = line.take(1)
    clock.now += seconds
    line.done(running)


def test_more_than_may_wait_are_sent_away(clock: Clock) -> None:
    line = Line(2, clock)
    line.admit(job(), 1)
    line.admit(job(), 1)
    with pytest.raises(Busy, match="2 requests already wait"):
        line.admit(job(), 1)


def test_who_would_wait_longer_than_ten_seconds_is_sent_away_at_once(clock: Clock) -> None:
    line = Line(9, clock)
    serve(line, clock, 6.0)
    line.admit(job(), 1)
    line.take(1)
    line.admit(job(), 1)
    with pytest.raises(Busy, match="free in about 12 s") as caught:
        line.admit(job(), 1)
    assert caught.value.retry_after == pytest.approx(12.0)


def test_more_slots_make_the_wait_shorter(clock: Clock) -> None:
    line = Line(9, clock)
    serve(line, clock, 6.0)
    for _ in range(3):
        line.admit(job(), 4)
    line.take(3)
    assert line.expected_wait(4) == 0.0
    line.admit(job(), 4)
    assert line.expected_wait(4) == pytest.approx(1.5)


def test_while_nobody_knows_how_long_a_job_takes_nobody_is_sent_away_for_it(clock: Clock) -> None:
    line = Line(9, clock)
    for _ in range(9):
        line.admit(job(), 1)
    assert line.expected_wait(1) == 0.0


def test_a_cancelled_job_says_nothing_about_how_long_a_job_takes(clock: Clock) -> None:
    line = Line(9, clock)
    line.admit(job(), 1)
    [running] = line.take(1)
    clock.now += 100
    running.cancel()
    line.done(running)
    line.admit(job(), 1)
    assert line.expected_wait(1) == 0.0


def test_one_asker_may_use_every_slot_while_nobody_has_to_wait(clock: Clock) -> None:
    line = Line(8, clock)
    for _ in range(4):
        line.admit(job("ann"), 4)
    assert len(line.take(4)) == 4


def test_one_asker_has_one_place_once_somebody_waits(clock: Clock) -> None:
    line = Line(8, clock)
    line.admit(job("ann"), 1)
    line.take(1)
    line.admit(job("ben"), 1)
    for asker in ("ann", "ben"):
        with pytest.raises(Busy, match="others wait"):
            line.admit(job(asker), 1)
    line.admit(job("cleo"), 1)


def test_without_names_of_who_asks_only_the_queue_is_a_limit(clock: Clock) -> None:
    line = Line(8, clock)
    for _ in range(8):
        line.admit(job(), 1)
    assert len(line.waiting) == 8


def test_the_time_to_come_again_never_says_leave_me_alone(clock: Clock) -> None:
    line = Line(9, clock)
    serve(line, clock, 500.0)
    line.admit(job(), 1)
    with pytest.raises(Busy) as caught:
        line.admit(job(), 1)
    assert caught.value.retry_after == LONGEST_RETRY
