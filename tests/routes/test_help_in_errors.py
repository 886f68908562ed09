"""Whoever refuses a request, and for whatever reason: a danger sign in its words is answered with what it calls for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from chatbot.errors import LedgerUnavailable, NoProvider, Overloaded, TooLong
from routes.help_in_errors import CHARACTERS, OF_A_STRANGER, SURFACES
from tests.routes.accounts import PAGE, House, build
from tests.routes.conftest import AppMaker, FakeService
from tests.routes.test_every_surface import HAEMORRHAGE, HELP, IN_SWAHILI

CALM = "Why is iron given in pregnancy?"
Body = Callable[[str], dict[str, Any]]


def said(words: str) -> dict[str, Any]:
    return {"message": words}


def turn(words: str) -> dict[str, Any]:
    return {"model": "hybrid", "messages": [{"role": "user", "content": words}]}


WAYS: dict[str, tuple[str, Body]] = {
    "chat.chat": ("/api/v1/chat", said), "legacy.chat": ("/chat", said),
    "openai_compatible.complete": ("/v1/chat/completions", turn)}
EACH_WAY = pytest.mark.parametrize(("path", "body"), WAYS.values(), ids=WAYS)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return build(tmp_path)


def told(response: Any, status: int, level: str = "emergency") -> dict[str, Any]:
    problem: dict[str, Any] = response.get_json()
    assert (response.status_code, response.headers["X-Triage"]) == (status, level)
    assert response.mimetype == "application/problem+json"
    if level == "none":
        assert problem.keys().isdisjoint({"triage", "advice"})
    else:
        assert problem["triage"]["level"] == level
        assert problem["triage"]["signs"]
    return problem


def test_every_surface_is_tried() -> None:
    assert WAYS.keys() == SURFACES


@EACH_WAY
def test_a_field_that_does_not_exist_keeps_nobody_from_the_advice(client: FlaskClient, path: str, body: Body) -> None:
    problem = told(client.post(path, json={**body(HAEMORRHAGE), "colour": "red"}), 400)
    assert (problem["code"], problem["field"]) == ("unknown_field", "colour")
    assert HELP["en"] in problem["advice"]
    assert HELP["sw"] in told(client.post(path, json={**body(IN_SWAHILI), "colour": "red"}), 400)["advice"]
    told(client.post(path, json={**body(CALM), "colour": "red"}), 400, "none")


@EACH_WAY
@pytest.mark.parametrize(("fails", "status"), [
    (NoProvider(), 503), (Overloaded(), 503), (LedgerUnavailable(), 503), (TooLong(field="message"), 413),
    (RuntimeError("a bug"), 500)])
def test_whatever_fails_behind_it_the_advice_is_there(client: FlaskClient, service: FakeService, path: str, body: Body,
                                                      fails: Exception, status: int) -> None:
    service.fails = fails
    assert HELP["en"] in told(client.post(path, json=body(HAEMORRHAGE)), status)["advice"]
    told(client.post(path, json=body(CALM)), status, "none")


@EACH_WAY
def test_who_has_asked_too_often_and_who_has_no_key_are_told_too(house: House, path: str, body: Body) -> None:
    client = house.client(house.key("educator", per_minute=1))
    assert client.post(path, json=body(CALM)).status_code == 200
    assert HELP["en"] in told(client.post(path, json=body(HAEMORRHAGE)), 429)["advice"]
    for secret in ("", house.expired_key(), house.revoked_key(), "fm_abcd2345_" + "x" * 43):
        assert HELP["en"] in told(house.client(secret).post(path, json=body(HAEMORRHAGE)), 401)["advice"]


def test_of_a_stranger_only_the_end_is_read(house: House) -> None:
    filler = "iron is in green leaves. " * (OF_A_STRANGER // 25)
    told(house.client().post("/api/v1/chat", json=said(f"{HAEMORRHAGE}. {filler}")), 401, "none")
    told(house.client().post("/api/v1/chat", json=said(f"{filler}{HAEMORRHAGE}")), 401)
    longer = "iron is in green leaves. " * (CHARACTERS // 25)
    asked = house.client(house.key()).post("/api/v1/chat", json={**said(f"{longer}{HAEMORRHAGE}"), "colour": 1})
    told(asked, 400)


def test_a_lesser_sign_is_told_as_what_it_is(client: FlaskClient) -> None:
    wrong = {"message": "i am pregnant and it burns when i pee", "colour": 1}
    problem = told(client.post("/api/v1/chat", json=wrong), 400, "urgent")
    assert HELP["en"] not in problem["advice"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"message": "bleeding', b"\xff", b'{"message": 1, "message": 2}'])
def test_what_cannot_be_read_is_not_called_calm(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/v1/chat", data=body, content_type="application/json")
    assert response.status_code == 400
    assert "X-Triage" not in response.headers


def test_a_body_that_is_too_large_is_not_read_for_it(make_app: AppMaker) -> None:
    client = make_app(max_body_bytes=1_000).test_client()
    response = client.post("/api/v1/chat", json={"message": HAEMORRHAGE * 40})
    assert response.status_code == 413
    assert "X-Triage" not in response.headers


def test_no_other_route_and_no_answer_speaks_of_it(client: FlaskClient) -> None:
    assert "X-Triage" not in client.get("/v1/models").headers
    assert "X-Triage" not in client.post("/api/v1/estimate", json={"message": HAEMORRHAGE, "x": 1}).headers
    assert "advice" not in client.post("/api/v1/chat", json=said(HAEMORRHAGE)).get_json()


@pytest.mark.parametrize("refused", ["too often", "signed out"])
def test_a_form_without_a_script_comes_back_with_its_words_and_the_advice(house: House, refused: str) -> None:
    client = house.signed_in()
    form = {"message": HAEMORRHAGE, "lang": "en"}
    if refused == "too often":
        statuses = [client.post("/", data={**form, "message": CALM}, headers=PAGE).status_code for _ in range(60)]
        assert 429 in statuses
    else:
        client = house.client()
    response = client.post("/", data=form, headers=PAGE)
    page = response.get_data(as_text=True)
    assert (response.status_code, response.mimetype) == ({"too often": 429, "signed out": 401}[refused], "text/html")
    assert {"too often": "Wait a minute", "signed out": "You are no longer signed in"}[refused] in page
    assert f">\n{HAEMORRHAGE}</textarea>" in page
    assert '<section class="banner emergency">' in page
    assert ("Retry-After" in response.headers) == (refused == "too often")
