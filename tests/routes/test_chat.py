"""POST /api/v1/chat, whole and streamed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from chatbot.calling.completion import Pulse
from chatbot.chat.reply import Done, Failed, TextDelta, TriageFound
from chatbot.errors import Busy, InvalidInput, NoProvider, TimedOut
from tests.routes.conftest import (
    CALL,
    CONVERSATION,
    REPLY,
    TRIAGE,
    FakeService,
    check_problem,
    events_of,
    unpriced,
)

ASK = {"message": "Why iron?"}
BODY = {"id", "answer", "stage", "language", "triage", "citations", "provenance", "provider", "model", "fell_back",
        "finish_reason", "usage", "call_id", "conversation_id", "skipped", "cloud_consent"}


def test_an_answer_says_everything_the_contract_promises(client: FlaskClient) -> None:
    body = client.post("/api/v1/chat", json=ASK).get_json()
    assert body.keys() == BODY
    assert body["answer"] == REPLY.answer
    assert body["triage"] == {"level": "urgent", "signs": ["severe-headache"]}
    assert body["citations"][0]["url"] == "https://who.int/iron"
    assert body["usage"] == {"prompt_tokens": 12, "completion_tokens": 5, "cost_usd": 0.0000035,
                             "cost_state": "exact"}
    assert body["skipped"] == [{"provider": "local", "model": "smollm2", "reason": "no weights"}]


def test_an_unknown_price_is_null_and_never_zero(client: FlaskClient, service: FakeService) -> None:
    service.reply = replace(REPLY, usage=unpriced().usage)
    usage = client.post("/api/v1/chat", json=ASK).get_json()["usage"]
    assert (usage["cost_usd"], usage["cost_state"]) == (None, "unpriced")


def test_what_was_asked_reaches_the_front_door(client: FlaskClient, service: FakeService) -> None:
    client.post("/api/v1/chat", json={**ASK, "stage": "birth", "language": "sw", "strategy": "local",
                                      "conversation_id": CONVERSATION})
    assert service.asked == [("Why iron?", {"stage": "birth", "language": "sw", "strategy": "local",
                                            "conversation_id": CONVERSATION, "principal": "local"})]


@pytest.mark.parametrize("change", [
    {"message": ""}, {"message": " \n\t"}, {"message": None}, {"message": 1}, {"message": ["x"]}, {"message": True},
    {"language": "fr"}, {"language": "EN"}, {"strategy": "any"}, {"stream": "true"}, {"stream": 1}, {"stage": ""},
    {"stage": 1}, {"conversation_id": "0"}, {"conversation_id": "-1"}, {"conversation_id": 2**63},
    {"conversation_id": "1e3"}, {"conversation_id": "٠" * 26}, {"conversation_id": "{" + "0" * 24 + "}"},
    {"conversation_id": "' or 1=1--"}, {"conversation_id": CONVERSATION + "\n"}, {"conversation_id": "../" * 9}])
def test_a_wrong_value_is_a_400_that_names_its_field(client: FlaskClient, service: FakeService,
                                                     change: dict[str, object]) -> None:
    body = check_problem(client.post("/api/v1/chat", json={**ASK, **change}), 400, "invalid_input")
    assert body["field"] == next(iter(change))
    assert service.asked == []


def test_a_message_at_the_limit_is_answered(client: FlaskClient) -> None:
    assert client.post("/api/v1/chat", json={"message": "x" * 4_000}).status_code == 200


def test_a_stream_is_triage_then_deltas_then_one_done_without_the_answer(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat", json={**ASK, "stream": True})
    assert response.mimetype == "text/event-stream"
    assert (response.headers["X-Accel-Buffering"], response.headers["Cache-Control"]) == ("no", "no-store")
    events = events_of(response.get_data(as_text=True))
    assert [name for name, _ in events] == ["triage", "", "delta", "delta", "done"]
    assert events[1][1].startswith(":")
    assert json.loads(events[0][1]) == {"level": "urgent", "signs": ["severe-headache"]}
    assert "".join(json.loads(data)["text"] for name, data in events if name == "delta") == "Iron helps."
    done = json.loads(events[-1][1])
    assert done.keys() == BODY - {"answer"}
    assert done["call_id"] == CALL


ENDINGS = {
    "done": [Done(REPLY)], "failed": [Failed(NoProvider("gone"))], "raised": [TimedOut("late")],
    "a bug": [RuntimeError("secret")], "nothing": [], "more after done": [Done(REPLY), TextDelta("x"), Done(REPLY)],
    "more after failure": [Failed(Busy()), Done(REPLY)], "not a reply": [Done(None)]}  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_every_stream_ends_with_exactly_one_terminal_event(client: FlaskClient, service: FakeService,
                                                           ending: list[object]) -> None:
    service.chat_events = (TriageFound(TRIAGE), TextDelta("a"), Pulse(), *ending)
    text = client.post("/api/v1/chat", json={**ASK, "stream": True}).get_data(as_text=True)
    names = [name for name, _ in events_of(text)]
    assert len([name for name in names if name in {"done", "error"}]) == 1
    assert names[-1] in {"done", "error"}
    assert "secret" not in text


def test_a_failure_inside_a_stream_is_a_problem(client: FlaskClient, service: FakeService) -> None:
    service.chat_events = (TriageFound(TRIAGE), Failed(NoProvider("Everyone is down.")))
    response = client.post("/api/v1/chat", json={**ASK, "stream": True})
    body = json.loads(events_of(response.get_data(as_text=True))[-1][1])
    assert (body["code"], body["status"], body["retryable"]) == ("provider_unavailable", 503, True)
    assert body["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize("events", [[Failed(InvalidInput("no"))], [InvalidInput("no")]])
def test_a_failure_before_the_first_event_is_a_normal_error(client: FlaskClient, service: FakeService,
                                                            events: list[object]) -> None:
    service.chat_events = events
    check_problem(client.post("/api/v1/chat", json={**ASK, "stream": True}), 400, "invalid_input")


def test_a_stream_of_nothing_is_an_error(client: FlaskClient, service: FakeService) -> None:
    service.chat_events = ()
    check_problem(client.post("/api/v1/chat", json={**ASK, "stream": True}), 502)


def test_the_source_is_closed_when_the_client_goes_away(client: FlaskClient, service: FakeService) -> None:
    service.chat_events = (TriageFound(TRIAGE), *[Pulse()] * 1_000, Done(REPLY))
    response = client.post("/api/v1/chat", json={**ASK, "stream": True})
    chunks = iter(response.response)
    next(chunks)
    assert not service.closed.is_set()
    response.close()
    assert service.closed.is_set()


def test_the_source_is_closed_when_nothing_was_read_at_all(client: FlaskClient, service: FakeService) -> None:
    client.post("/api/v1/chat", json={**ASK, "stream": True}).close()
    assert service.closed.is_set()


def test_no_line_of_a_stream_is_broken_by_what_a_model_wrote(client: FlaskClient, service: FakeService) -> None:
    nasty = "a\n\ndata: x\r\nevent: done\u2028\u0085\ud800 </script>"
    service.chat_events = (TriageFound(TRIAGE), TextDelta(nasty), Done(REPLY))
    text = client.post("/api/v1/chat", json={**ASK, "stream": True}).get_data(as_text=True)
    events = events_of(text)
    assert [name for name, _ in events] == ["triage", "delta", "done"]
    assert json.loads(events[1][1])["text"] == nasty
    assert text.isascii()
