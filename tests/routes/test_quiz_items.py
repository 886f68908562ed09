"""The routes of a quiz's items: editing, adding by hand and from the bank, remaking, and hostile input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from chatbot.database import migrate, open_engine
from chatbot.errors import QuizUnavailable
from chatbot.quizzes.stems import stem_key
from tests.routes.conftest import FakeService, check_problem
from tests.routes.test_quiz_story import EVENTS, MADE

HAND = {"question": "Who comes along to the birth?", "options": ["A friend", "Nobody", "A stranger"], "answer_index": 0}


@pytest.fixture
def service(tmp_path: Path) -> FakeService:
    engine: Engine = open_engine(f"sqlite:///{tmp_path / 'funza.db'}")
    migrate(engine)
    return FakeService(engine=engine, quiz_events=EVENTS, remade=MADE[3])


@pytest.fixture
def made(client: FlaskClient) -> dict[str, Any]:
    return client.post("/api/v1/quizzes", json={"stage": "birth", "count": 3}).get_json()


@pytest.fixture
def path(made: dict[str, Any]) -> str:
    return f"/api/v1/quizzes/{made['id']}/items"


@pytest.fixture
def first(made: dict[str, Any]) -> str:
    return made["items"][0]["id"]


def test_two_editors_of_one_item_are_told_of_each_other(client: FlaskClient, path: str, first: str) -> None:
    assert client.patch(f"{path}/{first}", json={"version": 1, "question": "Mine?"}).status_code == 200
    body = check_problem(client.patch(f"{path}/{first}", json={"version": 1, "question": "Yours?"}), 409,
                         "version_conflict")
    assert "Version 2" in body["detail"]
    assert client.get(f"{path}/{first}").get_json()["question"] == "Mine?"
    (diff, *_), *_ = (one["diff"] for one in client.get(f"{path}/{first}/versions").get_json()["versions"])
    assert diff == {"field": "question", "before": MADE[0].stem, "after": "Mine?"}


def test_a_changed_key_is_told_by_its_place(client: FlaskClient, path: str, first: str) -> None:
    place = (MADE[0].answer_index + 1) % 4
    edited = client.patch(f"{path}/{first}", json={"version": 1, "answer_index": place}).get_json()
    assert edited["answer_index"] == place
    assert "block" in {one["severity"] for one in edited["lint"]}
    diff = client.get(f"{path}/{first}/versions").get_json()["versions"][0]["diff"]
    assert diff == [{"field": "answer_index", "before": MADE[0].answer_index, "after": place}]
    problem = check_problem(client.post(f"{path}/{first}/approve", json={"version": 2}), 409, "has_blocking_findings")
    assert problem["remedy"]


@pytest.mark.parametrize(("change", "field", "status"), [
    ({"question": ""}, "question", 400), ({"question": "x" * 20_000}, "question", 413),
    ({"options": ["one"]}, "options", 400), ({"options": ["a"] * 7}, "options", 413),
    ({"options": ["a", "b", ""]}, "options.2", 400), ({"answer_index": 4}, "answer_index", 400),
    ({"answer_index": -1}, "answer_index", 400), ({"answer_index": True}, "answer_index", 400),
    ({"rationale": ["one"]}, "rationale", 400), ({"tags": ["x"] * 21}, "tags", 413),
    ({"bloom": "create"}, "bloom", 400),
    ({"status": "approved"}, "status", 400), ({"evidence": {"url": "javascript:alert(1)"}}, "evidence.url", 400),
    ({"updated_by": "someone"}, "updated_by", 400), ({"version": 2**31}, "version", 400),
    ({"version": 0}, "version", 400)])
def test_a_bad_edit_names_its_field_and_changes_nothing(client: FlaskClient, path: str, first: str,
                                                       change: dict[str, Any], field: str, status: int) -> None:
    body = check_problem(client.patch(f"{path}/{first}", json={"version": 1, **change}), status)
    assert body["field"] == field
    assert client.get(f"{path}/{first}").get_json()["version"] == 1


def test_a_nul_and_half_a_surrogate_never_reach_the_database(client: FlaskClient, path: str, first: str) -> None:
    for bad in ('"a\\u0000b"', '"\\ud800"'):
        response = client.patch(f"{path}/{first}", data=f'{{"version":1,"question":{bad}}}',
                                content_type="application/json")
        check_problem(response, 400, "invalid_json")


def test_hostile_words_are_kept_as_words(client: FlaskClient, path: str, first: str) -> None:
    words = "<script>alert(1)</script> ]]> =1+1 ~={}#: ng'ombe 🤰🏾"
    edited = client.patch(f"{path}/{first}", json={"version": 1, "question": words}).get_json()
    assert edited["question"] == words


def test_an_item_by_hand_is_the_last_one_and_a_draft(client: FlaskClient, made: dict[str, Any], path: str) -> None:
    response = client.post(path, json={**HAND, "evidence": {"card_id": MADE[0].evidence.card_id, "quote": "x",
                                                            "title": "my own", "url": "https://evil.example/"}})
    added = response.get_json()
    assert (response.status_code, added["status"], added["made_by"]["path"]) == (201, "draft", "person")
    assert added["evidence"]["url"] == MADE[0].evidence.url, "a card's address is the card's own"
    quiz = client.get(f"/api/v1/quizzes/{made['id']}").get_json()
    assert [one["id"] for one in quiz["items"]][-1] == added["id"]
    assert quiz["version"] == 2


def test_an_item_of_the_bank_is_copied_with_its_source(client: FlaskClient, path: str, first: str) -> None:
    other = client.post("/api/v1/quizzes", json={"stage": "birth", "count": 1}).get_json()
    copy = client.post(f"/api/v1/quizzes/{other['id']}/items", json={"from_item": first}).get_json()
    assert copy["id"] != first
    assert (copy["question"], copy["evidence"]["quote"]) == (MADE[0].stem, MADE[0].evidence.quote)


@pytest.mark.parametrize(("body", "field"), [
    ({}, "question"), ({"question": "Why?"}, "options"), ({"question": "Why?", "options": ["a", "b"]}, "answer_index"),
    ({"from_item": "01JD0000000000000000000000"}, "from_item"), ({"from_item": "x"}, "from_item"),
    ({"from_item": "01JD0000000000000000000000", "question": "Why?"}, "from_item"),
    ({**HAND, "answer_index": 3}, "answer_index")])
def test_an_item_that_is_no_whole_item_is_refused(client: FlaskClient, path: str, body: dict[str, Any],
                                                 field: str) -> None:
    assert check_problem(client.post(path, json=body), 400)["field"] == field


def test_remaking_hands_over_what_must_not_come_again(client: FlaskClient, service: FakeService, path: str,
                                                      first: str) -> None:
    remade = client.post(f"{path}/{first}/regenerate", json={"version": 1}).get_json()
    order, how = service.asked[-1]
    assert how["old"] == MADE[0].model_copy(update={"tags": MADE[0].tags})
    assert {stem_key(item.stem) for item in MADE[:3]} <= order.taken
    assert order.used_cards == {item.evidence.card_id for item in MADE[1:3]}
    assert (order.stage, order.count, order.principal) == ("birth", 1, "local")
    assert (remade["question"], remade["version"], remade["id"]) == (MADE[3].stem, 2, first)


def test_remaking_a_stale_version_asks_no_model(client: FlaskClient, service: FakeService, path: str,
                                                first: str) -> None:
    client.patch(f"{path}/{first}", json={"version": 1, "tags": ["x"]})
    before = len(service.asked)
    check_problem(client.post(f"{path}/{first}/regenerate", json={"version": 1}), 409, "version_conflict")
    assert len(service.asked) == before


def test_a_remake_that_fails_leaves_the_item_as_it_was(client: FlaskClient, service: FakeService, path: str,
                                                       first: str) -> None:
    service.fails = QuizUnavailable("No item passed the checks.")
    check_problem(client.post(f"{path}/{first}/regenerate", json={"version": 1}), 502, "quiz_unavailable")
    service.fails = None
    assert client.get(f"{path}/{first}").get_json()["version"] == 1


def test_taking_an_item_out_needs_the_version_in_the_address(client: FlaskClient, path: str, first: str) -> None:
    assert check_problem(client.delete(f"{path}/{first}"), 400)["field"] == "version"
    check_problem(client.delete(f"{path}/{first}?version=9"), 409, "version_conflict")
    assert client.delete(f"{path}/{first}?version=1").status_code == 204
    check_problem(client.get(f"{path}/{first}"), 404)


def test_a_roll_back_to_what_never_was_is_refused(client: FlaskClient, path: str, first: str) -> None:
    assert check_problem(client.post(f"{path}/{first}/rollback", json={"version": 1, "to": 7}), 400)["field"] == "to"
