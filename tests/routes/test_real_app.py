"""The routes on the real front door, with no model at all: triage, cards, quizzes and the ledger still answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from config import Settings
from run import create_app
from tests.routes.conftest import check_problem, events_of

IRON = "Why are iron and folic acid tablets given?"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("instance")
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder}/funza.db", local_engine="off",
                        model_dir=folder, together_api_key="", openai_api_key="", huggingface_api_key="",
                        gemini_api_key="", hf_endpoint_url="", auth="off", strategy="hybrid")
    return create_app(settings).test_client()


def ask(client: FlaskClient, message: str, **how: Any) -> dict[str, Any]:
    response = client.post("/api/v1/chat", json={"message": message, **how})
    assert response.status_code == 200, response.get_data(as_text=True)
    document = client.get("/openapi.json").get_json()
    schema = {"$ref": "#/components/schemas/ChatOut", "components": document["components"]}
    assert list(Draft202012Validator(schema).iter_errors(response.get_json())) == []
    return response.get_json()


@pytest.mark.parametrize(("message", "language"), [
    ("I am pregnant and bleeding a lot", "en"), ("Nina mimba na natokwa na damu nyingi", "sw")])
def test_a_danger_sign_is_an_emergency_with_a_fixed_text(client: FlaskClient, message: str, language: str) -> None:
    body = ask(client, message)
    assert (body["triage"]["level"], body["language"], body["provenance"]) == ("emergency", language, "curated")
    assert body["triage"]["signs"]


def test_a_question_is_answered_from_the_cards_with_a_citation(client: FlaskClient) -> None:
    body = ask(client, IRON, stage="antenatal", language="en")
    assert (body["triage"]["level"], body["provider"], body["usage"]["cost_usd"]) == ("none", "curated", 0)
    assert body["citations"]
    assert body["citations"][0]["url"].startswith("https://")


def test_a_streamed_answer_adds_up_to_the_whole_one(client: FlaskClient) -> None:
    whole = ask(client, IRON, language="en")
    response = client.post("/api/v1/chat", json={"message": IRON, "language": "en", "stream": True})
    events = events_of(response.get_data(as_text=True))
    text = "".join(json.loads(data)["text"] for name, data in events if name == "delta")
    assert (events[0][0], events[-1][0]) == ("triage", "done")
    assert text.split() == whole["answer"].split()


def test_each_call_is_in_the_ledger(client: FlaskClient) -> None:
    before = client.get("/api/v1/usage?by=feature").get_json()["total"]["calls"]
    ask(client, IRON)
    after = client.get("/api/v1/usage?by=feature").get_json()["total"]["calls"]
    assert after == before + 1


def test_a_conversation_goes_on_under_its_id(client: FlaskClient) -> None:
    first = ask(client, IRON)
    assert ask(client, IRON, conversation_id=first["conversation_id"])["conversation_id"] == first["conversation_id"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_stage_is_a_400_that_names_its_field(client: FlaskClient, stream: bool) -> None:
    response = client.post("/api/v1/chat", json={"message": IRON, "stage": "afterlife", "stream": stream})
    assert check_problem(response, 400, "invalid_input")["field"] == "stage"


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_model_a_completion_is_a_503(client: FlaskClient, stream: bool) -> None:
    asked = {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    response = client.post("/v1/chat/completions", json=asked)
    check_problem(response, 503, "provider_unavailable")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_we_do_not_have_is_a_404(client: FlaskClient, stream: bool) -> None:
    asked = {"model": "nobody/nothing", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    check_problem(client.post("/v1/chat/completions", json=asked), 404, "unknown_model")


@pytest.mark.parametrize("stage", ["preconception", "prenatal", "antenatal", "birth", "postnatal"])
def test_every_stage_has_a_quiz_for_installed_clients(client: FlaskClient, stage: str) -> None:
    body = client.get(f"/get_quiz_{stage}").get_json()
    assert body["success"] is True
    assert body["count"] == len(body["questions"]) > 0
    for question in body["questions"]:
        assert question.keys() == {"question", "options", "answer", "correctReason", "incorrectReason"}
        assert question["answer"] in question["options"]


def test_a_quiz_of_no_known_stage_is_a_404(client: FlaskClient) -> None:
    check_problem(client.get("/get_quiz_afterlife"), 404, "not_found")


def test_installed_clients_get_html(client: FlaskClient) -> None:
    response = client.post("/chat", json={"message": IRON})
    assert "<p" in response.get_json()["response"]
    assert "<script" not in response.get_json()["response"]


@pytest.mark.parametrize("path", ["/api/v1/providers", "/api/v1/usage?by=model", "/v1/models", "/readyz", "/livez"])
def test_every_reading_route_answers_as_documented(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    document = client.get("/openapi.json").get_json()
    described = document["paths"][path.partition("?")[0]]["get"]["responses"]["200"]["content"]["application/json"]
    validator = Draft202012Validator({**described["schema"], "components": document["components"]})
    assert list(validator.iter_errors(response.get_json())) == []


def test_ready_says_that_the_cards_would_answer(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json()["would_answer"].startswith("curated")
