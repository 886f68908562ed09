"""GET /api/v1/usage/savings: what the ledger says was saved, unknown where a price is not known."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient

from tests.chatbot.usage.booking import book
from tests.routes.conftest import AppMaker, FakeService, check_problem

ADDRESS = "/api/v1/usage/savings"


def test_an_empty_ledger_saved_nothing_and_knows_its_yardstick(client: FlaskClient) -> None:
    body = client.get(ADDRESS).get_json()
    assert (body["total"]["local_calls"], body["rows"], body["hours"], body["spent_usd"]) == (0, [], 0, 0)
    assert (body["cloud"]["provider"], body["cloud"]["configured"]) == ("together", False)


def test_what_nobody_stated_is_null(client: FlaskClient, service: FakeService) -> None:
    book(service.engine, tokens=(1_000_000, 0))
    body = client.get(ADDRESS).get_json()
    assert (body["hardware_usd"], body["saved_usd"], body["cost_state"]) == (None, None, "unpriced")
    assert body["hardware"] == {"gpu_hourly_usd": None, "energy_hourly_usd": None, "hourly_usd": None}


def test_a_free_machine_saves_what_the_cloud_would_have_cost(make_app: AppMaker, service: FakeService) -> None:
    book(service.engine, tokens=(1_000_000, 100_000), language="sw")
    client = make_app(gpu_hourly_usd=0, openai_api_key="k").test_client()
    body = client.get(f"{ADDRESS}?by=language&since=2026-11-01&until=2026-11-01").get_json()
    # gpt-4.1-mini: 1 x $0.40 + 0.1 x $1.60
    assert (body["saved_usd"], body["cloud_only_usd"], body["with_local_usd"]) == (0.56, 0.56, 0)
    assert (body["cloud"]["model"], body["cloud"]["price_input_usd_per_mtok"]) == ("gpt-4.1-mini", 0.4)
    assert body["hours"] == 24
    assert [(row["key"], row["avoided_usd"]) for row in body["rows"]] == [("sw", 0.56)]


def test_energy_is_counted_at_the_watts_that_were_given(make_app: AppMaker, service: FakeService) -> None:
    book(service.engine, tokens=(1_000_000, 0))
    client = make_app(energy_kwh_usd=0.25).test_client()
    body = client.get(f"{ADDRESS}?watts=100&until=2026-11-01").get_json()
    assert (body["hardware"]["energy_hourly_usd"], body["hardware_usd"]) == (0.025, 0.6)  # 24 h


def test_another_model_can_be_the_yardstick(client: FlaskClient, service: FakeService) -> None:
    book(service.engine, tokens=(1_000_000, 0))
    body = client.get(f"{ADDRESS}?against=openai/gpt-4o-mini").get_json()
    assert (body["cloud"]["model"], body["total"]["avoided_usd"]) == ("gpt-4o-mini", 0.15)
    unknown = client.get(f"{ADDRESS}?against=openai/nobody-knows-it").get_json()
    assert (unknown["cloud"]["price_source"], unknown["total"]["avoided_usd"]) == (None, None)


@pytest.mark.parametrize("query", [
    "by=provider", "since=2026-13-01", "since=0000-01-01", "since=2026-11-02&until=2026-11-01", "watts=-1", "watts=NaN",
    "watts=1e9", "against=local/x", "against=" + "x" * 200, "limit=1"])
def test_a_wrong_question_is_refused(client: FlaskClient, query: str) -> None:
    assert check_problem(client.get(f"{ADDRESS}?{query}"), client.get(f"{ADDRESS}?{query}").status_code)["status"] in {
        400, 413}


def test_usage_ends_at_the_day_that_was_asked(client: FlaskClient, service: FakeService) -> None:
    book(service.engine, day=date(2026, 11, 1))
    book(service.engine, day=date(2026, 11, 2), language="sw")
    body = client.get("/api/v1/usage?by=language&until=2026-11-01").get_json()
    assert ([row["key"] for row in body["rows"]], body["until"], body["total"]["calls"]) == (["en"], "2026-11-01", 1)
