"""Consent and receipts over HTTP: whose they are, what is refused, and the page's button without a script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from chatbot.accounts.principal import LOCAL
from chatbot.database import new_id, now
from chatbot.privacy.consent import Consents, purposes
from chatbot.privacy.receipts import ReceiptSeal
from chatbot.privacy.tables import RECEIPTS
from chatbot.safety.levels import NO_SIGNS
from chatbot.usage.tables import ATTEMPTS, CALLS
from tests.routes.accounts import OWN, SECRET_KEY, House, build
from tests.routes.conftest import CALL, CONVERSATION, REPLY, FakeService, check_problem

URL = "/api/v1/consents"
YES = {"conversation_id": CONVERSATION, "purpose": "chat_cloud", "version": 1, "given": True}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return build(tmp_path, receipt_text=True, cloud_policy="ask")


# --- consent ---
def test_every_purpose_comes_with_its_text_in_both_languages_and_where_one_stands(client: FlaskClient) -> None:
    body = client.get(f"{URL}?conversation_id={CONVERSATION}").get_json()
    assert {one["purpose"] for one in body["consents"]} == set(purposes())
    assert all(one["text"]["en"] and one["text"]["sw"] and one["state"] == "not_given" for one in body["consents"])
    assert body["policy"] == "allowed"


def test_a_yes_and_its_withdrawal_are_told_back(client: FlaskClient) -> None:
    given = client.post(URL, json=YES).get_json()
    assert (given["state"], given["purpose"]) == ("given", "chat_cloud")
    taken = client.post(URL, json={**YES, "given": False}).get_json()
    assert taken["state"] == "withdrawn"
    assert taken["withdrawn_at"] >= taken["given_at"]
    (state,) = [one for one in client.get(f"{URL}?conversation_id={CONVERSATION}").get_json()["consents"]
                if one["purpose"] == "chat_cloud"]
    assert state == taken


@pytest.mark.parametrize(("changed", "field"), [
    ({"purpose": "everything"}, "purpose"), ({"version": 2}, "version"), ({"version": "1"}, "version"),
    ({"given": "yes"}, "given"), ({"given": None}, "given"), ({"conversation_id": "x"}, "conversation_id"),
    ({"conversation_id": None}, "conversation_id"), ({"principal": "somebody"}, "principal")])
def test_what_is_no_clear_yes_is_refused_and_nothing_is_written(
        client: FlaskClient, service: FakeService, changed: dict[str, Any], field: str) -> None:
    problem = check_problem(client.post(URL, json={**YES, **changed}), 400)
    assert problem["field"] == field
    assert Consents(service.engine).given("chat", LOCAL.id, CONVERSATION) is None


def test_one_persons_yes_is_not_anothers(house: House) -> None:
    one, other = house.client(house.key()), house.client(house.key())
    assert one.post(URL, json=YES).get_json()["state"] == "given"
    states = other.get(f"{URL}?conversation_id={CONVERSATION}").get_json()["consents"]
    assert {state["state"] for state in states} == {"not_given"}
    other.post(URL, json={**YES, "given": False})
    (mine,) = [state for state in one.get(f"{URL}?conversation_id={CONVERSATION}").get_json()["consents"]
               if state["purpose"] == "chat_cloud"]
    assert mine["state"] == "given"


# --- receipts ---
def call_of(house: House, principal: str, left: bytes = b'{"messages":[]}') -> str:
    """One answered call of a principal, with the receipt of its one try."""
    call, attempt, at = new_id(), new_id(), now()
    with house.service.engine.begin() as connection:
        connection.execute(insert(CALLS).values(
            id=call, started_at=at, day=at.date(), feature="chat", strategy="hybrid", principal=principal,
            state="answered", worker="a test"))
        connection.execute(insert(ATTEMPTS).values(
            id=attempt, call_id=call, ordinal=1, day=at.date(), provider="together", model="m", state="settled",
            cost_state="unpriced", started_at=at, worker="a test"))
        connection.execute(insert(RECEIPTS).values(
            attempt_id=attempt, call_id=call, at=at, provider="together", model="m", purpose="chat", reason="consent",
            sha256="0" * 64, size=len(left), redacted='{"phone": 2}', sealed=ReceiptSeal(SECRET_KEY).close(left)))
    return call


def test_a_receipt_is_for_who_made_the_call_and_for_admins_without_its_text(house: House) -> None:
    secret = house.key()
    principal = house.keys.principal_of(secret)
    assert principal is not None
    path = f"/api/v1/calls/{call_of(house, principal.id)}/receipts"
    (own,) = house.client(secret).get(path).get_json()["receipts"]
    assert (own["text"], own["redacted"], own["left"]) == ('{"messages":[]}', {"phone": 2}, "yes")
    (seen,) = house.client(house.key("admin")).get(path).get_json()["receipts"]
    assert (seen["text"], seen["sha256"]) == (None, own["sha256"])
    for stranger in (house.key("learner"), house.key("educator")):
        check_problem(house.client(stranger).get(path), 404, "not_found")


@pytest.mark.parametrize("call_id", [CALL, "x", "0" * 400, "%00", "' OR 1=1 --"])
def test_a_call_that_is_not_there_is_404(client: FlaskClient, call_id: str) -> None:
    check_problem(client.get(f"/api/v1/calls/{call_id}/receipts"), 404)


def test_a_text_that_another_secret_key_sealed_is_shown_as_gone(house: House) -> None:
    secret = house.key()
    principal = house.keys.principal_of(secret)
    assert principal is not None
    call = call_of(house, principal.id)
    with house.service.engine.begin() as connection:
        connection.execute(RECEIPTS.update().values(sealed=ReceiptSeal("another").close(b"x")))
    (own,) = house.client(secret).get(f"/api/v1/calls/{call}/receipts").get_json()["receipts"]
    assert own["text"] is None


# --- the page, without a script ---
def page(client: FlaskClient, service: FakeService, state: str, lang: str = "en", **reply: Any) -> str:
    service.consent = state
    service.reply = replace(REPLY, **{"cloud_consent": state, "triage": NO_SIGNS, **reply})
    return client.post("/", data={"message": "Why iron?", "lang": lang}, headers=OWN).get_data(as_text=True)


def test_the_page_offers_a_cloud_only_where_it_is_asked_for(client: FlaskClient, service: FakeService) -> None:
    assert 'id="consent"' not in page(client, service, "not_asked")
    needed = page(client, service, "needed")
    assert purposes()["chat_cloud"].en in needed.replace("&#39;", "'")
    assert 'name="given" value="true"' in needed
    assert 'name="given" value="false"' in page(client, service, "given")
    assert "Ruhusu modeli" in page(client, service, "needed", lang="sw")


def test_an_emergency_is_no_moment_to_ask_for_consent(client: FlaskClient, service: FakeService) -> None:
    emergency = replace(NO_SIGNS, level="emergency")
    assert 'id="consent"' not in page(client, service, "needed", triage=emergency)


def test_before_there_is_a_conversation_the_button_waits_hidden(client: FlaskClient, service: FakeService) -> None:
    service.consent = "needed"
    body = client.get("/").get_data(as_text=True)
    assert '<form id="consent" method="post" action="/consent" hidden>' in body


@pytest.mark.parametrize(("given", "state"), [("true", True), ("false", False), ("", False)])
def test_the_button_writes_the_answer_down_and_keeps_the_question(
        client: FlaskClient, service: FakeService, given: str, state: bool) -> None:
    service.consent = "needed"
    form = {"conversation_id": CONVERSATION, "version": "1", "given": given, "message": "Why iron?", "lang": "en"}
    response = client.post("/consent", data=form, headers=OWN)
    assert response.status_code == 200
    assert ">\nWhy iron?</textarea>" in response.get_data(as_text=True)
    assert (Consents(service.engine).given("chat", LOCAL.id, CONVERSATION) is not None) is state


def test_a_button_that_was_tampered_with_is_an_error_on_the_page(client: FlaskClient, service: FakeService) -> None:
    for form in ({"given": "true", "version": "x", "conversation_id": CONVERSATION},
                 {"given": "true", "version": "1", "conversation_id": "<b>"}, {"given": "true"}):
        assert client.post("/consent", data=form, headers=OWN).status_code == 400
    assert client.post("/consent", data={"given": "true"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
