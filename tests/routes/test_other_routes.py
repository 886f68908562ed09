"""Providers, usage, probes and the routes of installed clients."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from chatbot.database import new_id, now
from chatbot.usage.tables import Attempt, Call
from tests.routes.conftest import PROVIDER, QUESTION, FakeService, check_problem


def book(service: FakeService, nano_usd: int | None, feature: str = "chat", day: date = date(2026, 11, 21)) -> None:
    """One answered call of one attempt in the ledger."""
    call, state = new_id(), "unpriced" if nano_usd is None else "exact"
    with Session(service.engine) as session:
        session.add(Call(id=call, started_at=now(), day=day, feature=feature, strategy="hybrid", state="answered",
                         cost_nano_usd=nano_usd, cost_state=state, worker="w"))
        session.flush()
        session.add(Attempt(id=new_id(), call_id=call, ordinal=1, day=day, provider="together", model="llama",
                            state="settled", prompt_tokens=10, completion_tokens=2, cost_nano_usd=nano_usd,
                            cost_state=state, started_at=now(), worker="w"))
        session.commit()


def test_providers_says_what_the_front_door_says(client: FlaskClient) -> None:
    told = client.get("/api/v1/providers").get_json()["providers"]
    assert told == [{**PROVIDER, "models": [{**PROVIDER["models"][0], "price_input_usd_per_mtok": 3.5}]}]


def test_usage_sums_the_ledger(client: FlaskClient, service: FakeService) -> None:
    book(service, 1_500)
    book(service, 2_000)
    body = client.get("/api/v1/usage").get_json()
    row = body["rows"][0]
    assert (row["key"], row["calls"], row["prompt_tokens"], row["cost_usd"]) == ("together", 2, 20, 0.0000035)
    assert (body["by"], body["since"], body["total"]["calls"]) == ("provider", None, 2)


def test_usage_says_how_many_tries_have_no_known_price(client: FlaskClient, service: FakeService) -> None:
    book(service, None)
    total = client.get("/api/v1/usage?by=model").get_json()["total"]
    assert (total["cost_state"], total["unpriced_attempts"]) == ("unpriced", 1)


def test_usage_starts_at_the_day_that_was_asked(client: FlaskClient, service: FakeService) -> None:
    book(service, 1, day=date(2026, 11, 1))
    book(service, 1, day=date(2026, 11, 2))
    body = client.get("/api/v1/usage?by=day&since=2026-11-02").get_json()
    assert [row["key"] for row in body["rows"]] == ["2026-11-02"]


def test_an_empty_ledger_is_an_empty_report(client: FlaskClient) -> None:
    body = client.get("/api/v1/usage?by=feature").get_json()
    assert (body["rows"], Decimal(body["total"]["cost_usd"])) == ([], 0)


def test_ready_says_who_would_answer(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json() == {
        "status": "ready", "database": True, "would_answer": "curated", "degraded": []}


def test_ready_but_degraded_names_the_model_that_is_gone(client: FlaskClient, service: FakeService) -> None:
    service.out_of_order = ["together/m1: the provider has retired this model"]
    body = client.get("/readyz").get_json()
    assert (body["status"], body["degraded"]) == ("degraded", service.out_of_order)


def test_without_its_database_it_lives_and_is_not_ready(client: FlaskClient, service: FakeService) -> None:
    service.engine = create_engine("sqlite:////nonexistent/folder/funza.db")
    check_problem(client.get("/readyz"), 503, "ledger_unavailable")
    assert client.get("/livez").status_code == 200


def test_metrics_count_requests_by_endpoint_and_not_by_path(client: FlaskClient) -> None:
    client.get("/livez")
    client.get("/nothing/secret-words")
    client.open("/livez", environ_overrides={"REQUEST_METHOD": "SECRETWORDS"})
    response = client.get("/metrics")
    text = response.get_data(as_text=True)
    assert response.mimetype == "text/plain"
    assert 'funza_http_requests_total{endpoint="health.livez",method="GET",status="200"}' in text
    assert "secret" not in text.lower()


def test_installed_clients_get_html_that_is_safe(client: FlaskClient, service: FakeService) -> None:
    body = client.post("/chat", json={"message": "Why iron?", "stage": "birth", "user_id": 7}).get_json()
    assert body.keys() == {"response"}
    assert "anaemia" in body["response"]
    assert service.asked == [("Why iron?", {"stage": "birth", "language": None, "principal": "local"})]


@pytest.mark.parametrize("payload", [
    "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<script>alert(1)</script>", "[x](javascript:alert(1))",
    "![x](http://attacker.example/?q=1)",
    "<a href='data:text/html,x'>x</a>", "<p style='background:url(//a.example)'>"])
def test_what_a_model_wrote_neither_runs_nor_loads(client: FlaskClient, service: FakeService, payload: str) -> None:
    service.reply = replace(service.reply, answer=f"Iron helps.\n\n{payload}")
    html = client.post("/chat", json={"message": "Why iron?"}).get_json()["response"]
    assert "Iron helps." in html
    assert not re.search(r"<(img|svg|script|style|iframe)|<[^>]*(javascript:|data:|onerror|onload|style=)", html)


@pytest.mark.parametrize("message", ["", "  ", None, 1])
def test_an_installed_client_is_held_to_the_same_limits(client: FlaskClient, message: object) -> None:
    assert client.post("/chat", json={"message": message}).status_code in {400, 413}


def test_installed_clients_get_their_quiz_shape(client: FlaskClient) -> None:
    assert client.get("/get_quiz_prenatal?_=1").get_json() == {"success": True, "questions": [QUESTION], "count": 1}


def test_a_quiz_of_no_known_stage_is_a_404(client: FlaskClient) -> None:
    check_problem(client.get("/get_quiz_x"), 404, "not_found")
