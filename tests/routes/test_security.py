"""A browser that visits a bad site must not reach a server without keys, and our pages must not be framed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.routes.conftest import AppMaker, FakeService, check_problem

ASK = {"message": "Why iron?"}


@pytest.mark.parametrize("path", ["/livez", "/api/v1/providers", "/nothing", "/docs", "/openapi.json"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
                 "frame-ancestors 'none'", "img-src 'self' data:"):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_no_answer_may_be_read_by_another_site(client: FlaskClient, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (client.get("/livez", headers=preflight), client.options("/api/v1/chat", headers=preflight)):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "odd"},
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:9"}, {"Origin": "//["},
    {"Origin": "http://localhost.evil.example"}])
@pytest.mark.parametrize("path", ["/api/v1/chat", "/v1/chat/completions", "/chat", "/"])
def test_another_site_cannot_make_us_work(client: FlaskClient, service: FakeService, path: str,
                                          headers: dict[str, str]) -> None:
    check_problem(client.post(path, json=ASK, headers=headers), 403, "cross_site")
    assert service.asked == []


@pytest.mark.parametrize("headers", [
    {}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"}])
def test_our_own_pages_and_programs_may_ask(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/chat", json=ASK, headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.io",
                                  "192.168.0.2", "[::ffff:10.0.0.1]", "0.0.0.0"])
def test_a_name_that_is_not_loopback_is_refused(client: FlaskClient, host: str) -> None:
    check_problem(client.get("/api/v1/providers", headers={"Host": host}), 421, "wrong_host")


@pytest.mark.parametrize("host", ["a b", "[", "a\x00b", "é", "x" * 5_000, "@", "localhost:99999"])
def test_a_broken_host_header_is_never_a_500(client: FlaskClient, host: str) -> None:
    status = client.get("/livez", headers={"Host": host.encode().decode("latin-1")}).status_code
    assert status in {200, 400, 421}


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "127.8.8.8", "[::1]:8000",
                                  "LOCALHOST"])
def test_every_loopback_name_is_ours(client: FlaskClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


KEYS = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer  x"}, {"X-API-Key": "' or 1=1--"},
        {"Authorization": "Basic eDp5"}, {"Cookie": "session=x"}]


@pytest.mark.parametrize("headers", KEYS)
@pytest.mark.parametrize("path", ["/api/v1/providers", "/api/v1/usage", "/v1/models", "/get_quiz_birth", "/metrics",
                                  "/docs", "/openapi.json", "/", "/api/v1/providers?api_key=x"])
def test_with_auth_on_nobody_gets_in_without_a_key_that_we_know(make_app: AppMaker, path: str,
                                                                headers: dict[str, str]) -> None:
    response = make_app(auth="on").test_client().get(path, headers=headers)
    check_problem(response, 401, "unauthorised")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_with_auth_on_no_model_is_asked(make_app: AppMaker, service: FakeService) -> None:
    client = make_app(auth="on").test_client()
    for path in ("/api/v1/chat", "/v1/chat/completions", "/chat"):
        check_problem(client.post(path, json=ASK), 401)
    assert service.asked == []


def test_with_auth_on_the_liveness_probe_still_answers(make_app: AppMaker) -> None:
    client = make_app(auth="on", host="0.0.0.0").test_client()
    assert client.get("/livez", headers={"Host": "funza.example"}).status_code == 200
