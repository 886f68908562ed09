"""Budgets: what fits is admitted, what does not is refused before anyone is asked, and the books agree with it all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from chatbot.calls import Calls
from chatbot.database import new_id
from chatbot.errors import BudgetExhausted, InvalidInput, NotFound, ServerFailed, Unreachable
from chatbot.providers.interface import Finish, Usage
from chatbot.usage.budget_limits import BudgetState, list_budgets, remove_budget, set_budget
from chatbot.usage.budget_tables import HOLDS, SPENDING
from chatbot.usage.budgets import EVERYONE, ends_on, settle, starts_on
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.prices import LOCAL, Price
from chatbot.usage.recovery import recover
from chatbot.usage.tables import ATTEMPTS, CALLS
from chatbot.usage.workers import worker_name
from tests.house import attempts, call_rows, make_calls, make_engine, make_settings, order
from tests.scripted import Scripted, answer

TWO_AND_TEN = Price(2_000_000_000, 10_000_000_000, 1_000_000_000, source="a test")
NANO_A_DOLLAR = 1_000_000_000
TEN_CENTS = 100_000_000
AMINA, BARAKA = "01JD00000000000000000AMINA", "01JD0000000000000000BARAKA"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


def reserve(engine: Engine, most: int | None = TEN_CENTS, principal: str = AMINA,
            price: Price | None = TWO_AND_TEN) -> Reservation:
    return Ledger(engine).reserve(
        new_id(), ordinal=1, provider="together", model="m1", price=price, prompt_tokens=1000,
        opening=NewCall("chat", "hybrid", principal=principal), principal=principal, most=most)


def end(engine: Engine, reserved: Reservation, tokens: int = 0, state: str = "settled") -> None:
    Ledger(engine).end(reserved, Ending(state, Usage(tokens, 0), latency_ms=5))  # type: ignore[arg-type]


def the_budget(engine: Engine) -> BudgetState:
    (state,) = list_budgets(engine)
    return state


def used(engine: Engine) -> tuple[Decimal, Decimal]:
    state = the_budget(engine)
    return state.spent_usd, state.reserved_usd


def test_calls_are_admitted_to_the_last_nano_dollar_and_not_beyond(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", "0.3")
    for _ in range(3):
        reserve(engine)
    with pytest.raises(BudgetExhausted):
        reserve(engine, most=1)
    assert used(engine) == (0, Decimal("0.3"))


def test_a_refused_attempt_leaves_no_row(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 0)
    with pytest.raises(BudgetExhausted, match="Your budget of this day"):
        reserve(engine)
    with engine.connect() as connection:
        assert [connection.execute(select(table)).all() for table in (ATTEMPTS, CALLS, HOLDS, SPENDING)] == [[]] * 4


def test_a_budget_of_zero_still_allows_what_costs_nothing(engine: Engine) -> None:
    set_budget(engine, EVERYONE, "day", 0)
    reserve(engine, most=0, price=LOCAL)


def test_what_nobody_knows_the_price_of_is_refused_where_a_budget_holds(engine: Engine) -> None:
    reserve(engine, most=None, price=None)
    set_budget(engine, EVERYONE, "month", 5)
    with pytest.raises(BudgetExhausted, match="Nobody knows"):
        reserve(engine, most=None, price=None)


@pytest.mark.parametrize(("state", "tokens", "spent"), [
    ("settled", 5_000, Decimal("0.01")), ("unknown", 1_000, Decimal("0.002")), ("released", 0, Decimal(0))])
def test_the_end_lets_go_of_the_hold_and_books_the_cost(engine: Engine, state: str, tokens: int, spent: Decimal,
                                                        ) -> None:
    set_budget(engine, AMINA, "day", 1)
    end(engine, reserve(engine), tokens, state)
    assert used(engine) == (spent, 0)


def test_a_second_end_books_nothing_twice(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 1)
    reserved = reserve(engine)
    end(engine, reserved, 5_000)
    end(engine, reserved, 9_000)
    with engine.begin() as connection:
        settle(connection, {reserved.attempt_id: 7})
    assert used(engine) == (Decimal("0.01"), 0)


def test_the_answer_that_closes_its_call_is_booked_too(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 1)
    Ledger(engine).answer(reserve(engine), Ending("settled", Usage(5_000, 0), latency_ms=5), provider="together",
                          model="m1", fell_back=False, finish_reason="stop")
    assert used(engine) == (Decimal("0.01"), 0)


def test_a_dead_workers_attempt_keeps_its_estimate_as_spent(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 1)
    reserve(engine)
    host = worker_name().rsplit(":", 2)[0]
    with engine.begin() as connection:
        for table in (ATTEMPTS, CALLS):
            connection.execute(update(table).values(worker=f"{host}:999999:1.00"))
    assert recover(engine) == 1
    assert used(engine) == (Decimal("0.002"), 0)  # 1000 prompt tokens at 2 dollars a million


def test_one_key_does_not_eat_anothers_budget_but_both_eat_the_installations(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", "0.1")
    set_budget(engine, EVERYONE, "month", "0.25")
    reserve(engine, principal=AMINA)
    with pytest.raises(BudgetExhausted, match="Your budget of this day"):
        reserve(engine, principal=AMINA)
    reserve(engine, principal=BARAKA)
    with pytest.raises(BudgetExhausted, match="This installation's budget of this month"):
        reserve(engine, principal=BARAKA)


def test_a_refusal_by_one_budget_holds_nothing_of_the_other(engine: Engine) -> None:
    set_budget(engine, EVERYONE, "day", 1)
    set_budget(engine, AMINA, "day", "0.05")
    with pytest.raises(BudgetExhausted):
        reserve(engine)
    assert {(one.principal, one.reserved_usd) for one in list_budgets(engine)} == {(EVERYONE, 0), (AMINA, 0)}


def test_a_limit_counts_what_was_spent_before_it_was_set(engine: Engine) -> None:
    end(engine, reserve(engine, principal=AMINA), 50_000)  # ten cents
    end(engine, reserve(engine, principal=BARAKA), 500_000)
    set_budget(engine, AMINA, "month", "0.15")
    assert used(engine) == (Decimal("0.1"), 0)
    with pytest.raises(BudgetExhausted):
        reserve(engine, principal=AMINA)
    reserve(engine, most=50_000_000, principal=AMINA)


def test_a_raised_limit_holds_from_the_next_call_on(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", "0.1")
    reserve(engine)
    set_budget(engine, AMINA, "day", "0.2")
    reserve(engine)
    set_budget(engine, AMINA, "day", "0.01")
    with pytest.raises(BudgetExhausted):
        reserve(engine, most=1)


def test_a_removed_limit_holds_nobody_back(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 0)
    remove_budget(engine, AMINA, "day")
    end(engine, reserve(engine), 5_000)
    assert list_budgets(engine) == []
    with pytest.raises(NotFound):
        remove_budget(engine, AMINA, "day")


def test_a_limit_removed_while_a_call_is_under_way_leaves_its_end_unharmed(engine: Engine) -> None:
    set_budget(engine, AMINA, "day", 1)
    reserved = reserve(engine)
    remove_budget(engine, AMINA, "day")
    set_budget(engine, AMINA, "day", 1)
    end(engine, reserved, 5_000)
    assert used(engine) == (Decimal("0.01"), 0)


def test_an_attempt_that_ends_after_midnight_is_booked_to_the_day_it_began(engine: Engine,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    set_budget(engine, AMINA, "day", 1)
    reserved = reserve(engine)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr("chatbot.usage.ledger.now", lambda: tomorrow)
    monkeypatch.setattr("chatbot.usage.budget_limits.now", lambda: tomorrow)
    end(engine, reserved, 5_000)
    assert used(engine) == (0, 0)  # the new day's
    with engine.connect() as connection:
        (row,) = connection.execute(select(SPENDING)).all()
    assert (row.starts_on, row.spent_nano_usd, row.reserved_nano_usd) == (
        tomorrow.date() - timedelta(days=1), 10_000_000, 0)


def test_the_next_day_has_its_whole_budget(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    set_budget(engine, AMINA, "day", "0.1")
    reserve(engine)
    monkeypatch.setattr("chatbot.usage.ledger.now", lambda: datetime.now(UTC) + timedelta(days=1))
    reserve(engine)


@pytest.mark.parametrize(("window", "day", "first", "next_one"), [
    ("day", date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 1)),
    ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
    ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1))])
def test_windows_are_whole_utc_days_and_months(window: str, day: date, first: date, next_one: date) -> None:
    assert (starts_on(window, day), ends_on(window, day)) == (first, next_one)


@pytest.mark.parametrize("limit", [
    -1, "-0.000000001", "NaN", float("nan"), float("inf"), "1e30", 1e30, "ten", "10 KES", "", True, "0.0000000001"])
def test_a_limit_that_is_no_amount_of_dollars_is_refused(engine: Engine, limit: str | float) -> None:
    with pytest.raises(InvalidInput):
        set_budget(engine, AMINA, "day", limit)
    assert list_budgets(engine) == []


@pytest.mark.parametrize(("principal", "window"), [("x" * 65, "day"), ("a\nb", "day"), (AMINA, "year"), (AMINA, "")])
def test_a_budget_for_nobody_or_for_no_window_is_refused(engine: Engine, principal: str, window: str) -> None:
    with pytest.raises(InvalidInput):
        set_budget(engine, principal, window, 1)


def test_holds_and_books_agree_with_the_ledger_after_many_calls(engine: Engine) -> None:
    set_budget(engine, EVERYONE, "month", 1000)
    set_budget(engine, AMINA, "day", 1000)
    for index in range(30):
        reserved = reserve(engine, most=TEN_CENTS + index)
        if index % 3:
            end(engine, reserved, 1000 * index, ("settled", "unknown")[index % 2])
        else:
            end(engine, reserved, 0, "released")
    with engine.connect() as connection:
        booked = connection.scalars(select(ATTEMPTS.c.cost_nano_usd)).all()
    assert {(one.spent_usd * NANO_A_DOLLAR, one.reserved_usd) for one in list_budgets(engine)} == {(sum(booked), 0)}


# --- through the whole call ---
def _calls(folder: Path, limit: str, *providers: Scripted) -> Calls:
    calls = make_calls(folder, *providers)
    set_budget(calls.ledger._engine, EVERYONE, "day", limit)
    return calls


def test_a_call_that_no_budget_has_room_for_fails_before_anyone_is_asked(tmp_path: Path) -> None:
    together = Scripted("together", answer("Iron makes blood."))
    calls = _calls(tmp_path, "0.001", together)
    with pytest.raises(BudgetExhausted):
        calls.finish(order())
    assert (together.asked, attempts(calls)) == ([], [])
    assert [(row.state, row.error_code) for row in call_rows(calls)] == [("refused", "budget_exhausted")]


def test_the_next_candidate_that_costs_nothing_answers_instead(tmp_path: Path) -> None:
    together = Scripted("together", answer("never"))
    local = Scripted("local", answer("Iron makes blood."), cloud=False, last_resort=True)
    done = _calls(tmp_path, "0", together, local).finish(order())
    assert (done.provider, done.fell_back, together.asked) == ("local", True, [])
    assert [(one.provider, one.reason) for one in done.skipped] == [
        ("together", "This installation's budget of this day has no room for this request.")]


def test_the_reviewed_text_answers_when_the_budget_is_used_up(tmp_path: Path) -> None:
    done = _calls(tmp_path, "0", Scripted("together", answer("never"))).finish(order(floor="The card's own text."))
    assert (done.provider, done.text) == ("curated", "The card's own text.")


def test_an_answered_call_is_booked_at_what_it_really_cost(tmp_path: Path) -> None:
    calls = _calls(tmp_path, "1", Scripted("together", answer("Iron makes blood.", prompt=1000, completion=200)))
    calls.finish(order())
    assert used(calls.ledger._engine) == (Decimal("0.004"), 0)


def test_a_second_try_needs_room_of_its_own_and_the_failed_one_gives_its_back(tmp_path: Path) -> None:
    together = Scripted("together", [ServerFailed("500", status=500)], answer("Second."))
    calls = _calls(tmp_path, "0.01", together)
    assert calls.finish(order()).text == "Second."
    assert used(calls.ledger._engine)[1] == 0


def test_a_provider_that_bills_more_than_it_was_allowed_is_booked_in_full_and_stops_the_next_call(tmp_path: Path,
                                                                                                  ) -> None:
    calls = _calls(tmp_path, "0.01", Scripted("together", ["Much.", Finish("stop", Usage(10, 5_000))]))
    calls.finish(order())
    assert used(calls.ledger._engine)[0] > Decimal("0.01")
    with pytest.raises(BudgetExhausted):
        calls.finish(order())


def test_a_call_refused_by_the_provider_gives_its_hold_back(tmp_path: Path) -> None:
    calls = _calls(tmp_path, "1", Scripted("together", [Unreachable("refused")]))
    calls.finish(order(floor="card"))
    assert used(calls.ledger._engine) == (0, 0)


def test_without_a_budget_nothing_is_held(engine: Engine) -> None:
    assert reserve(engine).held is False
    with engine.begin() as connection:
        assert connection.execute(select(SPENDING)).all() == []
        assert connection.execute(delete(HOLDS)).rowcount == 0
