"""The learner's routes: nothing unpublished, no key before the answer, and no word of hers on right and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.routes.accounts import House, build
from tests.routes.conftest import check_problem
from tests.routes.test_quiz_story import EVENTS, MADE

NOBODYS = "01JD0000000000000000000000"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = build(tmp_path)
    house.service.quiz_events = EVENTS
    return house


@pytest.fixture
def educator(house: House) -> FlaskClient:
    return house.client(house.key("educator"))


@pytest.fixture
def learner(house: House) -> FlaskClient:
    return house.client(house.key("learner"))


@pytest.fixture
def draft(educator: FlaskClient) -> dict[str, Any]:
    return educator.post("/api/v1/quizzes", json={"stage": "birth", "count": 3}).get_json()


@pytest.fixture
def quiz(educator: FlaskClient, draft: dict[str, Any]) -> str:
    path = f"/api/v1/quizzes/{draft['id']}"
    assert educator.post(f"{path}/approve", json={"version": 1}).get_json()["status"] == "approved"
    assert educator.post(f"{path}/publish", json={"version": 2}).status_code == 200
    return path


def answers(learner: FlaskClient, path: str, right: bool = True) -> list[dict[str, Any]]:
    keys = {item.stem: item.answer_index for item in MADE}
    return [{"item_id": one["id"], "choice": keys[one["question"]] if right else (keys[one["question"]] + 1) % 3}
            for one in learner.get(f"{path}/take").get_json()["items"]]


def test_what_a_learner_takes_holds_no_byte_of_the_answer(learner: FlaskClient, quiz: str) -> None:
    body = learner.get(f"{quiz}/take").get_data(as_text=True)
    shown = {"id", "version", "question", "options"}
    assert all(one.keys() == shown for one in learner.get(f"{quiz}/take").get_json()["items"])
    for word in ("answer_index", "key", "rationale", "correct", "evidence", "quote", "card", "made_by", "lint", "url",
                 "difficulty", "tags", "flags"):
        assert f'"{word}' not in body
    for item in MADE[:3]:
        assert item.evidence.card_id not in body
        assert item.evidence.url not in body
        assert item.evidence.quote not in body
        assert all(why not in body for why in item.rationale)


def test_what_is_due_again_holds_no_byte_of_the_answer_either(learner: FlaskClient, quiz: str) -> None:
    learner.post(f"{quiz}/attempts", json={"answers": answers(learner, quiz, right=False)})
    body = learner.get("/api/v1/practice").get_data(as_text=True)
    assert not any(word in body for word in ("answer_index", "rationale", "quote", "correct"))


def test_a_learner_sees_nothing_that_is_not_published(learner: FlaskClient, educator: FlaskClient,
                                                      draft: dict[str, Any]) -> None:
    path, gone = f"/api/v1/quizzes/{draft['id']}", f"/api/v1/quizzes/{NOBODYS}"
    choice = [{"item_id": draft["items"][0]["id"], "choice": 0}]

    def same(version: int = 0, step: str = "") -> None:
        if step:
            assert educator.post(f"{path}/{step}", json={"version": version}).status_code == 200
        for one, other in ((learner.get(f"{path}/take"), learner.get(f"{gone}/take")),
                           (learner.post(f"{path}/attempts", json={"answers": choice}),
                            learner.post(f"{gone}/attempts", json={"answers": choice}))):
            body, nobodys = (check_problem(response, 404, "not_found") for response in (one, other))
            assert body | {"request_id": ""} == nobodys | {"request_id": ""}
        assert learner.get("/api/v1/quizzes/published").get_json()["quizzes"] == []
        check_problem(learner.get(path), 403, "role_too_low")

    same()
    same(1, "submit")
    same(2, "approve")
    assert educator.post(f"{path}/publish", json={"version": 3}).status_code == 200
    assert learner.get(f"{path}/take").status_code == 200
    same(4, "retire")


@pytest.mark.parametrize("place", ["top", "answer"])
@pytest.mark.parametrize("field", ["score", "correct", "of", "first", "principal", "user_id", "at"])
def test_what_a_client_says_of_its_own_score_is_refused(learner: FlaskClient, quiz: str, place: str,
                                                       field: str) -> None:
    given = answers(learner, quiz)
    body = {"answers": given, field: 3} if place == "top" else {"answers": [{**one, field: True} for one in given]}
    check_problem(learner.post(f"{quiz}/attempts", json=body), 400, "unknown_field")
    assert learner.get("/api/v1/progress").get_json()["attempts"] == 0


def test_after_answering_every_option_is_explained_with_its_source(learner: FlaskClient, quiz: str) -> None:
    done = learner.post(f"{quiz}/attempts", json={"answers": answers(learner, quiz), "kind": "pre"}).get_json()
    assert (done["score"], done["of"], done["streak"], done["badges"]) == (3, 3, 1, ["first-quiz", "full-marks"])
    for one, item in zip(done["items"], MADE, strict=False):
        assert one["rationale"] == list(item.rationale)
        assert one["citation"] == {"title": item.evidence.title, "url": item.evidence.url, "quote": item.evidence.quote}
    after = learner.post(f"{quiz}/attempts", json={"answers": answers(learner, quiz, right=False), "kind": "post"})
    assert (after.get_json()["gain"]["pre"], after.get_json()["gain"]["gain"]) == (1, None)


@pytest.mark.parametrize(("change", "field"), [
    (lambda given: given[:-1], "answers"), (lambda given: [], "answers"),
    (lambda given: [*given, given[0]], "answers.3.item_id"),
    (lambda given: [{**given[0], "item_id": NOBODYS}, *given[1:]], "answers.0.item_id"),
    (lambda given: [{**given[0], "item_id": "' or 1=1--"}, *given[1:]], "answers.0.item_id"),
    (lambda given: [{**given[0], "choice": 5}, *given[1:]], "answers.0.choice"),
    (lambda given: [{**given[0], "choice": -1}, *given[1:]], "answers.0.choice"),
    (lambda given: [{**given[0], "choice": True}, *given[1:]], "answers.0.choice")])
def test_wrong_answers_are_refused_by_the_name_of_their_field(learner: FlaskClient, quiz: str, change: Any,
                                                             field: str) -> None:
    body = check_problem(learner.post(f"{quiz}/attempts", json={"answers": change(answers(learner, quiz))}), 400)
    assert body["field"] == field


def test_an_attempt_sent_twice_under_one_key_is_one_attempt(learner: FlaskClient, quiz: str) -> None:
    key, body = {"Idempotency-Key": "attempt-1"}, {"answers": answers(learner, quiz)}
    first, again = (learner.post(f"{quiz}/attempts", json=body, headers=key) for _ in range(2))
    assert first.data == again.data
    assert learner.get("/api/v1/progress").get_json()["attempts"] == 1


def test_two_learners_know_nothing_of_each_other(house: House, learner: FlaskClient, quiz: str) -> None:
    learner.post(f"{quiz}/attempts", json={"answers": answers(learner, quiz, right=False)})
    other = house.client(house.key("learner"))
    assert other.get("/api/v1/progress").get_json()["attempts"] == 0
    assert other.get("/api/v1/practice").get_json()["next_due_at"] is None
    item = learner.get(f"{quiz}/take").get_json()["items"][0]["id"]
    check_problem(other.post("/api/v1/practice", json={"item_id": item, "choice": 0}), 404, "not_found")
