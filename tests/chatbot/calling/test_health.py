"""What a process remembers of its providers, on a clock that a test can turn."""

from __future__ import annotations

import pytest

from chatbot.calling.health import BUCKET, FAILURES_TO_OPEN, RETIRED_FOR, RETRY_COST, TIMEOUT_COST, Health
from chatbot.errors import BadAnswer, Busy, ModelRetired, ServerFailed, TimedOut, Unsupported


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


def _fail(health: Health, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        health.failed("together", "m1", ServerFailed("500"))


def test_a_breaker_opens_after_five_failures_in_a_row(health: Health) -> None:
    _fail(health, FAILURES_TO_OPEN - 1)
    assert health.breaker_state("together", "m1") == "closed"
    _fail(health, 1)
    assert health.breaker_state("together", "m1") == "open"
    assert "several times" in health.why_not("together", "m1")
    assert health.breaker_state("together", "m2") == "closed"


def test_a_success_in_between_starts_the_count_anew(health: Health) -> None:
    _fail(health, FAILURES_TO_OPEN - 1)
    health.succeeded("together", "m1")
    _fail(health, FAILURES_TO_OPEN - 1)
    assert health.breaker_state("together", "m1") == "closed"


def test_half_open_admits_one_probe_and_its_success_closes_the_breaker(health: Health, clock: Clock) -> None:
    _fail(health)
    assert not health.admit("together", "m1")
    clock.now += 20
    assert health.breaker_state("together", "m1") == "half-open"
    assert [health.admit("together", "m1") for _ in range(3)] == [True, False, False]
    health.succeeded("together", "m1")
    assert health.admit("together", "m1")


def test_a_failed_probe_opens_the_breaker_again(health: Health, clock: Clock) -> None:
    _fail(health)
    clock.now += 20
    assert health.admit("together", "m1")
    _fail(health, 1)
    assert health.breaker_state("together", "m1") == "open"


@pytest.mark.parametrize("error", [Unsupported("x"), Busy("x"), ModelRetired("x")])
def test_what_says_nothing_of_the_provider_opens_no_breaker(health: Health, error: BadAnswer) -> None:
    for _ in range(20):
        health.failed("together", "m1", error)
    assert health.breaker_state("together", "m1") == "closed"


def test_a_retired_model_is_passed_over_for_a_day(health: Health, clock: Clock) -> None:
    health.failed("together", "m1", ModelRetired("gone"))
    assert health.first_live("together", ("m1", "m2")) == "m2"
    clock.now += RETIRED_FOR + 1
    assert health.first_live("together", ("m1", "m2")) == "m1"


def test_the_retry_bucket_runs_dry_and_successes_fill_it(health: Health) -> None:
    paid = 0
    while health.pay_for_retry(ServerFailed("500")):
        paid += 1
    assert paid == BUCKET / RETRY_COST
    for _ in range(RETRY_COST):
        health.succeeded("together", "m1")
    assert health.pay_for_retry(ServerFailed("500"))
    assert not health.pay_for_retry(ServerFailed("500"))


def test_a_timeout_costs_the_bucket_twice_a_retry(health: Health) -> None:
    for _ in range(BUCKET // TIMEOUT_COST):
        health.failed("together", "m1", TimedOut("slow"))
    assert not health.pay_for_retry(ServerFailed("500"))
