"""The educator's routes: making a quiz whole and streamed, conflicts, double clicks, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update

from chatbot.calling.completion import Failed
from chatbot.database import migrate, open_engine
from chatbot.errors import NoProvider, Truncated
from chatbot.quizzes.making.events import ItemReady, QuizDone
from chatbot.quizzes.records.tables import QUIZZES, RECENT
from chatbot.safety.levels import Triage
from routes.permissions import COSTLY
from tests.routes.conftest import FakeService, check_problem, events_of
from tests.routes.test_quiz_story import EVENTS, MADE

ASK = {"stage": "birth", "count": 3}
NOBODYS = "01JD0000000000000000000000"
ODD_IDS = ["0", "-1", str(2**63), "1e3", "١٢٣", "{01JD0000000000000000000000}", "' or 1=1--", "%00",
           "01jd0000000000000000000000", "x" * 3_000, "..%2f..%2fetc"]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'funza.db'}")
    migrate(engine)
    return engine


@pytest.fixture
def service(engine: Engine) -> FakeService:
    return FakeService(engine=engine, quiz_events=EVENTS, remade=MADE[3])


@pytest.fixture
def made(client: FlaskClient) -> dict[str, Any]:
    return client.post("/api/v1/quizzes", json=ASK).get_json()


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(QUIZZES)) or 0


def test_a_made_quiz_says_who_made_each_item_and_where_its_key_stands(made: dict[str, Any]) -> None:
    assert made["title"] == "Labour and birth"
    assert (made["cost_usd"], made["cost_state"], made["notes"]) == (0, "known", ["No model is set up."])
    for item, original in zip(made["items"], MADE, strict=False):
        assert item["question"] == original.stem
        assert item["options"][item["answer_index"]] == original.key
        assert item["evidence"]["quote"] == original.evidence.quote
        assert item["made_by"]["path"] == "template"
        assert [one for one in item["lint"] if one["severity"] == "block"] == []


def test_the_order_carries_what_was_asked_and_who_asked(client: FlaskClient, service: FakeService) -> None:
    client.post("/api/v1/quizzes", json={**ASK, "options": 3, "difficulty": "easy", "bloom": "apply", "language": "sw",
                                         "strategy": "local", "topic": "danger-signs", "title": "Ours"})
    order = service.asked[0][0]
    assert (order.stage, order.count, order.options, order.difficulty, order.bloom, order.language, order.strategy,
            order.topic, order.principal) == ("birth", 3, 3, "easy", "apply", "sw", "local", "danger-signs", "local")


def test_a_text_becomes_a_document_that_the_quotes_can_be_looked_up_in(client: FlaskClient,
                                                                       service: FakeService) -> None:
    text = "Iron tablets are taken once every day in pregnancy. They prevent anaemia in the mother."
    made = client.post("/api/v1/quizzes", json={**ASK, "text": text}).get_json()
    order = service.asked[0][0]
    assert order.text == ""
    assert " ".join(one.text for one in order.passages) == text
    assert client.get(f"/api/v1/documents/{made['document_id']}").get_json()["passages"][0]["text"] in text
    by_id = client.post("/api/v1/quizzes", json={**ASK, "document_id": made["document_id"]}).get_json()
    assert by_id["document_id"] == made["document_id"]
    check_problem(client.post("/api/v1/quizzes", json={**ASK, "document_id": NOBODYS}), 404, "not_found")
    both = client.post("/api/v1/quizzes", json={**ASK, "text": text, "document_id": made["document_id"]})
    assert check_problem(both, 400)["field"] == "text"


def test_a_stream_brings_each_item_then_the_quiz_under_the_same_ids(client: FlaskClient, engine: Engine) -> None:
    response = client.post("/api/v1/quizzes", json={**ASK, "stream": True})
    assert response.mimetype == "text/event-stream"
    events = events_of(response.get_data(as_text=True))
    assert [name for name, _ in events] == ["progress", "", "item", "item", "item", "done"]
    items = [json.loads(data) for name, data in events if name == "item"]
    done = json.loads(events[-1][1])
    assert [(one["done"], one["of"]) for one in items] == [(1, 3), (2, 3), (3, 3)]
    assert [one["item"]["id"] for one in items] == [one["id"] for one in done["items"]]
    assert client.get(f"/api/v1/quizzes/{done['id']}").get_json()["items"] == done["items"]


@pytest.mark.parametrize("end", [Failed(NoProvider("Nobody.")), NoProvider("Nobody."), RuntimeError("a bug"), None])
def test_a_stream_that_fails_ends_with_one_error_and_keeps_no_half_quiz(
        client: FlaskClient, service: FakeService, engine: Engine, end: Any) -> None:
    service.quiz_events = (ItemReady(MADE[0], 1, 3), *([end] if end else []))
    events = events_of(client.post("/api/v1/quizzes", json={**ASK, "stream": True}).get_data(as_text=True))
    assert [name for name, _ in events] == ["item", "error"]
    assert count(engine) == 0


@pytest.mark.parametrize("stream", [True, False])
def test_what_fails_at_once_is_a_normal_problem(client: FlaskClient, service: FakeService, engine: Engine,
                                                stream: bool) -> None:
    service.quiz_events = (Failed(Truncated("x")),)
    check_problem(client.post("/api/v1/quizzes", json={**ASK, "stream": stream}), 502, "truncated")
    assert count(engine) == 0


def test_danger_signs_in_the_educators_own_words_come_with_their_help(client: FlaskClient,
                                                                     service: FakeService) -> None:
    service.quiz_events = (QuizDone(items=MADE[:1], of=1, stage="birth", topic="", language="en",
                                    triage=Triage("emergency", ("heavy-bleeding",))),)
    assert client.post("/api/v1/quizzes", json=ASK).get_json()["help"]


@pytest.mark.parametrize(("change", "field", "code"), [
    ({"count": 0}, "count", "invalid_input"), ({"count": 21}, "count", "invalid_input"),
    ({"count": True}, "count", "invalid_input"), ({"count": "3"}, "count", "invalid_input"),
    ({"options": 5}, "options", "invalid_input"), ({"stage": "teenage"}, "stage", "invalid_input"),
    ({"difficulty": "brutal"}, "difficulty", "invalid_input"), ({"language": "fr"}, "language", "invalid_input"),
    ({"text": "x" * 20_001}, "text", "too_long"), ({"text": "  "}, "text", "invalid_input"),
    ({"topic": "x" * 201}, "topic", "too_long"), ({"document_id": "' or 1=1--"}, "document_id", "invalid_input"),
    ({"principal": "admin"}, "principal", "unknown_field"), ({"api_base": "http://x"}, "api_base", "unknown_field")])
def test_a_bad_order_names_its_field_and_asks_nobody(client: FlaskClient, service: FakeService, change: dict[str, Any],
                                                    field: str, code: str) -> None:
    response = client.post("/api/v1/quizzes", json={**ASK, **change})
    body = check_problem(response, 413 if code == "too_long" else 400, code)
    assert body["field"] == field
    assert service.asked == []


def test_a_double_click_is_refused_and_the_same_wish_later_is_not(client: FlaskClient, service: FakeService,
                                                                  engine: Engine) -> None:
    assert client.post("/api/v1/quizzes", json=ASK).status_code == 201
    check_problem(client.post("/api/v1/quizzes", json=ASK), 409, "asked_twice")
    assert client.post("/api/v1/quizzes", json={**ASK, "count": 2}).status_code == 201
    assert client.post("/api/v1/quizzes", json=ASK, headers={"Idempotency-Key": "one"}).status_code == 201
    assert client.post("/api/v1/quizzes", json=ASK, headers={"Idempotency-Key": "two"}).status_code == 201
    with engine.begin() as connection:
        row = connection.execute(select(RECENT)).first()
        assert row is not None
        connection.execute(update(RECENT).values(at=row.at - timedelta(seconds=3)))
    assert client.post("/api/v1/quizzes", json=ASK).status_code == 201
    assert len(service.asked) == 5


def test_the_same_request_under_one_key_makes_one_quiz(client: FlaskClient, service: FakeService,
                                                       engine: Engine) -> None:
    key = {"Idempotency-Key": "8e03978e"}
    first, again = (client.post("/api/v1/quizzes", json=ASK, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.data == again.data
    assert (len(service.asked), count(engine)) == (1, 1)


def test_making_and_remaking_count_against_the_limit_of_costly_requests() -> None:
    assert {"quizzes.make_quiz", "quiz_items.regenerate_item"} <= COSTLY


def test_a_stale_step_is_a_conflict_that_names_the_version(client: FlaskClient, made: dict[str, Any]) -> None:
    path = f"/api/v1/quizzes/{made['id']}"
    assert client.post(f"{path}/submit", json={"version": 1}).status_code == 200
    for stale in (client.post(f"{path}/approve", json={"version": 1}),
                  client.patch(path, json={"version": 1, "title": "x"})):
        body = check_problem(stale, 409, "version_conflict")
        assert body["field"] == "version"
        assert body["detail"].startswith("Version 2 was saved by somebody at this machine at 20")
    check_problem(client.post(f"{path}/publish", json={"version": 2}), 409, "wrong_state")
    assert check_problem(client.post(f"{path}/reject", json={"version": 2}), 400)["field"] == "reason"


def test_a_step_that_is_sent_again_under_its_key_is_answered_and_not_a_conflict(client: FlaskClient,
                                                                               made: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "step"}
    answers = [client.post(f"/api/v1/quizzes/{made['id']}/submit", json={"version": 1}, headers=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_that_is_none_is_a_quiz_that_is_not_there(client: FlaskClient, made: dict[str, Any], odd: str) -> None:
    for path in (odd, f"{odd}/take", f"{odd}/statistics", f"{odd}/versions", f"{made['id']}/items/{odd}"):
        check_problem(client.get(f"/api/v1/quizzes/{path}"), 404, "not_found")
    check_problem(client.post(f"/api/v1/quizzes/{odd}/approve", json={"version": 1}), 404, "not_found")


def test_an_item_of_another_quiz_is_not_there(client: FlaskClient, made: dict[str, Any]) -> None:
    other = client.post("/api/v1/quizzes", json={**ASK, "title": "Other"}).get_json()
    response = client.get(f"/api/v1/quizzes/{other['id']}/items/{made['items'][0]['id']}")
    nobodys = client.get(f"/api/v1/quizzes/{other['id']}/items/{NOBODYS}")
    assert check_problem(response, 404)["detail"] == check_problem(nobodys, 404)["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=0", "after=' or 1=1--", "status=secret",
                                   "sort=created_by", "q=" + "x" * 201, "stage=teenage", "language=fr"])
def test_a_bad_search_is_refused_by_name(client: FlaskClient, query: str) -> None:
    for path in ("/api/v1/quizzes", "/api/v1/bank"):
        response = client.get(f"{path}?{query}")
        assert response.status_code in (400, 413), path
        assert response.get_json(force=True)["field"] == query.partition("=")[0]


def test_the_live_lint_stores_nothing_and_asks_nobody(client: FlaskClient, service: FakeService,
                                                      engine: Engine) -> None:
    item = MADE[0]
    body = {"question": item.stem, "options": list(item.options), "answer_index": item.answer_index, "language": "en",
            "stage": "birth", "evidence": {"quote": item.evidence.quote, "card_id": item.evidence.card_id}}
    clean = client.post("/api/v1/quizzes/lint", json=body).get_json()["lint"]
    assert [one for one in clean if one["severity"] == "block"] == []
    twice = client.post("/api/v1/quizzes/lint", json={**body, "options": [item.options[0]] * 4}).get_json()["lint"]
    assert [one for one in twice if one["severity"] == "block"]
    assert not any(one["field"].startswith(("stem", "keys")) for one in twice)
    assert (service.asked, count(engine)) == ([], 0)


def test_a_database_that_does_not_answer_is_a_503_and_no_model_is_asked(client: FlaskClient, service: FakeService,
                                                                       engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE recent_requests RENAME TO gone")
    check_problem(client.post("/api/v1/quizzes", json=ASK), 503, "records_unavailable")
    assert service.asked == []

