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


@pytest.mark.parametrize("message", ["x" * 4_001, "x" * 100_000, "\U0001f469\u200d\U0001f467" * 5_000])
@pytest.mark.parametrize(("path", "how"), [("/api/v1/chat", {}), ("/api/v1/chat", {"stream": True}), ("/chat", {}),
                                           ("/api/v1/estimate", {})], ids=["chat", "stream", "legacy", "estimate"])
def test_a_message_over_the_limit_is_a_413_on_every_way_in(client: FlaskClient, path: str, how: dict[str, Any],
                                                           message: str) -> None:
    before = client.get("/api/v1/usage?by=feature").get_json()["total"]["calls"]
    body = check_problem(client.post(path, json={"message": message, **how}), 413, "too_long")
    assert body["field"] == "message"
    assert client.get("/api/v1/usage?by=feature").get_json()["total"]["calls"] == before


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_model_a_completion_is_a_503(client: FlaskClient, stream: bool) -> None:
    asked = {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    response = client.post("/v1/chat/completions", json=asked)
    check_problem(response, 503, "provider_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["X-Triage"] == "none"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("words", "help_words"), [
    ("I am pregnant and bleeding a lot", "nearest hospital or health facility now"),
    ("Nina mimba na natokwa na damu nyingi", "nenda hospitali")], ids=["en", "sw"])
def test_without_a_model_an_emergency_is_answered_with_its_fixed_text(client: FlaskClient, stream: bool, words: str,
                                                                      help_words: str) -> None:
    asked = {"model": "hybrid", "messages": [{"role": "user", "content": words}], "stream": stream}
    response = client.post("/v1/chat/completions", json=asked)
    assert (response.status_code, response.headers["X-Triage"], response.headers["X-Provider"]) == (
        200, "emergency", "curated")
    if stream:
        chunks = [json.loads(data) for _, data in events_of(response.get_data(as_text=True)) if data.startswith("{")]
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        assert response.get_data(as_text=True).rstrip().endswith("[DONE]")
    else:
        choice = response.get_json()["choices"][0]
        text = choice["message"]["content"]
        assert (choice["finish_reason"], response.headers["X-Cost-USD"]) == ("stop", "0.000000000")
    assert help_words in text


def test_without_a_model_an_emergency_that_asked_for_json_is_a_503_that_says_so(client: FlaskClient) -> None:
    response = client.post("/v1/chat/completions", json={
        "model": "hybrid", "messages": [{"role": "user", "content": "I am pregnant and bleeding a lot"}],
        "response_format": {"type": "json_object"}})
    check_problem(response, 503, "provider_unavailable")
    assert response.headers["X-Triage"] == "emergency"


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


def test_who_draws_pictures_is_told_with_what_each_still_needs(client: FlaskClient) -> None:
    drawing = {one["name"]: one for one in client.get("/api/v1/providers").get_json()["drawing"]}
    endpoint = drawing["image_endpoint"]
    assert endpoint["state"] == "not_configured"
    assert "IMAGE_ENDPOINT_URL" in endpoint["reason"]
    assert endpoint["leaves_machine"]
    assert not endpoint["wake_seconds_learned"]


def test_ready_says_that_the_cards_would_answer(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json()["would_answer"].startswith("curated")
