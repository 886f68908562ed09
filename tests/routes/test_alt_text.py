"""Alt text over HTTP: the real app, a provider on a real socket, and every bad picture with its status."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from run import create_app
from tests.chatbot.images.bad_pictures import BAD_NAMES, BAD_PICTURES, BadPicture
from tests.chatbot.images.good_pictures import jpeg, png, telling
from tests.chatbot.images.seeing import GOOD, clouds, said
from tests.house import make_settings
from tests.loopback import Answer, LoopbackProvider
from tests.loopback.wire import pictures
from tests.routes.accounts import House, build
from tests.routes.conftest import check_problem

URL = "/api/v1/alt-text"


@pytest.fixture(scope="module")
def upstream() -> Iterator[LoopbackProvider]:
    with LoopbackProvider(behaviour=Answer(said())) as running:
        yield running


@pytest.fixture(scope="module")
def client(upstream: LoopbackProvider, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    settings = make_settings(tmp_path_factory.mktemp("app"), max_upload_bytes=12_000_000, **clouds(upstream))
    return create_app(settings).test_client()


@pytest.fixture(autouse=True)
def _forget(upstream: LoopbackProvider) -> None:
    upstream.reset().always(Answer(said()))


def send(client: FlaskClient, data: bytes, name: str = "box.png", headers: Any = None, **fields: str) -> Any:
    return client.post(URL, data={"file": (io.BytesIO(data), name), **fields}, content_type="multipart/form-data",
                       headers=headers)


def test_a_picture_goes_in_and_an_alt_text_comes_out(client: FlaskClient, upstream: LoopbackProvider) -> None:
    response = send(client, telling(), "IMG_2041.jpg", people="none", context="Hygiene lesson", audience="mothers")
    assert response.status_code == 200
    body = response.get_json()
    assert body.pop("call_id")
    assert body.pop("cost_usd") == body["usage"]["cost_usd"] > 0
    assert body.pop("usage")["cost_state"] == body.pop("cost_state") == "exact"
    assert body == {"alt_text": GOOD, "long_description": "", "decorative": False, "provider": "openai",
                    "model": "gpt-4.1-mini", "provenance": "cloud", "fell_back": False,
                    "warnings": [{"rule": "text-told", "message": body["warnings"][0]["message"]}]}
    (received,) = upstream.requests
    assert b"Exif" not in pictures(received.body)[0]
    assert "IMG_2041" not in str(received.body["messages"][0]["content"][1])
    assert "Hygiene lesson" in str(received.body["messages"][0]["content"][1])


def test_the_answer_is_what_the_api_document_says(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    described = document["paths"][URL]["post"]
    assert described["requestBody"]["content"].keys() == {"multipart/form-data"}
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    assert list(validator.iter_errors(send(client, png(), people="none").get_json())) == []


def test_without_a_word_on_people_the_picture_stays_and_the_remedy_says_so(
        client: FlaskClient, upstream: LoopbackProvider) -> None:
    body = check_problem(send(client, png()), 503, "no_model_that_sees")
    assert "people=none" in body["remedy"]
    assert upstream.requests == []


def test_with_nothing_set_up_it_is_a_503_with_the_remedy(tmp_path: Path) -> None:
    bare = create_app(make_settings(tmp_path)).test_client()
    body = check_problem(send(bare, png(), people="none"), 503, "no_model_that_sees")
    assert "ALT_TEXT_MODEL" in body["remedy"]


def test_when_no_model_keeps_the_rules_it_is_a_502_without_their_words(
        client: FlaskClient, upstream: LoopbackProvider) -> None:
    upstream.always(Answer(said("Image of Amina Wanjiru.")))
    body = check_problem(send(client, png(), people="none"), 502, "not_described")
    assert "no-identity" in body["detail"]
    assert "Amina" not in str(body)


def test_the_same_request_sent_twice_under_one_key_is_paid_for_once(
        client: FlaskClient, upstream: LoopbackProvider) -> None:
    same, other = {"Idempotency-Key": "one"}, {"Idempotency-Key": "two"}
    first, again = (send(client, png(), people="none", headers=same) for _ in range(2))  # each with its own boundary
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert len(upstream.requests) == 1
    check_problem(send(client, jpeg(), "box.jpg", people="none", headers=same), 422, "idempotency_key_reused")
    check_problem(send(client, png(), people="none", language="sw", headers=same), 422, "idempotency_key_reused")
    assert send(client, png(), people="none", headers=other).status_code == 200


@pytest.mark.parametrize(("fields", "field"), [
    ({"language": "fr"}, "language"), ({"people": "no"}, "people"), ({"strategy": "magic"}, "strategy"),
    ({"is_admin": "1"}, "is_admin"), ({"context": "x" * 2_001}, "context"), ({"audience": "x" * 201}, "audience")])
def test_a_wrong_field_is_named(client: FlaskClient, upstream: LoopbackProvider, fields: dict[str, str],
                                field: str) -> None:
    response = send(client, png(), **fields)
    assert response.status_code == (413 if len(str(fields)) > 200 else 400)
    assert response.get_json(force=True)["field"] == field
    assert upstream.requests == []


def test_json_and_forms_without_a_file_are_refused(client: FlaskClient) -> None:
    check_problem(client.post(URL, json={"url": "http://169.254.169.254/"}), 415, "unsupported_media_type")
    check_problem(client.post(URL, data={"people": "none"}, content_type="multipart/form-data"), 400)
    two = {"file": [(io.BytesIO(png()), "a.png"), (io.BytesIO(png()), "b.png")]}
    check_problem(client.post(URL, data=two, content_type="multipart/form-data"), 400, "unknown_field")


@pytest.mark.parametrize("bad", BAD_PICTURES, ids=[bad.id for bad in BAD_PICTURES])
def test_a_bad_picture_is_a_problem_with_its_status_and_no_call(
        client: FlaskClient, upstream: LoopbackProvider, bad: BadPicture) -> None:
    data = bad.make()
    began = time.perf_counter()
    body = check_problem(send(client, data, bad.name, people="none"), bad.status, bad.code)
    assert time.perf_counter() - began < 15
    assert body["remedy"]
    assert upstream.requests == []


def test_a_file_over_the_limit_is_a_413(client: FlaskClient) -> None:
    check_problem(send(client, b"\xff\xd8\xff" + b"\0" * 12_000_000, "a.jpg"), 413)


@pytest.mark.parametrize("name", [*BAD_NAMES, 'x\r\nSet-Cookie: a=b\r\n.png'])
def test_a_file_name_is_never_given_back(client: FlaskClient, name: str) -> None:
    response = send(client, png(), name, people="none")
    assert response.status_code in {200, 400, 415}  # 400: a line break in a name breaks the form
    assert name not in response.get_data(as_text=True)
    assert name not in str(response.headers)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("house"))


def test_a_learner_and_a_stranger_are_not_let_in(house: House) -> None:
    check_problem(send(house.client(house.key("learner")), jpeg(), "a.jpg"), 403, "role_too_low")
    check_problem(send(house.client(), jpeg(), "a.jpg"), 401, "unauthorised")
