"""OpenAI's chat completions: the shapes, the limits, and the official client against a served app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai
import pytest
from flask.testing import FlaskClient

from chatbot.calling.completion import CompletionDone, Failed, Pulse, TextDelta
from chatbot.errors import Busy, NoProvider, Truncated, UnknownModel
from chatbot.providers.interface import Message
from tests.routes.conftest import CALL, COMPLETION, STARTED, FakeService, check_problem, events_of, unpriced

URL = "/v1/chat/completions"
USER = {"role": "user", "content": "Hi"}
ASK: dict[str, Any] = {"model": "hybrid", "messages": [USER]}
USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}


def ask(client: FlaskClient, **change: Any) -> Any:
    return client.post(URL, json={**ASK, **change})


def test_a_completion_has_openais_shape(client: FlaskClient) -> None:
    body = ask(client).get_json()
    assert body.keys() == {"id", "object", "created", "model", "choices", "usage"}
    assert (body["id"], body["object"], body["model"]) == (f"chatcmpl-{CALL}", "chat.completion", "llama")
    assert body["choices"] == [{"index": 0, "logprobs": None, "finish_reason": "stop",
                                "message": {"role": "assistant", "content": "Hello there", "refusal": None}}]
    assert body["usage"] == USAGE


def test_headers_say_what_the_shape_cannot(client: FlaskClient) -> None:
    headers = ask(client).headers
    assert (headers["X-Provider"], headers["X-Fell-Back"], headers["X-Call-Id"]) == ("together", "true", CALL)
    assert (headers["X-Triage"], headers["X-Cost-USD"]) == ("urgent", "0.000003500")


BLEEDING = {"role": "user", "content": "I am pregnant and bleeding heavily"}


@pytest.mark.parametrize("wrong", [{"temperature": 9}, {"tools": []}, {"n": 2}, {"model": ""}, {"stream": "yes"}])
def test_a_bad_request_says_all_the_same_that_it_speaks_of_an_emergency(client: FlaskClient,
                                                                        wrong: dict[str, Any]) -> None:
    response = ask(client, messages=[BLEEDING], **wrong)
    assert (response.status_code, response.headers["X-Triage"]) == (400, "emergency")
    parts = {"role": "user", "content": [{"type": "text", "text": BLEEDING["content"]}, {"type": "image_url"}, 7]}
    assert ask(client, messages=[parts, {"role": 4}, None, {"role": "user", "content": 5}]).headers[
        "X-Triage"] == "emergency"


@pytest.mark.parametrize("fails", [NoProvider(), UnknownModel(field="model"), Busy(), Truncated()])
@pytest.mark.parametrize("stream", [False, True])
def test_whatever_fails_the_header_is_there(client: FlaskClient, service: FakeService, fails: Exception,
                                            stream: bool) -> None:
    service.fails = fails
    response = ask(client, messages=[BLEEDING], stream=stream)
    assert response.status_code >= 400
    assert response.headers["X-Triage"] == "emergency"


@pytest.mark.parametrize("body", ["", "[]", '{"messages": 5}', '{"messages": {"role": "user"}}', "null"])
def test_a_body_that_holds_no_turns_is_a_400_and_breaks_nothing(client: FlaskClient, body: str) -> None:
    assert client.post(URL, data=body, content_type="application/json").status_code == 400


def test_the_list_of_models_has_no_triage(client: FlaskClient) -> None:
    assert "X-Triage" not in client.get("/v1/models").headers


def test_an_unknown_price_has_no_cost_header(client: FlaskClient, service: FakeService) -> None:
    service.completion = unpriced()
    assert "X-Cost-USD" not in ask(client).headers


def test_what_was_asked_reaches_the_front_door(client: FlaskClient, service: FakeService) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    messages = [{"role": "developer", "content": "Be kind."}, USER, {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": [{"type": "text", "text": "Why "}, {"type": "text", "text": "iron?"}]}]
    response = ask(client, messages=messages, model="together/meta-llama/Llama-3.3-70B", max_completion_tokens=7,
                   temperature=1, top_p=0.5, seed=3, stop="END", user="someone", n=1, frequency_penalty=0,
                   response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    assert response.status_code == 200
    assert service.asked == [(
        (Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Yes?"),
         Message("user", "Why iron?")),
        {"model": "together/meta-llama/Llama-3.3-70B", "max_tokens": 7, "temperature": 1.0, "top_p": 0.5, "seed": 3,
         "stop": ("END",), "schema": schema, "principal": "local"})]


def test_a_message_that_we_sent_can_be_sent_back(client: FlaskClient) -> None:
    ours = ask(client).get_json()["choices"][0]["message"]
    assert ask(client, messages=[USER, ours, USER]).status_code == 200


def test_what_was_left_out_is_left_to_the_front_door(client: FlaskClient, service: FakeService) -> None:
    assert ask(client, temperature=0, seed=0, top_p=None).status_code == 200
    assert service.asked[0][1] == {"model": "hybrid", "temperature": 0.0, "seed": 0, "stop": (),
                                   "principal": "local"}


@pytest.mark.parametrize("asked", [{"type": "text"}, None])
def test_free_text_has_no_schema(client: FlaskClient, service: FakeService, asked: object) -> None:
    assert ask(client, response_format=asked).status_code == 200
    assert "schema" not in service.asked[0][1]


def test_json_mode_asks_for_any_object(client: FlaskClient, service: FakeService) -> None:
    assert ask(client, response_format={"type": "json_object"}).status_code == 200
    assert service.asked[0][1]["schema"] == {"type": "object"}


SYSTEM = {"role": "system", "content": "s"}
ASSISTANT = {"role": "assistant", "content": "a"}
WRONG: list[dict[str, Any]] = [
    *({"temperature": value} for value in (-1, -0.1, 2.1, 1e9, "hot", "1", True, [])),
    *({"max_tokens": value} for value in (0, -1, 10**9, 1.5, "5", True)),
    *({"max_completion_tokens": value} for value in (0, 8_193, False)),
    {"max_tokens": 5, "max_completion_tokens": 6}, *({"n": value} for value in (0, 2, 100, True, "1")),
    *({"top_p": value} for value in (0, 1.1, -1, True)), *({"seed": value} for value in (-1, 2**31, 1.5, True)),
    *({"stop": value} for value in ("", ["a"] * 5, [""], [1], {"a": 1})), {"frequency_penalty": 0.5},
    {"presence_penalty": -1}, {"logprobs": True}, {"logprobs": 0}, {"store": True}, {"stream": "yes"}, {"stream": 1},
    {"stream_options": {"include_usage": True}}, {"stream": True, "stream_options": {"include_usage": 1}},
    {"messages": []}, {"messages": "hi"}, {"messages": [SYSTEM]}, {"messages": [SYSTEM, SYSTEM, USER]},
    {"messages": [USER, SYSTEM, USER]}, {"messages": [SYSTEM, {"role": "developer", "content": "d"}, USER]},
    {"messages": [USER, ASSISTANT]}, {"messages": [USER, {"role": "tool", "content": "t"}]},
    {"messages": [{"role": "function", "content": "t"}, USER]}, {"messages": [{"role": "User", "content": "t"}]},
    {"messages": [{"role": "user"}]}, {"messages": [{"role": "user", "content": None}]},
    {"messages": [{"role": "user", "content": ""}]}, {"messages": [{"role": "user", "content": "  "}]},
    {"messages": [{"role": "user", "content": []}]}, {"messages": [[USER]]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://10.0.0.1"}}]}]},
    {"model": None}, {"model": ""}, {"model": "../../x"}, {"model": "s3://x y"}, {"model": "x" * 201},
    {"response_format": {"type": "xml"}}, {"response_format": {"type": "json_schema"}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": []}}}]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_a_wrong_value_is_a_400(client: FlaskClient, service: FakeService, change: dict[str, Any]) -> None:
    body = check_problem(ask(client, **change), 400, "invalid_input")
    assert body["field"].split(".")[0] in change
    assert service.asked == []


@pytest.mark.parametrize("name", ["tools", "functions", "logit_bias", "api_base", "api_key", "base_url",
                                  "extra_headers", "user_id", "metadata", "n_discard", "role"])
def test_a_field_that_we_would_ignore_is_refused(client: FlaskClient, service: FakeService, name: str) -> None:
    check_problem(ask(client, **{name: "x"}), 400, "unknown_field")
    assert service.asked == []


@pytest.mark.parametrize("messages", [[USER] * 257, [USER] * 10_000, [{"role": "user", "content": "x" * 100_001}]],
                         ids=["257", "10,000", "long"])
def test_too_much_is_a_413(client: FlaskClient, service: FakeService, messages: list[Any]) -> None:
    check_problem(ask(client, messages=messages), 413, "too_long")
    assert service.asked == []


def test_an_unknown_model_is_a_404_as_with_openai(client: FlaskClient, service: FakeService) -> None:
    service.fails = UnknownModel(field="model")
    body = check_problem(ask(client), 404, "unknown_model")
    assert body["error"]["param"] == "model"


def chunks_of(response: Any) -> list[Any]:
    return [data if data == "[DONE]" else json.loads(data)
            for name, data in events_of(response.get_data(as_text=True)) if not data.startswith(":")]


def test_a_stream_is_the_role_the_text_the_end_and_done(client: FlaskClient) -> None:
    response = ask(client, stream=True)
    assert (response.mimetype, response.headers["X-Accel-Buffering"]) == ("text/event-stream", "no")
    assert (response.headers["X-Provider"], response.headers["X-Call-Id"]) == ("together", CALL)
    *chunks, end = chunks_of(response)
    assert end == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""}, {"content": "Hello "}, {"content": "there"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
    assert {(chunk["id"], chunk["object"], chunk["model"]) for chunk in chunks} == {
        (f"chatcmpl-{CALL}", "chat.completion.chunk", "llama")}
    assert not any("usage" in chunk for chunk in chunks)


def test_a_stream_ends_with_its_usage_when_asked(client: FlaskClient) -> None:
    *chunks, usage, end = chunks_of(ask(client, stream=True, stream_options={"include_usage": True}))
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (usage["choices"], usage["usage"], end) == ([], USAGE, "[DONE]")


def test_silence_inside_a_stream_is_a_heartbeat(client: FlaskClient) -> None:
    assert "\n: still here\n\n" in ask(client, stream=True).get_data(as_text=True)


@pytest.mark.parametrize("events", [[Failed(NoProvider())], [Pulse(), NoProvider()]])
def test_a_failure_before_the_text_is_a_normal_error(client: FlaskClient, service: FakeService,
                                                     events: list[Any]) -> None:
    service.call_events = events
    response = ask(client, stream=True)
    assert check_problem(response, 503)["error"]["type"] == "server_error"
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("events", [[], [Pulse()], [CompletionDone(COMPLETION)]])
def test_a_stream_that_never_starts_is_an_error(client: FlaskClient, service: FakeService, events: list[Any]) -> None:
    service.call_events = events
    check_problem(ask(client, stream=True), 502)


ENDINGS = {"failed": [Failed(Busy())], "raised": [Truncated()], "a bug": [KeyError("secret")], "nothing": [],
           "more after": [CompletionDone(COMPLETION), TextDelta("x"), CompletionDone(COMPLETION)]}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_every_stream_ends_exactly_once(client: FlaskClient, service: FakeService, ending: list[Any]) -> None:
    service.call_events = [STARTED, TextDelta("a"), *ending]
    response = ask(client, stream=True)
    chunks = chunks_of(response)
    ends = [chunk for chunk in chunks if chunk == "[DONE]" or "error" in chunk]
    assert ends == chunks[-1:]
    assert "secret" not in response.get_data(as_text=True)


def test_models_lists_the_names_that_may_be_sent(client: FlaskClient) -> None:
    body = client.get("/v1/models").get_json()
    assert body["object"] == "list"
    assert [(model["id"], model["owned_by"], model["state"]) for model in body["data"]] == [
        ("hybrid", "funza", "ready"), ("together/llama", "together", "not_configured")]


@pytest.fixture
def official(served: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served}/v1", api_key="none", max_retries=0, timeout=60) as client:
        yield client


def test_the_official_client_chats(official: openai.OpenAI) -> None:
    answer = official.chat.completions.with_raw_response.create(
        model="hybrid", messages=[{"role": "system", "content": "s"}, {"role": "user", "content": "Hi"}],
        temperature=0.1, max_tokens=5, stop=["x"], n=1, seed=1, user="u")
    completion = answer.parse()
    assert completion.choices[0].message.content == "Hello there"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 17
    assert answer.headers["x-provider"] == "together"


def test_the_official_client_streams_with_usage(official: openai.OpenAI) -> None:
    stream = official.chat.completions.create(model="local", messages=[{"role": "user", "content": "Hi"}], stream=True,
                                              stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello there"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5


def test_the_official_client_lists_models(official: openai.OpenAI) -> None:
    assert [model.id for model in official.models.list()] == ["hybrid", "together/llama"]


def test_the_official_client_raises_its_own_errors(official: openai.OpenAI, service: FakeService) -> None:
    with pytest.raises(openai.BadRequestError, match="temperature") as wrong:
        official.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}], temperature=9)
    assert (wrong.value.code, wrong.value.param, wrong.value.type) == (
        "invalid_input", "temperature", "invalid_request_error")
    service.fails = UnknownModel()
    with pytest.raises(openai.NotFoundError):
        official.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}])
    service.fails = NoProvider()
    with pytest.raises(openai.InternalServerError):
        official.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}])


def test_the_official_client_raises_when_a_stream_fails(official: openai.OpenAI, service: FakeService) -> None:
    service.call_events = [STARTED, TextDelta("a"), Failed(NoProvider("Everyone is down."))]
    stream = official.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}], stream=True)
    with pytest.raises(openai.APIError, match="Everyone is down"):
        list(stream)


def test_the_source_is_closed_when_the_official_client_leaves(official: openai.OpenAI, service: FakeService) -> None:
    service.call_events = [STARTED, *[TextDelta("a" * 1_000)] * 100_000, CompletionDone(replace(COMPLETION))]
    stream = official.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}], stream=True)
    next(iter(stream))
    stream.close()
    assert service.closed.wait(30)
