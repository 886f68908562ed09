"""A price before a call: its shape and limits, and that nobody is asked and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from chatbot.database import new_id
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.providers.interface import Message
from run import create_app
from tests.house import attempts, call_rows, make_engine, make_settings
from tests.routes.conftest import FakeService, check_problem
from tests.scripted import Scripted, answer

URL = "/api/v1/estimate"
MESSAGES = [{"role": "user", "content": "Why is iron given in pregnancy?"}]


def test_the_answer_names_each_candidate_with_its_price_and_the_cheapest(client: FlaskClient) -> None:
    body = client.post(URL, json={"message": "Why iron?", "count": 2}).get_json()
    assert (body["count"], body["cheapest"]) == (2, "together/llama")
    known, unknown = body["candidates"]
    assert known == {
        "provider": "together", "model": "llama", "prompt_tokens": 40, "counted_by": "estimate",
        "completion_tokens_low": 1, "completion_tokens_high": 256, "cost_low_usd": 0.00028, "cost_high_usd": 0.00207,
        "cost_state": "estimated", "price_source": "prices.toml", "price_date": "2026-11-01"}
    assert (unknown["cost_high_usd"], unknown["cost_state"]) == (None, "unpriced")
    assert body["skipped"] == [{"provider": "local", "model": "smollm2", "reason": "no weights"}]


def test_what_was_asked_reaches_the_front_door(client: FlaskClient, service: FakeService) -> None:
    client.post(URL, json={"message": "Why?", "stage": "birth", "strategy": "cloud", "max_tokens": 9})
    client.post(URL, json={"messages": MESSAGES, "model": "together/llama"})
    assert service.asked == [
        ("Why?", {"stage": "birth", "model": "", "count": 1, "max_tokens": 9, "language": None, "strategy": "cloud",
                  "conversation_id": None, "principal": "local"}),
        ((Message("user", MESSAGES[0]["content"]),),
         {"model": "together/llama", "count": 1, "strategy": None, "max_tokens": None, "principal": "local"})]


@pytest.mark.parametrize("asked", [
    {}, {"message": "a", "messages": MESSAGES}, {"messages": []}, {"message": " "}, {"message": "a", "count": 0},
    {"message": "a", "count": 1.5}, {"message": "a", "count": True}, {"message": "a", "max_tokens": -1},
    {"message": "a", "price": 1}, {"messages": MESSAGES, "stage": "birth"}, {"message": "a", "model": "../x"}])
def test_what_makes_no_sense_is_refused(client: FlaskClient, service: FakeService, asked: dict[str, Any]) -> None:
    check_problem(client.post(URL, json=asked), 400)
    assert service.asked == []


# --- on the real front door ---
Real = Callable[..., tuple[FlaskClient, HybridAIService]]


@pytest.fixture
def real(tmp_path: Path) -> Real:
    def make(*providers: Scripted, **settings: Any) -> tuple[FlaskClient, HybridAIService]:
        chosen = make_settings(tmp_path, **settings)
        service = HybridAIService(chosen, make_engine(chosen), {one.name: one for one in providers})
        return create_app(chosen, service).test_client(), service

    return make


def test_nobody_is_asked_and_nothing_is_written(real: Real) -> None:
    together = Scripted("together", answer("never"))
    client, service = real(together)
    body = client.post(URL, json={"messages": MESSAGES, "max_tokens": 100, "count": 1000}).get_json()
    (one,) = body["candidates"]
    assert one["prompt_tokens"] == 14  # 31 bytes at 3.2 bytes a token, and 4 for the turn
    high = (14 * Decimal(2) + 100 * Decimal(10)) / 1000  # a thousand calls at 2 and 10 dollars a million
    assert (Decimal(str(one["cost_high_usd"])), body["cheapest"]) == (high, "together/m1")
    assert one["cost_low_usd"] == pytest.approx(0.038)
    assert (together.asked, attempts(service.calls), call_rows(service.calls)) == ([], [], [])


def test_the_model_on_this_machine_is_the_cheapest(real: Real) -> None:
    client, _ = real(Scripted("together", answer("a")), Scripted("local", answer("b"), cloud=False))
    body = client.post(URL, json={"messages": MESSAGES}).get_json()
    assert [one["provider"] for one in body["candidates"]] == ["local", "together"]
    assert (body["cheapest"], body["candidates"][0]["cost_high_usd"]) == ("local/m1", 0)


def test_an_unpriced_model_is_left_out_with_the_reason_unless_it_is_allowed(real: Real) -> None:
    unpriced = Scripted("openai", answer("a"))
    client, _ = real(unpriced, allow_unpriced=False)
    body = client.post(URL, json={"messages": MESSAGES}).get_json()
    assert (body["candidates"], body["cheapest"]) == ([], "")
    assert "nobody knows its price" in body["skipped"][0]["reason"]


def test_where_people_are_asked_a_cloud_is_counted_for_who_said_yes(real: Real) -> None:
    client, _ = real(Scripted("together", answer("a")), cloud_policy="ask")
    talk = new_id()
    asked: dict[str, Any] = {"openai_cloud": {"messages": MESSAGES},
                             "chat_cloud": {"message": "Why is iron given in pregnancy?", "conversation_id": talk}}
    for purpose, body in asked.items():
        assert client.post(URL, json=body).get_json()["candidates"] == []
        where = {"conversation_id": talk} if "message" in body else {}
        yes = {"purpose": purpose, "version": 1, "given": True, **where}
        assert client.post("/api/v1/consents", json=yes).status_code < 300
        assert [one["provider"] for one in client.post(URL, json=body).get_json()["candidates"]] == ["together"]


def test_a_chat_is_estimated_with_the_facts_it_would_be_given(real: Real) -> None:
    client, _ = real(Scripted("together", answer("a")))
    body = client.post(URL, json={"message": "Why are iron and folic acid tablets given?"}).get_json()
    assert body["max_tokens"] == 256
    assert body["candidates"][0]["prompt_tokens"] > 150


def test_an_emergency_asks_no_model_and_costs_nothing(real: Real) -> None:
    client, _ = real(Scripted("together", answer("a")))
    body = client.post(URL, json={"message": "I am bleeding heavily and I feel faint"}).get_json()
    assert (body["candidates"], body["cheapest"]) == ([], "")


def test_a_model_that_is_not_there_is_a_404(real: Real) -> None:
    client, _ = real(Scripted("together", answer("a")))
    check_problem(client.post(URL, json={"messages": MESSAGES, "model": "together/none"}), 404, "unknown_model")
