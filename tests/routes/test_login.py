"""Signing in on the pages: a fresh session for each browser, nothing for another site, and no lock-out of the owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from routes.credentials import COOKIE
from tests.effort import are_equal_effort
from tests.routes.accounts import OWN, PAGE, PASSWORD, House, build, sign_in
from tests.routes.conftest import check_problem

ASK = {"message": "Why iron?"}
CHAT = "/?lang=en"
QUIZ = "/get_quiz_birth"
ATTRIBUTES = {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return build(tmp_path)


@pytest.fixture
def amina(house: House) -> FlaskClient:
    return house.signed_in()


def session_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_a_stranger_who_opens_a_page_is_sent_to_sign_in_and_a_program_is_told(house: House) -> None:
    response = house.client().get("/", headers=PAGE)
    assert (response.status_code, response.headers["Location"]) == (303, "/login?next=/")
    check_problem(house.client().get("/"), 401, "unauthorised")
    check_problem(house.client().get("/", headers={"Accept": "application/json"}), 401)
    check_problem(house.client().post("/", data={"message": "Hi"}), 401)


@pytest.mark.parametrize(("lang", "title"), [("en", "Sign in"), ("sw", "Ingia")])
def test_the_form_is_in_the_language_of_the_page_and_says_who_can_help(house: House, lang: str, title: str) -> None:
    response = house.client().get(f"/login?lang={lang}")
    text = response.get_data(as_text=True)
    assert response.status_code == 200
    assert f"<h1>{title}</h1>" in text
    assert 'autocomplete="current-password"' in text
    assert "<script" not in text
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(("lang", "words"), [
    ("en", "go to the nearest health facility now"), ("sw", "nenda kituo cha afya")])
def test_help_in_danger_is_on_the_page_before_anyone_signs_in(house: House, lang: str, words: str) -> None:
    assert words in house.client().get(f"/login?lang={lang}").get_data(as_text=True)


def test_whoever_signs_in_may_ask_and_the_ledger_knows_her(house: House, amina: FlaskClient) -> None:
    assert amina.get("/", headers=PAGE).status_code == 200
    assert amina.post("/", data={"message": "Why iron?"}, headers=PAGE).status_code == 200
    assert amina.post("/api/v1/chat", json=ASK, headers=OWN).status_code == 200
    assert [how["principal"] for _, how in house.service.asked] == [house.people.all()[0].id] * 2


def test_a_role_holds_for_a_session_too(house: House, amina: FlaskClient) -> None:
    check_problem(amina.get("/api/v1/usage"), 403, "role_too_low")
    admin = house.signed_in("admin", "grace")
    assert admin.get("/api/v1/providers").status_code == 200


def test_the_cookies_are_out_of_reach_of_scripts_other_sites_and_plain_http(house: House) -> None:
    house.people.add("amina", PASSWORD, "learner")
    cookies = sign_in(house.client()).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        parts = {part.strip() for part in cookie.split(";")}
        assert cookie.startswith("__Host-funza")
        assert parts >= ATTRIBUTES
        assert not any(part.startswith("Domain") for part in parts)


def test_each_sign_in_is_a_new_session_and_ends_the_one_before(amina: FlaskClient, house: House) -> None:
    first = session_of(amina)
    sign_in(amina)
    assert session_of(amina) != first
    assert house.client(HTTP_COOKIE=f"{COOKIE}={first}").get(QUIZ).status_code == 401


def test_a_session_that_somebody_planted_is_worth_nothing_before_and_after(house: House) -> None:
    house.people.add("amina", PASSWORD, "learner")
    client = house.client()
    client.set_cookie(COOKIE, "planted-by-an-attacker", domain="localhost")
    assert client.get(QUIZ).status_code == 401
    sign_in(client)
    assert session_of(client) != "planted-by-an-attacker"
    assert house.client(HTTP_COOKIE=f"{COOKIE}=planted-by-an-attacker").get(QUIZ).status_code == 401


@pytest.mark.parametrize("change", [lambda value: value[:-1], lambda value: value + "A", str.swapcase,
                                    lambda _: "x" * 5_000])
def test_a_cookie_that_was_tampered_with_opens_nothing(amina: FlaskClient, house: House, change: Any) -> None:
    cookie = f"{COOKIE}={change(session_of(amina))}"
    assert house.client(HTTP_COOKIE=cookie).get(QUIZ).status_code == 401


def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(amina: FlaskClient, house: House) -> None:
    copied = session_of(amina)
    response = amina.post("/logout", data={"lang": "en"}, headers=PAGE)
    assert response.status_code == 303
    assert amina.get_cookie(COOKIE) is None
    assert house.client(HTTP_COOKIE=f"{COOKIE}={copied}").get(QUIZ).status_code == 401


def test_a_new_password_ends_old_sessions_at_the_next_request(amina: FlaskClient, house: House) -> None:
    house.people.set_password("amina", "another long password")
    check_problem(amina.get(QUIZ), 401)
    assert amina.get("/", headers=PAGE).headers["Location"].startswith("/login")


def test_the_page_has_a_button_to_sign_out_only_for_who_is_signed_in(amina: FlaskClient, tmp_path: Path) -> None:
    assert 'action="/logout"' in amina.get("/", headers=PAGE).get_data(as_text=True)
    open_house = build(tmp_path, auth="off")
    assert 'action="/logout"' not in open_house.client().get("/").get_data(as_text=True)


FROM_ELSEWHERE = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"},
                  {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/localhost"}, {"Referer": "["},
                  {}]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
@pytest.mark.parametrize("path", ["/", "/chat", "/api/v1/chat", "/logout"])
def test_another_site_cannot_use_a_session(amina: FlaskClient, house: House, path: str,
                                           headers: dict[str, str]) -> None:
    check_problem(amina.post(path, json=ASK, headers=headers), 403, "cross_site")
    check_problem(amina.post(path, data='{"message": "Hi"}', content_type="text/plain", headers=headers), 403)
    assert house.service.asked == []
    assert amina.get(QUIZ).status_code == 200


@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
def test_another_site_cannot_sign_a_browser_in(house: House, headers: dict[str, str]) -> None:
    house.people.add("mallory", PASSWORD, "learner")
    response = sign_in(house.client(), "mallory", headers=headers)
    check_problem(response, 403, "cross_site")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("headers", [OWN, {"Origin": "http://localhost"}, {"Referer": "http://localhost/"}])
def test_our_own_pages_may_use_a_session_in_new_and_old_browsers(amina: FlaskClient, headers: dict[str, str]) -> None:
    assert amina.post("/chat", json=ASK, headers=headers).status_code == 200


def test_nothing_changes_by_a_get(amina: FlaskClient) -> None:
    check_problem(amina.get("/logout"), 405)
    assert amina.get(QUIZ).status_code == 200


@pytest.mark.parametrize(("name", "password"), [
    ("amina", "wrong password 1"), ("nobody", PASSWORD), ("", ""), ("' or 1=1--", "' or 1=1--"),
    ("\u202e", "xyzzy-xyzzy")])
def test_a_wrong_name_reads_like_a_wrong_password(house: House, name: str, password: str) -> None:
    house.people.add("amina", PASSWORD, "learner")
    page = sign_in(house.client(), name, password)
    assert (page.status_code, page.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "The name or the password is wrong" in page.get_data(as_text=True)
    assert "Set-Cookie" not in page.headers
    if password:
        assert password not in page.get_data(as_text=True)
    body = check_problem(sign_in(house.client(), name, password, headers=OWN), 401, "wrong_sign_in")
    assert body["detail"] == "The name or the password is wrong"


def test_a_wrong_name_takes_as_long_as_a_wrong_password(house: House) -> None:
    house.people.add("amina", PASSWORD, "learner")
    addresses = (f"192.0.2.{last}" for last in range(1, 255))

    def fail(name: str) -> None:
        sign_in(house.client(REMOTE_ADDR=next(addresses)), name, "wrong password 1")

    assert are_equal_effort(lambda: fail("nobody"), lambda: fail("amina"), 9)


def test_a_name_with_markup_is_shown_as_text(house: House) -> None:
    text = sign_in(house.client(), '"><script>alert(1)</script>').get_data(as_text=True)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_guessing_a_password_is_stopped_and_the_owner_still_gets_in_on_her_own_device(house: House) -> None:
    own_device = house.signed_in()
    own_device.post("/logout", data={"lang": "en"}, headers=PAGE)
    guesses = [sign_in(house.client(REMOTE_ADDR=f"192.0.2.{n}"), password=f"wrong password {n}") for n in range(30)]
    assert {guess.status_code for guess in guesses[:9]} == {401}
    assert {guess.status_code for guess in guesses[10:]} == {429}
    assert int(guesses[-1].headers["Retry-After"]) >= 1
    assert "Too many tries" in guesses[-1].get_data(as_text=True)
    check_problem(sign_in(house.client(), headers=OWN), 429, "too_many_requests")
    assert sign_in(own_device).status_code == 303


def test_a_known_device_is_known_for_one_account_and_has_a_limit_of_its_own(house: House) -> None:
    device = house.signed_in()
    statuses = [sign_in(device, password=f"wrong password {n}").status_code for n in range(12)]
    assert statuses == [401] * 9 + [429] * 3 or statuses == [401] * 10 + [429] * 2
    house.people.add("grace", PASSWORD, "learner")
    for n in range(11):
        sign_in(house.client(REMOTE_ADDR=f"192.0.2.{n}"), "grace", f"wrong password {n}")
    assert sign_in(device, "grace").status_code == 429


def test_a_device_cookie_that_we_did_not_sign_counts_for_nothing(house: House) -> None:
    house.people.add("amina", PASSWORD, "learner")
    statuses = []
    for n in range(15):
        client = house.client(REMOTE_ADDR=f"192.0.2.{n}")
        client.set_cookie("__Host-funza-device", f"made.up.{n}", domain="localhost")
        statuses.append(sign_in(client, password=f"wrong password {n}").status_code)
    assert statuses[-1] == 429


def test_guessing_at_many_accounts_from_one_address_is_stopped_and_spares_known_devices(house: House) -> None:
    device = house.signed_in()
    device.post("/logout", data={"lang": "en"}, headers=PAGE)
    statuses = [sign_in(house.client(), f"someone{n}", "wrong password 1").status_code for n in range(62)]
    assert (statuses[59], statuses[-1]) == (401, 429)
    assert sign_in(device).status_code == 303


def test_a_class_that_signs_in_from_one_address_is_not_stopped(house: House) -> None:
    for n in range(12):
        house.people.add(f"learner{n}", PASSWORD, "learner")
    assert {sign_in(house.client(), f"learner{n % 12}").status_code for n in range(24)} == {303}


@pytest.mark.parametrize(("wanted", "goes_to"), [
    ("/docs", "/docs"), ("/api/v1/usage", "/api/v1/usage"), ("//evil.example", CHAT), ("/\\evil.example", CHAT),
    ("https://evil.example", CHAT), ("/x//y", CHAT), ("javascript:alert(1)", CHAT), ("", CHAT),
    ("/a\r\nSet-Cookie: x=y", CHAT), ("/" + "a" * 100_000 + "!", "/" + "a" * 199)])
def test_after_signing_in_she_is_where_she_wanted_to_be_and_never_elsewhere(house: House, wanted: str,
                                                                            goes_to: str) -> None:
    house.people.add("amina", PASSWORD, "learner")
    response = house.client().post("/login", headers=PAGE, data={
        "name": "amina", "password": PASSWORD, "lang": "en", "next": wanted})
    assert (response.status_code, response.headers["Location"]) == (303, goes_to)


def test_without_auth_there_is_nothing_to_sign_in_to(tmp_path: Path) -> None:
    client = build(tmp_path, auth="off", secret_key="").client()
    for response in (client.get("/login"), sign_in(client), client.post("/logout", data={"lang": "en"}, headers=PAGE)):
        assert (response.status_code, response.headers["Location"].partition("?")[0]) == (303, "/")


def test_no_name_and_no_password_is_in_any_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    house.people.add("amina", PASSWORD, "learner")
    with capture_logs() as lines:
        for n in range(12):
            sign_in(house.client(), "amina", f"canary-password-{n}")
    logged = caplog.text + str(lines)
    assert "sign-in" in logged  # the limit says that it was reached
    assert "canary-password" not in logged
    assert "amina" not in logged
