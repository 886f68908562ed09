"""Budgets over HTTP: set, listed, taken away; and a call without room is a 402 before anyone is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from chatbot.hybrid_ai_service import HybridAIService
from run import create_app
from tests.house import make_engine, make_settings
from tests.routes.conftest import check_problem
from tests.scripted import Scripted, answer

URL = "/api/v1/budgets"
DAY = {"window": "day", "limit_usd": "2.5"}


def test_a_budget_is_set_changed_and_taken_away(client: FlaskClient) -> None:
    assert client.get(URL).get_json() == {"budgets": []}
    (set_,) = client.put(URL, json=DAY).get_json()["budgets"]
    assert (set_["principal"], set_["window"], set_["limit_usd"], set_["spent_usd"]) == ("", "day", 2.5, 0)
    (changed,) = client.put(URL, json={**DAY, "limit_usd": 0.1}).get_json()["budgets"]
    assert (changed["limit_usd"], client.get(URL).get_json()["budgets"]) == (0.1, [changed])
    assert client.put(URL, json={**DAY, "limit_usd": None}).get_json() == {"budgets": []}


@pytest.mark.parametrize("limit", [-1, "-1", "NaN", "Infinity", 1e30, "1e30", "2.5 KES", "", True, [], "0.0000000001"])
def test_a_limit_that_is_no_amount_of_dollars_is_refused(client: FlaskClient, limit: Any) -> None:
    check_problem(client.put(URL, json={**DAY, "limit_usd": limit}), 400)
    assert client.get(URL).get_json() == {"budgets": []}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400"])
def test_a_number_that_is_none_is_refused(client: FlaskClient, text: str) -> None:
    body = f'{{"window": "day", "limit_usd": {text}}}'
    check_problem(client.put(URL, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("change", [{"window": "year"}, {"currency": "KES"}, {"window": None}])
def test_a_window_or_a_field_that_does_not_exist_is_refused(client: FlaskClient, change: dict[str, Any]) -> None:
    check_problem(client.put(URL, json={**DAY, **change}), 400)


def test_a_budget_for_nobody_is_a_404(client: FlaskClient) -> None:
    check_problem(client.put(URL, json={**DAY, "principal": "nobody"}), 404)
    check_problem(client.put(URL, json={**DAY, "limit_usd": None}), 404)


# --- on the real front door ---
ASK = {"model": "cloud", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 50}


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_without_room_is_a_402_before_any_byte_leaves(tmp_path: Path, stream: bool) -> None:
    settings = make_settings(tmp_path)
    together = Scripted("together", answer("Hello there."))
    service = HybridAIService(settings, make_engine(settings), {"together": together})
    client = create_app(settings, service).test_client()
    assert client.put(URL, json={"principal": "local", "window": "month", "limit_usd": 0}).status_code == 200
    body = check_problem(client.post("/v1/chat/completions", json={**ASK, "stream": stream}), 402, "budget_exhausted")
    assert (body["retryable"], together.asked) == (False, [])
    client.put(URL, json={"principal": "local", "window": "month", "limit_usd": 1})
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
    assert client.get(URL).get_json()["budgets"][0]["spent_usd"] == pytest.approx(0.00007)
