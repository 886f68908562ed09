"""What this machine saved: every number here was worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chatbot.errors import InvalidInput
from chatbot.usage.prices import Price
from chatbot.usage.savings import ON_THIS_MACHINE, CloudModel, HardwareRate, break_even, savings_report
from chatbot.usage.yardstick import cloud_model, hardware_rate
from config import Settings
from tests.chatbot.usage.booking import book
from tests.house import make_engine, make_settings

TWO_AND_TEN = Price(2_000_000_000, 10_000_000_000, 1_000_000_000, source="a test")
CLOUD = CloudModel("together", "m1", True, TWO_AND_TEN)
RENTED = HardwareRate(gpu_hourly_usd=Decimal("0.10"))
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
"""60 hours after the first call of these tests, which was at midnight of 1 November."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


def test_local_tokens_at_the_cloud_price_less_every_hour_of_the_machine(engine: Engine) -> None:
    book(engine, tokens=(1_000_000, 200_000))  # 1 x $2 + 0.2 x $10 = $4
    book(engine, tokens=(500_000, 100_000))  # 0.5 x $2 + 0.1 x $10 = $2
    book(engine, "together", tokens=(1_000, 100), cost=3_000_000, cost_state="exact")  # $0.003, paid either way
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert (report.hours, report.hardware_usd) == (60, Decimal("6.0"))
    assert report.total.avoided_usd == 6
    assert report.spent_usd == Decimal("0.003")
    assert (report.cloud_only_usd, report.with_local_usd) == (Decimal("6.003"), Decimal("6.003"))
    assert (report.saved_usd, report.cost_state) == (0, "estimated")


def test_every_model_on_this_machine_counts_as_local_its_eyes_too(engine: Engine) -> None:
    assert ON_THIS_MACHINE == ("local", "local_eyes")
    book(engine, tokens=(1_000_000, 0))  # $2
    book(engine, "local_eyes", tokens=(500_000, 100_000), feature="alt_text")  # 0.5 x $2 + 0.1 x $10 = $2
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert (report.total.local_calls, report.total.curated_calls, report.total.avoided_usd) == (2, 0, 4)
    assert {row.key: row.local_calls for row in report.rows}["alt_text"] == 1


def test_idle_hours_can_cost_more_than_was_saved(engine: Engine) -> None:
    book(engine, tokens=(1_000_000, 0))  # $2 saved, $6 of idle hours
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert report.saved_usd == -4


def test_break_even_is_the_month_of_the_machine_over_the_cost_of_a_call() -> None:
    # 730 h x $0.10 = $73 a month; $6 / 2 calls = $3 a call; 73 / 3 = 24.33
    assert break_even(Decimal(6), 2, Decimal("0.10")) == 25
    assert break_even(Decimal(73), 1, Decimal("0.10")) == 1
    assert break_even(Decimal(6), 2, Decimal(0)) == 0


@pytest.mark.parametrize(("avoided", "calls", "hourly"), [
    (None, 2, Decimal(1)), (Decimal(6), 2, None), (Decimal(0), 0, Decimal(1)), (Decimal(0), 5, Decimal(1))])
def test_break_even_is_unknown_without_a_price_a_rate_or_a_call(avoided: Decimal | None, calls: int,
                                                                hourly: Decimal | None) -> None:
    assert break_even(avoided, calls, hourly) is None


def test_an_unknown_price_stays_unknown(engine: Engine) -> None:
    book(engine, tokens=(1_000, 1_000))
    report = savings_report(engine, cloud=CloudModel("together", "new", True, None), hardware=RENTED, at=NOON)
    assert (report.total.avoided_usd, report.cloud_only_usd, report.saved_usd) == (None, None, None)
    assert (report.hardware_usd, report.cost_state) == (Decimal(6), "unpriced")


def test_a_machine_whose_cost_nobody_stated_is_not_free(engine: Engine) -> None:
    book(engine, tokens=(1_000_000, 0))
    report = savings_report(engine, cloud=CLOUD, hardware=HardwareRate(), at=NOON)
    assert (report.cloud_only_usd, report.hardware_usd, report.saved_usd) == (2, None, None)


def test_a_try_of_unknown_price_makes_the_sum_unsure(engine: Engine) -> None:
    book(engine, "hf_endpoint", cost=None, cost_state="unpriced")
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert (report.spent_usd, report.unpriced_attempts, report.cost_state) == (0, 1, "unpriced")


def test_energy_is_watts_times_hours_times_its_price(engine: Engine) -> None:
    book(engine)
    owned = HardwareRate(energy_kwh_usd=Decimal("0.20"), watts=Decimal(150))  # 0.15 kW x $0.20 = $0.03 an hour
    report = savings_report(engine, cloud=CLOUD, hardware=owned, at=NOON)
    assert report.hardware_usd == Decimal("1.80")
    assert HardwareRate(Decimal("0.10"), Decimal("0.20"), Decimal(150)).hourly_usd == Decimal("0.13")
    assert HardwareRate(Decimal("0.10"), Decimal("0.20"), None).hourly_usd == Decimal("0.10")


def test_answers_from_the_cards_stand_beside_and_in_no_sum(engine: Engine) -> None:
    book(engine, tokens=(1_000_000, 0))  # $2 a call on average
    for _ in range(3):
        book(engine, "curated")
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert (report.total.curated_calls, report.total.curated_estimate_usd) == (3, 6)
    assert report.cloud_only_usd == 2


def test_the_cards_estimate_is_unknown_without_a_local_call_to_compare_with(engine: Engine) -> None:
    book(engine, "curated")
    row = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON).total
    assert (row.avoided_usd, row.curated_estimate_usd) == (0, None)


@pytest.mark.parametrize("by", ["feature", "language"])
def test_groups_add_up_to_the_total(engine: Engine, by: str) -> None:
    book(engine, tokens=(1_000_000, 0), feature="chat", language="en")  # $2
    book(engine, tokens=(0, 100_000), feature="quiz", language="sw")  # $1
    book(engine, tokens=(500_000, 0), feature="quiz", language="sw")  # $1
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, by=by, at=NOON)  # type: ignore[arg-type]
    assert [(row.local_calls, row.avoided_usd) for row in report.rows] == [(1, 2), (2, 2)]
    assert [row.key for row in report.rows] == (["chat", "quiz"] if by == "feature" else ["en", "sw"])
    assert [row.break_even_requests_a_month for row in report.rows] == [37, 73]  # 73 / 2 = 36.5; 73 / 1
    assert (report.total.local_calls, report.total.avoided_usd) == (3, 4)


def test_a_call_that_a_cloud_answered_or_nobody_saved_nothing(engine: Engine) -> None:
    book(engine, "together", tokens=(1_000, 1_000), cost=5, cost_state="exact")
    book(engine, tokens=(1_000, 1_000), state="failed")
    assert savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON).total.local_calls == 0


def test_the_window_bounds_the_hours_and_the_calls(engine: Engine) -> None:
    book(engine, tokens=(1_000_000, 0))
    book(engine, tokens=(500_000, 0), day=date(2026, 11, 2))
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, since=date(2026, 11, 2), until=date(2026, 11, 2),
                            at=NOON)
    assert (report.hours, report.total.local_calls, report.total.avoided_usd) == (24, 1, 1)
    before = savings_report(engine, cloud=CLOUD, hardware=RENTED, until=date(2026, 10, 1), at=NOON)
    assert (before.hours, before.total.local_calls) == (0, 0)


def test_an_empty_ledger_has_no_hours(engine: Engine) -> None:
    report = savings_report(engine, cloud=CLOUD, hardware=RENTED, at=NOON)
    assert (report.hours, report.hardware_usd, report.rows) == (0, 0, ())


def _settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


def test_the_yardstick_is_the_first_cloud_with_a_key() -> None:
    found = cloud_model(_settings(openai_api_key="k"))
    assert (found.provider, found.model, found.configured) == ("openai", "gpt-4.1-mini", True)
    assert found.price is not None


def test_the_chain_decides_which_cloud_comes_first() -> None:
    found = cloud_model(_settings(openai_api_key="k", gemini_api_key="k", chain="local,gemini/gemini-2.5-flash,openai"))
    assert (found.provider, found.model) == ("gemini", "gemini-2.5-flash")


def test_without_a_key_the_yardstick_is_the_default_and_says_so() -> None:
    found = cloud_model(_settings())
    assert (found.provider, found.configured) == ("together", False)


@pytest.mark.parametrize("against", ["local/x", "nobody/x", "openai", "openai/"])
def test_a_yardstick_that_is_no_cloud_is_refused(against: str) -> None:
    with pytest.raises(InvalidInput):
        cloud_model(_settings(), against)


def test_a_model_nobody_priced_is_a_yardstick_without_a_price() -> None:
    assert cloud_model(_settings(), "openai/nobody-knows-it").price is None


def test_a_setting_that_nobody_set_is_unknown_and_one_set_to_nothing_is_zero() -> None:
    assert hardware_rate(_settings()).hourly_usd is None
    assert hardware_rate(_settings(gpu_hourly_usd=0)).hourly_usd == 0
    assert hardware_rate(_settings(energy_kwh_usd=0.2), Decimal(100)).hourly_usd == Decimal("0.020")
