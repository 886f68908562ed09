"""Workers tell each other which models are ill or retired, and go on alone when Redis is away."""

from __future__ import annotations

import inspect
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.calling.health import FAILURES_TO_OPEN, Health
from chatbot.calling.shared_health import AWAY, REMEMBER, Board, SharedHealth, make_health
from chatbot.errors import BadKey, ModelRetired, ServerFailed
from config import Settings

WHO = ("together", "m1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Away(Exception):
    """What this Redis raises when it cannot be reached."""


class OneRedis:
    """The four commands on a dictionary with times to live."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._until, self.away, self.asked = clock, {}, False, 0

    def set(self, name: str, _value: str, *, px: int, nx: bool = False) -> bool | None:
        if nx and self.exists(name):
            return None
        self._look()
        self._until[name] = self._clock() + px / 1000
        return True

    def exists(self, name: str) -> int:
        self._look()
        return int(self._until.get(name, 0) > self._clock())

    def delete(self, *names: str) -> int:
        self._look()
        return sum(self._until.pop(name, None) is not None for name in names)

    def _look(self) -> None:
        self.asked += 1
        if self.away:
            raise Away


class Deployment:
    """Two workers, one Redis, one clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.redis = OneRedis(self.clock)
        self.one, self.two = self.worker(), self.worker()

    def worker(self) -> SharedHealth:
        return SharedHealth(Board(self.redis, (Away,), self.clock), Health(self.clock))

    def wait(self, seconds: float = REMEMBER + 0.1) -> None:
        self.clock.now += seconds


def fail(health: Health, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        health.failed(*WHO, ServerFailed("down"))


def test_every_question_that_health_answers_is_answered_for_all_workers() -> None:
    asked = {name for name, _ in inspect.getmembers(Health, inspect.isfunction) if not name.startswith("_")}
    assert asked - set(vars(SharedHealth)) == {"first_live"}  # it asks why_not


def test_a_breaker_that_opens_in_one_worker_is_open_in_the_other() -> None:
    of = Deployment()
    fail(of.one)
    of.wait()
    assert (of.two.breaker_state(*WHO), of.two.admit(*WHO)) == ("open", False)
    assert of.two.why_not(*WHO)
    assert of.two.first_live("together", ["m1", "m2"]) == "m2"
    assert of.two.opens_in(*WHO) > 0


def test_after_the_interval_one_probe_goes_out_for_all() -> None:
    of = Deployment()
    fail(of.one)
    of.wait(20)
    assert of.one.breaker_state(*WHO) == of.two.breaker_state(*WHO) == "half-open"
    assert sorted([of.one.admit(*WHO), of.two.admit(*WHO)]) == [False, True]


def test_a_probe_that_answers_closes_the_breaker_for_all() -> None:
    of = Deployment()
    fail(of.one)
    of.wait(20)
    assert of.two.admit(*WHO)
    of.two.succeeded(*WHO)
    of.wait()
    assert of.two.breaker_state(*WHO) == "closed"
    assert of.worker().breaker_state(*WHO) == "closed"


def test_a_probe_of_another_worker_closes_the_breaker_where_it_opened() -> None:
    of = Deployment()
    fail(of.one)
    of.wait(20)
    assert of.two.admit(*WHO)
    of.two.succeeded(*WHO)
    of.wait()
    assert [of.one.admit(*WHO) for _ in range(5)] == [True] * 5, "no second probe is waited for"


def test_a_retired_model_is_known_to_all_for_a_day() -> None:
    of = Deployment()
    of.one.failed(*WHO, ModelRetired("gone"))
    of.wait()
    assert of.two.is_retired(*WHO)
    of.wait(24 * 3600)
    assert not of.two.is_retired(*WHO)


def test_a_refused_key_is_not_told_to_others_who_may_have_a_better_one() -> None:
    of = Deployment()
    of.one.failed(*WHO, BadKey("no"))
    of.wait()
    assert of.one.breaker_state(*WHO) == "open"
    assert of.two.breaker_state(*WHO) == "closed"


def test_without_redis_each_worker_goes_by_what_it_knows_itself() -> None:
    of = Deployment()
    of.redis.away = True
    assert of.one.admit(*WHO)
    fail(of.one)
    assert not of.one.admit(*WHO)
    assert of.two.admit(*WHO)
    of.wait(20)
    assert of.one.admit(*WHO), "its own probe goes out without a Redis to ask"


def test_a_redis_that_is_away_is_not_asked_again_for_a_while_and_then_found_again() -> None:
    of = Deployment()
    of.redis.away = True
    for _ in range(50):
        of.one.admit(*WHO)
        of.wait(0.01)
    assert of.redis.asked == 1
    of.redis.away = False
    of.wait(AWAY)
    of.one.admit(*WHO)
    assert of.redis.asked > 1


def test_a_healthy_model_costs_redis_a_few_questions_a_second_not_some_for_each_call() -> None:
    of = Deployment()
    for _ in range(100):
        of.one.admit(*WHO)
        of.one.succeeded(*WHO)
    assert of.redis.asked <= 3


def test_no_redis_url_means_one_process_alone() -> None:
    assert type(make_health(Settings(_env_file=None))) is Health


def test_an_address_where_no_redis_is_costs_a_call_no_error_and_little_time() -> None:
    health = make_health(Settings(_env_file=None, redis_url="redis://127.0.0.1:9/0"))
    began = time.monotonic()
    assert health.admit(*WHO)
    health.succeeded(*WHO)
    assert time.monotonic() - began < 10


@pytest.fixture(scope="module")
def real_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine (apt-get install redis-server)")
    from deploy.parts import redis

    folder: Path = tmp_path_factory.mktemp("redis")
    with redis(folder) as part:
        yield part


def test_two_workers_agree_through_a_real_redis(real_redis: Any) -> None:
    settings = Settings(_env_file=None, redis_url=real_redis.address)
    one, two = make_health(settings), make_health(settings)
    fail(one)
    assert (two.breaker_state(*WHO), two.admit(*WHO)) == ("open", False)
    one.failed("together", "m2", ModelRetired("gone"))
    assert two.is_retired("together", "m2")
    two.succeeded("together", "m2")
    assert not make_health(settings).is_retired("together", "m2")
