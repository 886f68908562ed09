"""`Idempotency-Key` over HTTP: one answer for one key, on every route that costs."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from bench.duplicates import resend
from chatbot.calling.completion import Failed as CallFailed
from chatbot.calling.completion import TextDelta
from chatbot.chat.reply import Failed, TriageFound
from chatbot.database import open_engine
from chatbot.errors import BudgetExhausted, InvalidInput, LedgerUnavailable, NoProvider, Truncated
from routes.idempotency import does_cost
from tests.migrated import migrated_file
from tests.routes.conftest import STARTED, TRIAGE, AppMaker, FakeService, check_problem, events_of

CHAT = ("/api/v1/chat", {"message": "Why iron?"})
LEGACY = ("/chat", {"message": "Why iron?"})
COMPLETION = ("/v1/chat/completions", {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}]})
PAID = [CHAT, LEGACY, COMPLETION]
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

FREE = {
    "pages.ask": "a form of a browser, which cannot send a header",
    **dict.fromkeys(
        ("take.answer", "take.practise", "studio.step", "studio.change", "studio_new.make", "studio_items.approve",
         "studio_items.reject", "studio_items.remake", "studio_items.roll_back", "studio_items.remove",
         "studio_items.save", "studio_items.add", "studio_items.lint", "studio_bank.add", "studio_illustrate.order",
         "studio_illustrate.cancel", "studio_illustrate.describe", "studio_illustrate.vary",
         "studio_illustrate.remove"),
        "a form of a browser, which cannot send a header; making is refused twice within two seconds"),
    "login.sign_in": "asks no model", "login.sign_out": "asks no model", "estimate.estimate": "asks no model",
    "quizzes.lint": "asks no model and stores nothing",
    "documents.add_document": "asks no model; the same file is the same document",
    "documents.delete_document": "asks no model",
    "illustrations.cancel": "asks no model", "illustrations.change": "asks no model",
    "illustrations.remove": "asks no model",
    "my_data.forget": "asks no model", "my_data.erase": "asks no model",
    "consents.post_consent": "asks no model", "pages.consent": "asks no model",
    **dict.fromkeys(("clinical.change", "clinical.discard", "clinical.tried", "clinical.run", "clinical_queue.change",
                     "clinical_new.add", "clinical_replies.change", "clinical_versions.publish",
                     "clinical_versions.go_back", "escalations.change"), "asks no model"),
    "budgets.put_budget": "asks no model", "budgets.delete_budget": "asks no model",
}
"""Endpoints that change something or take a body, and cost nothing; or why they honour no key."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_engine(migrated_file(tmp_path / "funza.db"))


@pytest.fixture
def service(engine: Engine) -> FakeService:
    return FakeService(engine=engine)


def test_every_route_that_changes_something_is_paid_once_or_says_why_not(app: APIFlask) -> None:
    changing = {rule.endpoint for rule in app.url_map.iter_rules() if rule.methods & {"POST", "PUT", "PATCH", "DELETE"}}
    paid = {endpoint for endpoint in changing if does_cost(app, endpoint)}
    assert paid >= {"chat.chat", "openai_compatible.complete", "legacy.chat"}
    assert changing - paid - FREE.keys() == set(), "mark it @costs, or say above why it costs nothing"
    assert paid & FREE.keys() == set()


@pytest.mark.parametrize(("path", "asked"), PAID)
def test_the_same_request_under_a_key_is_answered_twice_and_asked_once(
        client: FlaskClient, service: FakeService, path: str, asked: dict[str, Any]) -> None:
    first, second = (client.post(path, json=asked, headers=KEY) for _ in range(2))
    assert len(service.asked) == 1
    assert (second.status_code, second.data) == (first.status_code, first.data) == (200, first.data)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    theirs = {name: value for name, value in second.headers if name not in {"X-Request-Id", "Idempotent-Replayed"}}
    assert theirs == {name: value for name, value in first.headers if name != "X-Request-Id"}
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]


@pytest.mark.parametrize(("path", "asked"), PAID)
def test_without_a_key_every_request_is_asked(client: FlaskClient, service: FakeService, path: str,
                                              asked: dict[str, Any]) -> None:
    for _ in range(2):
        assert client.post(path, json=asked).status_code == 200
    assert len(service.asked) == 2


@pytest.mark.parametrize(("path", "asked"), [CHAT, COMPLETION])
def test_a_stream_is_replayed_as_one_stream(client: FlaskClient, service: FakeService, path: str,
                                            asked: dict[str, Any]) -> None:
    first = client.post(path, json={**asked, "stream": True}, headers=KEY)
    said = [event for event in events_of(first.get_data(as_text=True)) if not event[1].startswith(":")]
    second = client.post(path, json={**asked, "stream": True}, headers=KEY)
    assert len(service.asked) == 1
    assert second.mimetype == "text/event-stream"
    assert events_of(second.get_data(as_text=True)) == said  # without the heartbeats
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers.get("X-Call-Id") == first.headers.get("X-Call-Id")


@pytest.mark.parametrize(("path", "asked"), PAID)
def test_another_body_under_the_key_is_a_422_that_names_the_header(
        client: FlaskClient, path: str, asked: dict[str, Any]) -> None:
    client.post(path, json=asked, headers=KEY)
    changed = {**asked, "message": "Another"} if "message" in asked else {**asked, "max_tokens": 5}
    body = check_problem(client.post(path, json=changed, headers=KEY), 422, "idempotency_key_reused")
    assert (body["field"], body["retryable"]) == ("Idempotency-Key", False)


def test_a_key_of_one_route_means_nothing_on_another(client: FlaskClient, service: FakeService) -> None:
    for path, asked in PAID:
        assert client.post(path, json=asked, headers=KEY).status_code == 200
    assert len(service.asked) == len(PAID)


def test_a_request_that_is_being_answered_is_a_409_that_says_when_to_ask_again(
        app: APIFlask, service: FakeService) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slowly(message: str, **how: Any) -> Any:
        begun.set()
        may_end.wait(60)
        return service.reply

    service.generate_chat_response = slowly  # type: ignore[method-assign]
    first: list[Any] = []
    thread = threading.Thread(target=lambda: first.append(_post(app.test_client(), CHAT)))
    thread.start()
    assert begun.wait(60)
    second = _post(app.test_client(), CHAT)
    may_end.set()
    thread.join()
    assert check_problem(second, 409, "idempotency_in_flight")["retryable"] is True
    assert int(second.headers["Retry-After"]) >= 1
    assert _post(app.test_client(), CHAT).data == first[0].data


@pytest.mark.parametrize("error", [NoProvider(), LedgerUnavailable(), BudgetExhausted(), RuntimeError("a bug")])
def test_what_is_worth_another_try_is_tried_again(client: FlaskClient, service: FakeService, error: Exception) -> None:
    service.fails = error
    assert _post(client, COMPLETION).status_code in {402, 500, 503}
    service.fails = None
    assert _post(client, COMPLETION).status_code == 200


def test_a_final_refusal_is_replayed(client: FlaskClient, service: FakeService) -> None:
    service.fails = InvalidInput("no such stage", field="stage")
    first = _post(client, CHAT)
    service.fails = None
    second = _post(client, CHAT)
    assert (second.status_code, second.data, second.mimetype) == (400, first.data, "application/problem+json")


@pytest.mark.parametrize(("target", "events"), [
    (CHAT, (TriageFound(TRIAGE), Failed(Truncated()))),
    (COMPLETION, (STARTED, TextDelta("x"), CallFailed(Truncated()))),
    (CHAT, (TriageFound(TRIAGE),)), (COMPLETION, (STARTED, TextDelta("x"), RuntimeError("a bug")))])
def test_a_stream_that_broke_off_is_run_again(client: FlaskClient, service: FakeService, target: Any,
                                              events: Any) -> None:
    service.chat_events = service.call_events = events
    path, asked = target
    for _ in range(2):
        response = client.post(path, json={**asked, "stream": True}, headers=KEY)
        assert "Idempotent-Replayed" not in response.headers
        response.get_data()
    assert len(service.asked) == 2


def test_a_stream_that_the_client_left_frees_its_key(client: FlaskClient, service: FakeService) -> None:
    path, asked = CHAT
    left = client.post(path, json={**asked, "stream": True}, headers=KEY)
    next(iter(left.response))
    left.close()
    assert service.closed.wait(30)
    again = client.post(path, json={**asked, "stream": True}, headers=KEY)
    assert "Idempotent-Replayed" not in again.headers
    assert events_of(again.get_data(as_text=True))[-1][0] == "done"


@pytest.mark.parametrize("key", ["", "a" * 256, "kéy", "a\tb"])
def test_a_key_that_is_not_1_to_255_printable_ascii_characters_is_refused(
        client: FlaskClient, service: FakeService, key: str) -> None:
    response = _post(client, CHAT, **{"Idempotency-Key": key})
    assert check_problem(response, 400, "invalid_input")["field"] == "Idempotency-Key"
    assert service.asked == []


def test_the_longest_key_is_honoured(client: FlaskClient, service: FakeService) -> None:
    for _ in range(2):
        assert _post(client, CHAT, **{"Idempotency-Key": "~" * 255}).status_code == 200
    assert len(service.asked) == 1


def test_help_is_given_also_when_nobody_can_tell_whether_it_was_given_before(
        client: FlaskClient, service: FakeService) -> None:
    with service.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE replays RENAME TO gone")
    assert _post(client, CHAT).status_code == 200
    check_problem(_post(client, COMPLETION), 503, "ledger_unavailable")
    assert len(service.asked) == 1


def test_an_answer_survives_a_restart(make_app: AppMaker, service: FakeService) -> None:
    first = _post(make_app(secret_key="s").test_client(), CHAT)
    second = _post(make_app(secret_key="s").test_client(), CHAT)
    assert (second.data, len(service.asked)) == (first.data, 1)


def test_the_header_is_in_the_api_document_of_the_routes_that_honour_it(app: APIFlask, client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    documented = {path for path, item in paths.items()
                  if any(one["name"] == "Idempotency-Key" for one in item.get("post", {}).get("parameters", ()))}
    honouring = {rule.rule.replace("<", "{").replace(">", "}") for rule in app.url_map.iter_rules()
                 if "POST" in (rule.methods or ()) and does_cost(app, rule.endpoint)}
    assert documented == honouring >= {path for path, _ in PAID}


@pytest.mark.slow
@pytest.mark.parametrize(("migrated_url", "workers"), [("sqlite", 1), ("postgresql", 2)], indirect=["migrated_url"])
def test_copies_sent_one_by_one_at_once_and_across_a_restart_are_paid_once(migrated_url: str, workers: int) -> None:
    """One worker on a file and two on a server, as they are installed; `bench.duplicates` sends thousands."""
    assert resend(migrated_url, requests=36, copies=4, workers=workers) == [True] * 3


def _post(client: FlaskClient, target: tuple[str, dict[str, Any]], **headers: str) -> Any:
    path, asked = target
    return client.post(path, json=asked, headers=KEY | headers)
