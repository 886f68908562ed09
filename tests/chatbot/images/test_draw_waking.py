"""An endpoint that sleeps: one wake for all who wait, whatever becomes of it, and every second of it in the ledger."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import insert, select, update

from chatbot.database import new_id, now
from chatbot.errors import EndpointPaused, FunzaError
from chatbot.images.drawing.draw import Cancelled, DrawOrder, Illustration, Illustrator, NobodyDraws
from chatbot.images.endpoint.states import Event, State, after, is_over
from chatbot.images.endpoint.tables import UPTIMES
from chatbot.images.endpoint.uptimes import Uptimes
from chatbot.images.endpoint.waking import GUESS
from chatbot.images.endpoint.warm_hours import parse_warm_hours
from chatbot.usage.workers import worker_name
from tests.chatbot.images.drawing_house import HOUR, Watching, endpoint_settings, illustrator, png
from tests.house import attempts, call_rows
from tests.loopback.image_endpoint import FakeImageEndpoint, Reply
from tests.until import until

ORDER = DrawOrder("A clinic's garden", size=(64, 64))
CALLERS = 20


@dataclass(frozen=True, slots=True)
class Came:
    """What one caller got."""

    picture: Illustration | None = None
    error: FunzaError | None = None


def at_once(*illustrators: Illustrator, callers: int = CALLERS) -> list[Came]:
    """Everybody asks in the same moment."""
    gate = threading.Barrier(callers)

    def ask(number: int) -> Came:
        gate.wait()
        try:
            return Came(illustrators[number % len(illustrators)].draw(ORDER, Watching()))
        except FunzaError as error:
            return Came(error=error)

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(ask, range(callers)))


def uptimes(calls: Any) -> list[Any]:
    with calls.ledger.engine.connect() as connection:
        return list(connection.execute(select(UPTIMES).order_by(UPTIMES.c.begun_at)))


def closed_by_tidying(made: Illustrator, calls: Any) -> bool:
    made.tidy()
    return all(one.closed_at for one in uptimes(calls))


def test_twenty_callers_wake_it_once_and_each_gets_a_picture(tmp_path: Path, database_url: str) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.5, draw_seconds=0.01) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, database_url=database_url))
        came = at_once(made)
        assert [one.error for one in came] == [None] * CALLERS
        assert (endpoint.wakes, len(endpoint.posts)) == (1, CALLERS)
        assert len(endpoint.probes) <= 4
        assert all(one.state == "running" for one in endpoint.posts)
    rows = attempts(calls)
    assert sum(one.model == "wake" for one in rows) == 1
    assert {one.state for one in rows} == {"settled"}
    assert len({one.picture.call_id for one in came if one.picture}) == CALLERS


def test_two_processes_wake_it_once(tmp_path: Path, database_url: str) -> None:
    """Two illustrators share nothing but the database, as two processes do."""
    with FakeImageEndpoint(png(), wake_seconds=0.5) as endpoint:
        first, calls = illustrator(tmp_path, **endpoint_settings(endpoint, database_url=database_url))
        second, _ = illustrator(tmp_path, **endpoint_settings(endpoint, database_url=database_url))
        came = at_once(first, second, callers=8)
        assert [one.error for one in came] == [None] * 8
        assert endpoint.wakes == 1
    assert sum(one.model == "wake" for one in attempts(calls)) == 1
    assert len(uptimes(calls)) == 1


def test_wake_drawing_and_idle_seconds_are_the_time_it_was_up(tmp_path: Path, database_url: str) -> None:
    idle = 1.5
    with FakeImageEndpoint(png(), wake_seconds=0.3, draw_seconds=0.02, idle_seconds=idle) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(
            endpoint, image_endpoint_idle_minutes=idle / 60, database_url=database_url))
        at_once(made, callers=6)
        time.sleep(0.2)
        made.draw(ORDER, Watching())
        until(lambda: endpoint.state == "scaledToZero")
        until(lambda: closed_by_tidying(made, calls))
        seconds_up = endpoint.seconds_up
    (up,) = uptimes(calls)
    booked = up.wake_ms + up.drawn_ms + up.idle_ms
    assert booked == round((up.closed_at - up.begun_at).total_seconds() * 1000)
    assert booked / 1000 == pytest.approx(seconds_up, abs=0.5)
    assert (up.outcome, up.wake_ms > 200, up.drawn_ms > 100, up.idle_ms > 300) == ("slept", True, True, True)
    rows = {kind: [one for one in attempts(calls) if one.model == kind] for kind in ("wake", "idle")}
    assert [one.latency_ms for kind in ("wake", "idle") for one in rows[kind]] == [up.wake_ms, up.idle_ms]
    cost = sum(one.cost_nano_usd or 0 for one in attempts(calls))
    assert cost == pytest.approx(HOUR * 1e9 * booked / 3_600_000, abs=20)


def test_drawings_that_share_the_machine_are_not_paid_twice(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="running", draw_seconds=0.05) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        began = time.monotonic()
        at_once(made, callers=6)
        took = time.monotonic() - began
    drawings = [one for one in attempts(calls) if one.model != "wake"]
    waited = sum(one.latency_ms for one in drawings) / 1000
    paid = sum(one.cost_nano_usd or 0 for one in drawings) * 3600 / (HOUR * 1e9)
    assert waited > took
    assert 0.25 <= paid <= took


def test_idle_time_is_booked_once_however_many_tidy(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="running") as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_idle_minutes=0.2 / 60))
        made.draw(ORDER, Watching())
        time.sleep(0.25)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: made.tidy(), range(8)))
    assert sum(one.model == "idle" for one in attempts(calls)) == 1
    assert [one.state for one in call_rows(calls) if one.feature == "image-idle"] == ["answered"]


def test_the_proxy_is_told_to_hold_a_probe_within_the_caller_s_time(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.5) as endpoint:
        made, _ = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_probe_seconds=0.3))
        made.draw(ORDER, Watching())
        first, *held = [one.headers.get("x-scale-up-timeout") for one in endpoint.probes]
    assert first is None
    assert set(held) == {"1"}


def test_probes_keep_their_distance(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=30) as endpoint:
        made, _ = illustrator(tmp_path, **endpoint_settings(
            endpoint, image_endpoint_probe_seconds=0.5, image_timeout=0.8, image_endpoint_wake_seconds=0.8))
        at_once(made, callers=5)
        assert 1 <= len(endpoint.probes) <= 3


def test_who_waits_is_told_how_long_and_the_next_wake_is_learned_from(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.3) as endpoint:
        made, _ = illustrator(tmp_path, **endpoint_settings(endpoint))
        status = next(one for one in made.status() if one.name == "image_endpoint")
        assert (status.wake_seconds, status.wake_seconds_learned) == (GUESS, False)
        watch = Watching()
        made.draw(ORDER, watch)
        assert watch.names == ["waking", "drawing"]
        assert watch.stages[0][1] == pytest.approx(GUESS, abs=2)
        endpoint.set_state("scaledToZero")
        again = Watching()
        made.draw(ORDER, again)
        assert endpoint.wakes == 2
        told = next(eta for name, eta in again.stages if name == "waking")
        assert told is None or told < GUESS / 10
        learned = next(one for one in made.status() if one.name == "image_endpoint")
        assert learned.wake_seconds_learned


def test_a_wake_is_the_median_of_the_last_ten(tmp_path: Path) -> None:
    made, calls = illustrator(tmp_path, image_endpoint_url="http://127.0.0.1:9")
    engine = calls.ledger.engine
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    Uptimes(engine, "http://127.0.0.1:9", timedelta(minutes=15), lambda *_: None).begin()
    with engine.begin() as connection:
        name = connection.scalar(select(UPTIMES.c.endpoint))
        connection.execute(update(UPTIMES).values(closed_at=now()))
        for number, seconds in enumerate([900] * 5 + [60, 61, 62, 63, 64, 65, 66, 67, 68, 1000]):
            connection.execute(insert(UPTIMES).values(
                id=new_id(), endpoint=name, worker="w", begun_at=begun + timedelta(days=number), woken=True,
                wake_ms=seconds * 1000, closed_at=now(), drawn_ms=0, idle_ms=0, outcome="slept"))
    status = next(one for one in made.status() if one.name == "image_endpoint")
    assert status.wake_seconds == 64.5


def test_a_paused_endpoint_is_refused_with_the_remedy_and_nobody_else_is_asked(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="paused") as endpoint, FakeImageEndpoint(png()) as other:
        made, calls = illustrator(tmp_path, **endpoint_settings(
            endpoint, together_api_key="k", together_image_model="flux", together_base_url=other.url))
        came = at_once(made, callers=6)
        assert {type(one.error) for one in came} == {EndpointPaused}
        assert all(one.error and "Resume it" in (one.error.remedy or "") for one in came)
        assert (len(endpoint.probes), other.requests) == (1, [])
    assert [(one.model, one.state, one.cost_nano_usd) for one in attempts(calls)] == [("wake", "released", 0)]
    assert {one.state for one in call_rows(calls) if one.feature == "illustration"} == {"refused"}


def test_a_paused_endpoint_that_is_resumed_draws_again(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="paused") as endpoint:
        made, _ = illustrator(tmp_path, **endpoint_settings(endpoint))
        with pytest.raises(EndpointPaused):
            made.draw(ORDER, Watching())
        endpoint.set_state("scaledToZero")
        time.sleep(0.25)
        assert made.draw(ORDER, Watching()).provider == "image_endpoint"


def test_one_that_is_paused_under_way_says_so_too(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="running") as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        made.draw(ORDER, Watching())
        endpoint.set_state("paused")
        with pytest.raises(EndpointPaused) as refused:
            made.draw(ORDER, Watching())
    assert "Resume it" in (refused.value.remedy or "")
    assert [one.failure for one in attempts(calls)][-1] == "paused"


@pytest.mark.parametrize("asked_at", ["", "status"])
def test_a_failed_endpoint_is_passed_over(tmp_path: Path, asked_at: str) -> None:
    with FakeImageEndpoint(png(), state="failed") as endpoint:
        told = {"image_endpoint_status_url": endpoint.status_url} if asked_at else {}
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, **told))
        came = at_once(made, callers=4)
        assert {type(one.error) for one in came} == {NobodyDraws}
        assert "failed to start" in str(came[0].error)
        assert len(endpoint.posts) == 0
    assert sum(one.cost_nano_usd or 0 for one in attempts(calls)) == 0


def test_one_that_fails_while_it_wakes_is_billed_for_the_time(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.3, wakes_to="failed") as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        with pytest.raises(NobodyDraws):
            made.draw(ORDER, Watching())
    (row,) = attempts(calls)
    assert (row.model, row.state, row.failure) == ("wake", "unknown", "failed")
    assert row.latency_ms >= 250
    assert row.cost_nano_usd == pytest.approx(HOUR * 1e9 * row.latency_ms / 3_600_000, abs=2)


def test_a_wake_that_takes_too_long_is_given_up_and_booked(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=30) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_wake_seconds=0.4))
        with pytest.raises(NobodyDraws, match="did not wake"):
            made.draw(ORDER, Watching())
        assert endpoint.wakes == 1
    (row,) = attempts(calls)
    assert (row.model, row.state, row.failure) == ("wake", "unknown", "overdue")
    assert uptimes(calls)[0].outcome == "overdue"


def test_a_wake_goes_on_when_nobody_waits_any_more_and_is_booked(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.6) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_probe_seconds=0.1))
        with pytest.raises(Cancelled):
            made.draw(ORDER, Watching(stop_at="waking"))
        until(lambda: any(one.ready_at for one in uptimes(calls)))
        assert (endpoint.wakes, endpoint.posts) == (1, [])
        until(lambda: [one.state for one in attempts(calls)] == ["settled"])
    assert uptimes(calls)[0].wake_ms > 400


def test_a_caller_s_deadline_ends_its_wait_and_not_the_wake(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.8) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_timeout=0.3))
        began = time.monotonic()
        with pytest.raises(NobodyDraws, match="still wakes up") as early:
            made.draw(ORDER, Watching())
        assert time.monotonic() - began < 2.9
        assert early.value.retry_after > 0
        until(lambda: any(one.ready_at for one in uptimes(calls)))
        assert endpoint.wakes == 1


def test_one_that_fell_asleep_earlier_than_thought_is_woken_again_within_the_call(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), state="running", wake_seconds=0.2) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        made.draw(ORDER, Watching())
        endpoint.set_state("scaledToZero")
        came = at_once(made, callers=5)
        assert [one.error for one in came] == [None] * 5
        assert endpoint.wakes == 1
    slept = [one for one in attempts(calls) if one.failure == "cold_start"]
    assert slept
    assert {(one.state, one.cost_nano_usd) for one in slept} == {("released", 0)}


def test_a_wake_whose_worker_died_is_taken_over(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.2) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        Uptimes(calls.ledger.engine, endpoint.url, timedelta(minutes=15), lambda *_: None).begin()
        host, _, started = worker_name().rsplit(":", 2)
        with calls.ledger.engine.begin() as connection:
            connection.execute(update(UPTIMES).values(worker=f"{host}:999999:{started}"))
        assert made.draw(ORDER, Watching()).provider == "image_endpoint"
    assert sorted(one.outcome for one in uptimes(calls)) == ["", "left"]


def test_a_dead_endpoint_is_no_wake(tmp_path: Path) -> None:
    made, calls = illustrator(tmp_path, image_endpoint_url="http://127.0.0.1:9", image_timeout=5,
                              image_endpoint_usd_per_hour=1)
    with pytest.raises(NobodyDraws, match="cannot be reached"):
        made.draw(ORDER, Watching())
    assert [(one.model, one.state, one.cost_nano_usd) for one in attempts(calls)] == [("wake", "released", 0)]


def test_it_is_woken_and_kept_up_in_its_warm_hours(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.1, idle_seconds=1.2) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(
            endpoint, image_endpoint_warm="Mon-Sun 00:00-12:00; Mon-Sun 12:00-00:00",
            image_endpoint_idle_minutes=1.2 / 60))
        for _ in range(10):
            made.tidy()
            time.sleep(0.2)
        assert (endpoint.wakes, endpoint.state) == (1, "running")
    assert [one.failure for one in attempts(calls)] == [""]


def test_outside_its_warm_hours_nobody_wakes_it(tmp_path: Path) -> None:
    with FakeImageEndpoint(png()) as endpoint:
        made, _ = illustrator(tmp_path, **endpoint_settings(endpoint))
        made.tidy()
        assert endpoint.requests == []


@pytest.mark.parametrize(("text", "moment", "holds"), [
    ("Mon-Fri 07:30-16:00", "2026-11-20 07:30", True), ("Mon-Fri 07:30-16:00", "2026-11-20 16:00", False),
    ("Mon-Fri 07:30-16:00", "2026-11-21 10:00", False), ("mon 7:30-16:00; SAT 08:00-12:00", "2026-11-21 10:00", True),
    ("Fri 22:00-02:00", "2026-11-21 01:59", True), ("Fri 22:00-02:00", "2026-11-21 02:00", False),
    ("Sat-Mon 00:00-23:59", "2026-11-22 12:00", True), ("Sat-Mon 00:00-23:59", "2026-11-24 12:00", False),
    ("", "2026-11-20 10:00", False)])
def test_warm_hours_hold_on_their_days(text: str, moment: str, holds: bool) -> None:
    hours = parse_warm_hours(text)
    assert any(one.hold_at(datetime.fromisoformat(moment)) for one in hours) == holds


@pytest.mark.parametrize("text", ["always", "Mon 25:00-26:00", "Mon-Fri", "Someday 07:00-08:00", "Mon 7-8"])
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as"):
        parse_warm_hours(text)


STATES: dict[State, dict[Event, State]] = {
    "scaledToZero": {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed",
                     "idle": "scaledToZero", "overdue": "scaledToZero"},
    "initializing": {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed",
                     "idle": "initializing", "overdue": "failed"},
    "running": {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed",
                "idle": "scaledToZero", "overdue": "running"},
    "paused": {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed",
               "idle": "paused", "overdue": "paused"},
    "failed": {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed",
               "idle": "failed", "overdue": "failed"},
}


def test_every_state_has_a_next_one_for_every_event() -> None:
    assert set(STATES) == set(get_args(State))
    for state, events in STATES.items():
        assert {event: after(state, event) for event in events} == events
    assert [state for state in STATES if is_over(state)] == ["running", "paused", "failed"]


def test_a_503_in_place_of_a_picture_is_looked_into_and_asked_again(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.3) as endpoint:
        endpoint.will(Reply(503, b"still loading"))
        made, _ = illustrator(tmp_path, **endpoint_settings(endpoint))
        assert made.draw(ORDER, Watching()).provider == "image_endpoint"
        assert endpoint.wakes == 1
        assert len(endpoint.posts) == 2
