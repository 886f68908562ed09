from __future__ import annotations

import pytest

from chatbot.local_model.child.restarts import MOST, PAUSES, WINDOW, Restarts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_each_death_is_followed_by_a_longer_pause(clock: Clock) -> None:
    restarts = Restarts(clock)
    for pause in PAUSES:
        restarts.died("SIGKILL")
        clock.now += pause - 0.1
        error = restarts.why_not()
        assert error is not None
        assert error.retry_after == pytest.approx(0.1)
        clock.now += 0.1
        assert restarts.why_not() is None


def test_after_three_restarts_in_ten_minutes_there_is_none(clock: Clock) -> None:
    restarts = Restarts(clock)
    assert [restarts.died("SIGKILL") for _ in range(MOST + 1)] == [3, 2, 1, 0]
    clock.now += 60
    error = restarts.why_not()
    assert error is not None
    assert "died 4 times in 10 minutes (SIGKILL); it is tried again in 9 minutes" in error.detail
    assert "memory" in (error.remedy or "")


def test_ten_minutes_later_it_may_be_tried_again(clock: Clock) -> None:
    restarts = Restarts(clock)
    for _ in range(MOST + 1):
        restarts.died("SIGSEGV")
    clock.now += WINDOW
    assert restarts.why_not() is None


def test_deaths_far_apart_are_not_added_up(clock: Clock) -> None:
    restarts = Restarts(clock)
    for _ in range(10):
        restarts.died("SIGKILL")
        clock.now += WINDOW / 2
        assert restarts.why_not() is None
