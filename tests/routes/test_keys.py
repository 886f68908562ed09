"""Keys at the door: every way to send one, every way to get it wrong, and how often."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from structlog.testing import capture_logs

from chatbot.usage.tables import CALLS
from config import Settings
from run import create_app
from tests.routes.accounts import OWN, SECRET_KEY, House, build
from tests.routes.conftest import check_problem

ASK = {"message": "Why iron?"}
QUIZ = "/get_quiz_birth"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return build(tmp_path)


def test_a_key_is_taken_from_either_header(house: House) -> None:
    secret, client = house.key(), house.client()
    for headers in ({"Authorization": f"Bearer {secret}"}, {"Authorization": f"bearer {secret}"},
                    {"X-API-Key": secret}, {"X-API-Key": secret, "Authorization": f"Bearer {secret}"}):
        assert client.get(QUIZ, headers=headers).status_code == 200


def test_two_different_credentials_are_a_400_also_when_both_are_good(house: House) -> None:
    one, other = house.key(), house.key()
    client = house.signed_in()
    for headers in ({"X-API-Key": one, "Authorization": f"Bearer {other}"}, {"X-API-Key": f"{one},{one}"},
                    {"Authorization": f"Bearer {one},Bearer {one}"}):
        check_problem(house.client().get(QUIZ, headers=headers), 400, "conflicting_credentials")
    check_problem(client.get(QUIZ, headers={"X-API-Key": one}), 400, "conflicting_credentials")


@pytest.mark.parametrize("headers", [
    {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp5"},
    {"Authorization": "' or 1=1--"}, {"Authorization": "Bearer ' or 1=1--"}, {"X-API-Key": "x" * 5_000},
    {"X-API-Key": "' or 1=1--"}, {"Authorization": "Bearer fm_abcd2345_" + "x" * 43}, {"Cookie": "__Host-funza=x"},
    {"Cookie": "__Host-funza=" + "x" * 5_000}, {"Cookie": "session=x"}, {"Authorization": ""}, {}])
def test_what_is_no_key_of_ours_is_a_401_that_says_how_to_send_one(house: House, headers: dict[str, str]) -> None:
    response = house.client().get(QUIZ, headers=headers)
    assert check_problem(response, 401, "unauthorised")["remedy"]
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_with_a_space_too_many_is_refused(house: House) -> None:
    check_problem(house.client().get(QUIZ, headers={"Authorization": f"Bearer  {house.key()}"}), 401)


def test_expired_revoked_and_unknown_keys_read_the_same(house: House) -> None:
    unknown = "fm_abcd2345_" + "x" * 43
    bodies = [check_problem(house.client(secret).get(QUIZ), 401) for secret in (
        unknown, house.expired_key(), house.revoked_key())]
    assert len({(body["detail"], body["remedy"]) for body in bodies}) == 1


def test_a_revoked_key_is_refused_at_the_next_request_also_by_another_worker(tmp_path: Path) -> None:
    one, other = build(tmp_path), build(tmp_path)
    made = one.keys.create("a test", "learner", expires_at=None)
    assert [house.client(made.secret).get(QUIZ).status_code for house in (one, other)] == [200, 200]
    one.keys.revoke(made.key.prefix)
    assert [house.client(made.secret).get(QUIZ).status_code for house in (one, other)] == [401, 401]


@pytest.mark.parametrize("name", ["api_key", "apikey", "key", "token", "access_token", "API_KEY", "x-api-key", "q"])
@pytest.mark.parametrize("path", [QUIZ, "/api/v1/providers", "/"])
def test_a_key_in_an_address_is_refused_and_never_logged(house: House, name: str, path: str,
                                                         caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = house.key("admin")
    with capture_logs() as lines:
        for client in (house.client(), house.client(secret)):
            response = client.get(f"{path}?{name}={secret}")
            check_problem(response, 401, "unauthorised")
            assert secret not in response.get_data(as_text=True) + str(response.headers)
    assert secret not in caplog.text + str(lines)


def test_a_key_shows_in_no_log_of_a_request_that_fails(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = house.key()
    house.service.fails = RuntimeError("boom")
    with capture_logs() as lines:
        assert house.client(secret).post("/api/v1/chat", json=ASK).status_code == 500
    logged = caplog.text + str(lines)
    assert "unforeseen_error" in logged
    assert secret not in logged
    assert secret.split("_", 2)[2] not in logged


def test_the_ledger_is_told_whose_key_it_was(house: House) -> None:
    made = house.keys.create("a test", "educator", expires_at=None)
    client = house.client(made.secret)
    client.post("/api/v1/chat", json=ASK)
    client.post("/chat", json=ASK)
    client.post("/v1/chat/completions", json={"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}]})
    assert [how["principal"] for _, how in house.service.asked] == [made.key.id] * 3


def test_the_row_of_a_call_names_the_key_that_asked(tmp_path: Path) -> None:
    house = build(tmp_path)
    made = house.keys.create("a test", "learner", expires_at=None)
    app = create_app(Settings(_env_file=None, database_url=str(house.service.engine.url), local_engine="off", auth="on",
                              secret_key=SECRET_KEY))
    for message in ("Why are iron and folic acid tablets given?", "I am pregnant and bleeding a lot"):
        answer = app.test_client().post("/api/v1/chat", json={"message": message}, headers={"X-API-Key": made.secret})
        assert answer.status_code == 200
    with house.service.engine.connect() as connection:
        assert set(connection.scalars(select(CALLS.c.principal))) == {made.key.id}
    app.extensions["funza"].service.close()


def test_a_key_needs_no_page_of_ours_to_send_from(house: House) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert house.client(house.key()).post("/api/v1/chat", json=ASK, headers=headers).status_code == 200


def test_without_its_database_nobody_gets_in_and_the_probe_lives(house: House, tmp_path: Path) -> None:
    secret = house.key()
    house.service.engine = create_engine(f"sqlite:///{tmp_path}/no/such/folder.db")
    check_problem(house.client(secret).get(QUIZ), 503, "ledger_unavailable")
    check_problem(house.client("' or 1=1--").get(QUIZ), 401)
    assert house.client().get("/livez").status_code == 200


def test_a_principal_has_so_many_costly_requests_a_minute_over_all_routes(house: House) -> None:
    secret = house.key("educator", per_minute=4)
    client = house.client(secret)
    complete = {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}]}
    statuses = [client.post(path, json=body).status_code for path, body in (
        ("/api/v1/chat", ASK), ("/chat", ASK), ("/v1/chat/completions", complete), ("/api/v1/chat", ASK))]
    assert statuses == [200] * 4
    response = client.post("/api/v1/chat", json=ASK)
    body = check_problem(response, 429, "too_many_requests")
    assert body["retryable"] is True
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert len(house.service.asked) == 4
    assert "error" in client.post("/v1/chat/completions", json=complete).get_json()
    assert client.get(QUIZ).status_code == 200
    assert house.client(house.key()).post("/api/v1/chat", json=ASK).status_code == 200


def test_two_headers_of_one_key_share_one_count(house: House) -> None:
    secret = house.key(per_minute=2)
    client = house.client()
    ways = [{"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}]
    assert [client.post("/chat", json=ASK, headers=way).status_code for way in ways] == [200, 200, 429]


def test_guessing_keys_is_slowed_and_a_good_key_from_the_same_address_is_not(house: House) -> None:
    secret = house.key()
    guesses = [house.client(f"fm_abcd2345_{number:043d}").get(QUIZ) for number in range(70)]
    assert [guess.status_code for guess in guesses] == [401] * 60 + [429] * 10
    assert int(guesses[-1].headers["Retry-After"]) >= 1
    assert house.client(secret).get(QUIZ).status_code == 200
    elsewhere = house.client(f"fm_abcd2345_{7:043d}", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get(QUIZ).status_code == 401


def test_one_customer_of_an_ipv6_network_is_one_address(house: House) -> None:
    statuses = [house.client(f"fm_abcd2345_{n:043d}", REMOTE_ADDR=f"2001:db8:1:2::{n:x}").get(QUIZ).status_code
                for n in range(61)]
    assert statuses[-1] == 429


def test_without_auth_there_is_no_limit_and_everyone_is_local(tmp_path: Path) -> None:
    house = build(tmp_path, auth="off")
    client = house.client()
    assert {client.post("/chat", json=ASK, headers=OWN).status_code for _ in range(70)} == {200}
    assert house.service.asked[0][1]["principal"] == "local"


def test_the_api_document_says_how_to_send_a_key_and_who_may(house: House) -> None:
    document = house.client(house.key()).get("/openapi.json").get_json()
    assert document["components"]["securitySchemes"].keys() == {"bearer", "apiKey", "session"}
    chat, live = document["paths"]["/api/v1/chat"]["post"], document["paths"]["/livez"]["get"]
    assert (chat["x-role"], chat["security"]) == ("learner", [{"bearer": []}, {"apiKey": []}, {"session": []}])
    assert (live["x-role"], live["security"]) == ("public", [])
    assert not re.search(r"fm_[a-z0-9]{8}_", str(document))
