"""A quiz's whole life over HTTP; every answer on the way is what the API document says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import update

from chatbot.database import now
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.item import Item
from chatbot.quizzes.making.events import ItemReady, Progress, QuizDone
from chatbot.quizzes.making.template import items_from_cards
from chatbot.quizzes.records.tables import SPACED
from tests.routes.conftest import FakeService
from tests.routes.quiz_story import ITEM, QUIZ, TRIED_IN_THE_QUIZ_STORY

CARDS = [card for card in all_cards() if card.stage == "birth"]
MADE: tuple[Item, ...] = items_from_cards(CARDS[:4], 4, seed=1)
DONE = QuizDone(items=MADE[:3], of=3, stage="birth", topic="", language="en", notes=("No model is set up.",))
EVENTS = (Progress(0, 3, "No model is set up."), Progress(0, 3),
          *(ItemReady(item, place, 3) for place, item in enumerate(MADE[:3], 1)), DONE)


class Caller:
    """Calls the API and holds each answer against the document."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.document: dict[str, Any] = client.get("/openapi.json").get_json()
        self.tried: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, *, query: str = "", **named: str) -> Any:
        address = re.sub(r"\{(\w+)\}", lambda found: named[found[1]], path)
        response = self._client.open(address + query, method=method.upper(), json=body)
        assert response.status_code < 300, (path, response.get_data(as_text=True))
        self.tried.add((method, path))
        described = self.document["paths"][path][method]["responses"][str(response.status_code)]
        if response.status_code == 204:
            return None
        schema = {**described["content"]["application/json"]["schema"], "components": self.document["components"]}
        assert list(Draft202012Validator(schema).iter_errors(response.get_json())) == []
        return response.get_json()


@pytest.fixture
def call(client: FlaskClient, service: FakeService) -> Caller:
    service.quiz_events = EVENTS
    service.remade = MADE[3]
    return Caller(client)


def test_a_quiz_is_made_reviewed_published_taken_practised_and_retired(call: Caller, service: FakeService) -> None:
    made = call("post", "/api/v1/quizzes", {"stage": "birth", "count": 3})
    assert (made["status"], made["version"], len(made["items"]), made["published_version"]) == ("draft", 1, 3, None)
    quiz, first, second, third = made["id"], *(item["id"] for item in made["items"])
    assert [one["id"] for one in call("get", "/api/v1/quizzes", query="?status=draft&stage=birth")["quizzes"]] == [quiz]
    assert call("post", "/api/v1/quizzes/lint", {
        "question": "", "options": [], "answer_index": None, "language": "en"})["lint"]

    edited = call("patch", ITEM, {"version": 1, "tags": ["labour"]}, quiz_id=quiz, item_id=first)
    assert (edited["version"], edited["tags"], edited["status"]) == (2, ["labour"], "draft")
    assert call("get", ITEM, quiz_id=quiz, item_id=first) == edited
    again = call("post", ITEM + "/regenerate", {"version": 1}, quiz_id=quiz, item_id=second)
    assert again["question"] == MADE[3].stem
    back = call("post", ITEM + "/rollback", {"version": 2, "to": 1}, quiz_id=quiz, item_id=second)
    assert (back["version"], back["question"]) == (3, MADE[1].stem)
    assert [one["action"] for one in call("get", ITEM + "/versions", quiz_id=quiz, item_id=second)["versions"]] == [
        "rolled_back", "regenerated", "made"]
    copied = call("post", QUIZ + "/items", {"from_item": third}, quiz_id=quiz)
    call("delete", ITEM, query=f"?version={copied['version']}", quiz_id=quiz, item_id=copied["id"])
    call("post", ITEM + "/reject", {"version": 1, "reason": "Too easy."}, quiz_id=quiz, item_id=third)
    call("post", ITEM + "/approve", {"version": 2}, quiz_id=quiz, item_id=first)

    def step(name: str, **more: Any) -> Any:
        version = call("get", QUIZ, quiz_id=quiz)["version"]
        return call("post", f"{QUIZ}/{name}", {"version": version, **more}, quiz_id=quiz)

    step("submit")
    step("reject", reason="The order is odd.")
    version = call("get", QUIZ, quiz_id=quiz)["version"]
    call("patch", QUIZ, {"version": version, "title": "Birth", "order": [second, first, third]}, quiz_id=quiz)
    assert step("approve")["status"] == "approved"
    assert step("publish")["published_version"] == call("get", QUIZ, quiz_id=quiz)["version"]

    assert [one["count"] for one in call("get", "/api/v1/quizzes/published")["quizzes"]] == [2]
    taken = call("get", QUIZ + "/take", quiz_id=quiz)
    assert [one["id"] for one in taken["items"]] == [second, first]
    answers = [{"item_id": second, "choice": MADE[1].answer_index},
               {"item_id": first, "choice": (MADE[0].answer_index + 1) % 4}]
    scored = call("post", QUIZ + "/attempts", {"version": taken["version"], "answers": answers}, quiz_id=quiz)
    assert (scored["score"], scored["of"], scored["first"]) == (1, 2, True)
    assert scored["badges"] == ["first-quiz"]
    with service.engine.begin() as connection:
        connection.execute(update(SPACED).values(due_at=now() - timedelta(minutes=1)))
    assert [one["id"] for one in call("get", "/api/v1/practice")["items"]] == [first]
    right = call("post", "/api/v1/practice", {"item_id": first, "choice": MADE[0].answer_index})
    assert right["correct"] is True
    assert call("get", "/api/v1/progress")["practised"] == 1
    assert call("get", QUIZ + "/statistics", quiz_id=quiz)["items"][0]["hidden"]

    assert len(call("get", "/api/v1/bank", query="?stage=birth&tag=labour&flagged=false")["items"]) == 1
    assert call("get", "/api/v1/bank/similar", query=f"?question={MADE[0].stem}")["similar"][0]["likeness"] == 1
    step("retire", reason="A newer guideline.")
    assert step("reopen")["status"] == "draft"
    assert [one["action"] for one in call("get", QUIZ + "/versions", quiz_id=quiz)["versions"]] == [
        "reopened", "retired", "published", "approved", "edited", "rejected", "submitted", "made"]
    assert call.tried == TRIED_IN_THE_QUIZ_STORY
