"""A haemorrhage is recognised wherever somebody can write in words: on every route that may ask a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chatbot.hybrid_ai_service import HybridAIService
from chatbot.safety.replies import REPLIES_FILE
from routes.permissions import COSTLY, needed
from run import create_app
from tests.house import make_engine, make_settings
from tests.routes.conftest import events_of
from tests.scripted import Scripted, answer

HAEMORRHAGE = "I am pregnant and bleeding heavily"
IN_SWAHILI = "Nina mimba na natokwa na damu nyingi"
HELP = {"en": "go to the nearest hospital or health facility now", "sw": "nenda hospitali au kituo cha afya"}
SMALL_TALK = "What a beautiful journey! Enjoy every moment of it, mama."


class Surface(NamedTuple):
    """A way to ask: which endpoint it reaches, how a client sends words to it."""

    endpoint: str
    ask: Callable[[FlaskClient, str], TestResponse]
    fixed_words: bool = True
    """False: general text by program, which reports the level in a header instead."""


def completion(stream: bool) -> Callable[[FlaskClient, str], TestResponse]:
    return lambda client, words: client.post("/v1/chat/completions", json={
        "model": "hybrid", "messages": [{"role": "user", "content": words}], "stream": stream})


SURFACES = {
    "api": Surface("chat.chat", lambda client, words: client.post("/api/v1/chat", json={"message": words})),
    "api-stream": Surface("chat.chat", lambda client, words: client.post(
        "/api/v1/chat", json={"message": words, "stream": True})),
    "legacy": Surface("legacy.chat", lambda client, words: client.post("/chat", json={"message": words})),
    "page": Surface("pages.ask", lambda client, words: client.post("/", data={"message": words})),
    "openai": Surface("openai_compatible.complete", completion(stream=False), fixed_words=False),
    "openai-stream": Surface("openai_compatible.complete", completion(stream=True), fixed_words=False),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """The real app on one model that would answer anything with small talk."""
    folder: Path = tmp_path_factory.mktemp("instance")
    settings = make_settings(folder, auth="off")
    chatty = Scripted("local", answer(SMALL_TALK), cloud=False)
    return create_app(settings, HybridAIService(settings, make_engine(settings), {"local": chatty})).test_client()


LESSON = (" Pregnant women should take 60 mg of iron every day."
          " Women who are not pregnant need 18 mg of iron every day."
          " Folic acid is 400 micrograms a day for pregnant women.")
MAKING = {
    "quizzes.make_quiz": lambda client, words: client.post(
        "/api/v1/quizzes", json={"stage": "antenatal", "count": 1, "options": 3, "text": words + "." + LESSON}),
    "studio_new.make": lambda client, words: client.post("/studio/new", follow_redirects=True, data={
        "stage": "antenatal", "count": "1", "options": "3", "language": "en", "source": "text",
        "text": words + "." + LESSON}),
}
"""Where an educator writes her own text: the quiz is made, and help stands above it."""
WITHOUT_WORDS = {"quiz_items.regenerate_item", "studio_items.remake", "extractions.extract", "alt_text.alt_text",
                 "illustrations.order", "illustrations.edit", "studio_illustrate.order", "studio_illustrate.vary"}
"""They take nobody's question: an item to make again, a document about somebody, a picture of a lesson, what a picture
is to show (where blood is refused before anything else). "Bleeding" in a referral letter is what they are for."""


NO_FREE_TEXT = {
    "pages.consent": "gives the typed question back and asks nobody",
    "consents.post_consent": "a yes or a no", "my_data.forget": "an id", "my_data.erase": "a word to confirm",
    "attempts.attempt": "numbers of options", "attempts.practise": "a number", "take.answer": "numbers of options",
    "take.practise": "a number"}
"""What else a learner may send: nothing that she writes in her own words."""


def test_every_route_to_which_a_learner_may_send_something_is_walked_or_takes_no_words_of_hers(
        client: FlaskClient) -> None:
    changing = {rule.endpoint for rule in client.application.url_map.iter_rules()
                if rule.methods and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}}
    sends = {endpoint for endpoint in changing if needed(endpoint) == "learner"}
    assert sends == {"pages.ask", "chat.chat", "legacy.chat"} | NO_FREE_TEXT.keys()


@pytest.mark.parametrize("words", [HAEMORRHAGE, {"choice": HAEMORRHAGE}, [HAEMORRHAGE]])
def test_an_attempt_has_no_room_for_words(client: FlaskClient, words: object) -> None:
    response = client.post("/api/v1/quizzes/01JD0000000000000000000001/attempts", json={
        "answers": [{"item_id": "01JD0000000000000000000002", "choice": words}]})
    assert response.status_code == 400


def test_a_sign_told_over_two_turns_of_a_conversation_is_found_on_the_chat_and_on_the_page(client: FlaskClient) -> None:
    first = client.post("/api/v1/chat", json={"message": "my face is puffy"}).get_json()
    assert first["triage"]["level"] == "urgent"
    then = {"message": "my head is aching too, 34 weeks", "conversation_id": first["conversation_id"]}
    assert client.post("/api/v1/chat", json=then).get_json()["triage"]["level"] == "emergency"
    assert HELP["en"] in client.post("/", data=then).get_data(as_text=True).casefold()
    alone = client.post("/api/v1/chat", json={"message": then["message"]}).get_json()
    assert alone["triage"]["level"] == "urgent"


def test_every_route_that_may_ask_a_model_is_walked_here() -> None:
    assert {surface.endpoint for surface in SURFACES.values()} | set(MAKING) | WITHOUT_WORDS == COSTLY


@pytest.mark.parametrize("name", MAKING)
def test_a_haemorrhage_in_the_text_of_a_quiz_brings_help_with_it(client: FlaskClient, name: str) -> None:
    response = MAKING[name](client, HAEMORRHAGE)
    assert response.status_code in {200, 201}
    assert HELP["en"] in response.get_data(as_text=True).casefold()


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("name", [name for name, surface in SURFACES.items() if surface.fixed_words])
def test_a_haemorrhage_gets_the_fixed_words_and_no_small_talk(client: FlaskClient, name: str, language: str) -> None:
    response = SURFACES[name].ask(client, HAEMORRHAGE if language == "en" else IN_SWAHILI)
    said = words_of(response).casefold()
    assert response.status_code == 200
    assert HELP[language] in said
    assert SMALL_TALK.casefold() not in said


@pytest.mark.parametrize("words", [HAEMORRHAGE, IN_SWAHILI])
@pytest.mark.parametrize("name", [name for name, surface in SURFACES.items() if not surface.fixed_words])
def test_general_text_says_in_a_header_that_it_is_an_emergency(client: FlaskClient, name: str, words: str) -> None:
    response = SURFACES[name].ask(client, words)
    assert response.status_code == 200
    assert response.headers["X-Triage"] == "emergency"


@pytest.mark.parametrize("name", SURFACES)
def test_an_everyday_question_is_not_an_emergency_anywhere(client: FlaskClient, name: str) -> None:
    response = SURFACES[name].ask(client, "Why are iron and folic acid tablets given?")
    assert response.headers.get("X-Triage", "none") == "none"
    assert HELP["en"] not in words_of(response).casefold()


def test_the_help_looked_for_is_what_the_reviewed_words_say() -> None:
    reviewed = REPLIES_FILE.read_text(encoding="utf-8").casefold()
    assert all(words in reviewed for words in HELP.values())


def words_of(response: TestResponse) -> str:
    """What a reader sees: the deltas of a stream put together, else the body."""
    body = response.get_data(as_text=True)
    if response.mimetype == "text/event-stream" and "event: delta" in body:
        return "".join(json.loads(data).get("text", "") for name, data in events_of(body) if name == "delta")
    return body
