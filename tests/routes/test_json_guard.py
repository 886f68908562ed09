"""Bad bodies and bad queries: each is refused at the door, and nobody is asked (faults.md B01 to B19)."""

from __future__ import annotations

import gzip
import io
import json
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from routes.errors import InvalidJson
from routes.json_guard import MAX_DEPTH, parse
from tests.routes.conftest import AppMaker, FakeService, check_problem

ROUTES = ("/api/v1/chat", "/v1/chat/completions", "/chat")

NOT_JSON = {
    "100,000 open brackets": b"[" * 100_000,
    "5,000 nested objects": b'{"a":' * 5_000,
    "one level too deep": b'{"message":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "brackets after an unclosed string": b'{"message": "\\"' + b"[" * 100,
    "many escaped quotes, never closed": b'{"message": "' + b'\\"' * 200_000,
    "a whole number of 5,000 digits": b'{"message": ' + b"9" * 5_000 + b"}",
    "a whole number of 21 digits": b'{"message": -' + b"9" * 21 + b"}",
    "NaN": b'{"message": NaN}',
    "Infinity": b'{"message": -Infinity}',
    "1e400": b'{"message": 1e400}',
    "a lone surrogate": b'{"message": "\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff": "x"}',
    "an escaped NUL": b'{"message": "a\\u0000b"}',
    "an escaped NUL as a key": b'{"\\u0000": "b"}',
    "a NUL deep inside": b'{"message": [{"a": "\\u0000"}]}',
    "a raw NUL": b'{"message": "a\x00b"}',
    "a key twice": b'{"message": "x", "message": "y"}',
    "a key twice, once escaped": b'{"message": "x", "m\\u0065ssage": "y"}',
    "null": b"null",
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"1",
    "nothing": b"",
    "spaces": b"   ",
    "half an object": b'{"message": "x"',
    "two objects": b"{}{}",
    "a trailing comma": b'{"message": "x",}',
    "UTF-16": '{"message": "x"}'.encode("utf-16"),
    "UTF-32": '{"message": "x"}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"message": "x"}',
    "invalid UTF-8": b'{"message": "\xff"}',
    "overlong UTF-8": b'{"message": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"message": "\xed\xa0\x80"}',
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_plain_json_is_a_400(client: FlaskClient, service: FakeService, route: str,
                                                body: bytes) -> None:
    check_problem(client.post(route, data=body, content_type="application/json"), 400, "invalid_json")
    assert service.asked == []


@pytest.mark.parametrize("body", [b'{"a": "[[[[\\"{{{{"}', b'{"a": [1, -2, 3.5, true, null, "\xf0\x9f\x91\xb6"]}',
                                  b'{"a": "\\ud83d\\udc76"}', b'{"a": 9223372036854775807}'])
def test_ordinary_json_passes(body: bytes) -> None:
    assert parse(body) == json.loads(body)


def test_the_deepest_allowed_nesting_passes_and_one_more_does_not() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' * depth + b"1" + b"}" * depth

    assert parse(nested(MAX_DEPTH))
    with pytest.raises(InvalidJson):
        parse(nested(MAX_DEPTH + 1))


def test_a_refusal_never_repeats_what_was_sent(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat", data=b'{"message": secret-words}', content_type="application/json")
    assert "secret" not in response.get_data(as_text=True)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded",
                                          "multipart/form-data; boundary=x", "application/xml", "application/jsonx",
                                          "application/json; charset=utf-16"])
@pytest.mark.parametrize("route", ROUTES)
def test_another_content_type_is_a_415(client: FlaskClient, route: str, content_type: str | None) -> None:
    response = client.post(route, data=b'{"message": "x"}', content_type=content_type)
    check_problem(response, 415, "unsupported_media_type")


def test_the_charset_utf_8_may_be_named(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat", data=b'{"message": "x"}', content_type="application/json; charset=UTF-8")
    assert response.status_code == 200


@pytest.mark.parametrize("body", [b'{"message": "x"}', gzip.compress(b'{"message": "x"}'),
                                  gzip.compress(b" " * 10_000_000)], ids=["plain", "gzip", "bomb"])
def test_a_compressed_body_is_a_415(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/v1/chat", data=body, content_type="application/json",
                           headers={"Content-Encoding": "gzip"})
    check_problem(response, 415, "unsupported_media_type")


def test_a_body_over_the_limit_is_a_413(make_app: AppMaker) -> None:
    client = make_app(max_body_bytes=1_000).test_client()
    response = client.post("/api/v1/chat", json={"message": "x" * 1_000})
    check_problem(response, 413, "body_too_large")


def test_a_body_without_a_length_is_cut_at_the_limit(make_app: AppMaker) -> None:
    body = io.BytesIO(b'{"message": "' + b"x" * 1_000_000 + b'"}')
    response = make_app(max_body_bytes=1_000).test_client().post(
        "/api/v1/chat", content_type="application/json",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    check_problem(response, 413, "body_too_large")
    assert body.tell() < 100_000


@pytest.mark.parametrize("length", ["500", "-1", "1e3", "abc", ""])
def test_a_length_that_is_a_lie_is_a_400(client: FlaskClient, service: FakeService, length: str) -> None:
    response = client.post("/api/v1/chat", content_type="application/json", environ_overrides={
        "wsgi.input": io.BytesIO(b'{"message": "x"}'), "CONTENT_LENGTH": length})
    check_problem(response, 400)
    assert service.asked == []


@pytest.mark.parametrize(("sent", "content_type", "status"), [
    (b"message=a%00b", "application/x-www-form-urlencoded", 400),
    (b"a%00b=x", "application/x-www-form-urlencoded", 400),
    (b"message=" + b"x" * 2_000_000, "application/x-www-form-urlencoded", 413),
    (b"--x\r\n", "multipart/form-data; boundary=x", 415), (b"message=x", "text/plain", 415)])
def test_a_pages_form_is_guarded_too(client: FlaskClient, service: FakeService, sent: bytes, content_type: str,
                                     status: int) -> None:
    check_problem(client.post("/", data=sent, content_type=content_type), status)
    assert service.asked == []


EXTRA = ("role", "is_admin", "cost", "user", "api_base", "api_key", "base_url", "extra_headers", "system", "__class__")


@pytest.mark.parametrize("name", EXTRA)
def test_a_field_that_does_not_exist_is_refused_by_name(client: FlaskClient, service: FakeService, name: str) -> None:
    body = check_problem(client.post("/api/v1/chat", json={"message": "x", name: "y"}), 400, "unknown_field")
    assert body["field"] == name
    assert service.asked == []


@pytest.mark.parametrize(("query", "code"), [
    ("?x=1", "unknown_field"), ("?by=model&by=day", "unknown_field"), ("?by=cost_nano_usd", "invalid_input"),
    ("?by=", "invalid_input"), ("?by=provider' or 1=1--", "invalid_input"), ("?limit=-1", "unknown_field"),
    ("?since=0000-01-01", "invalid_input"), ("?since=9999-99-99", "invalid_input"), ("?since=1e9", "invalid_input"),
    ("?since=1000000-01-01", "invalid_input"), ("?since=NaN", "invalid_input"), ("?since=1767225600", "invalid_input"),
    ("?since=2026-01-01T00:00:00", "invalid_input"), ("?since=２０２６-01-01", "invalid_input"),
    ("?since=2026-02-30", "invalid_input"), ("?since=%00", "invalid_input"), ("?page=NaN", "unknown_field")])
def test_a_wrong_query_is_a_400(client: FlaskClient, query: str, code: str) -> None:
    check_problem(client.get(f"/api/v1/usage{query}"), 400, code)


@pytest.mark.parametrize("path", ["/api/v1/providers?x=1", "/v1/models?api_key=x"])
def test_a_query_where_none_is_taken_is_a_400(client: FlaskClient, path: str) -> None:
    check_problem(client.get(path), 400, "unknown_field")


@pytest.mark.parametrize("path", [
    "/api/v1/chat/..%2f", "/api/v1/chat%00", "/%c0%ae%c0%ae/etc/passwd", "//api/v1/chat", "/api/v1//chat",
    "/api/v1/chat/", "/api/v1/chat.", "/api/v1/chat/1%2F2", "/api/v1/nothing", "/API/V1/CHAT", "/static/..%2fconfig.py",
    "/static/%00", "/get_quiz_", "/get_quiz_death", "/get_quiz_birth%00", "/get_quiz_' or 1=1--", "/get_quiz_birth/x"])
def test_a_path_that_leads_nowhere_is_a_404(client: FlaskClient, path: str) -> None:
    response = client.open(environ_overrides={"PATH_INFO": unquote(path, "latin-1")})
    check_problem(response, 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [
    ("TRACE", "/api/v1/chat"), ("GET", "/api/v1/chat"), ("HEAD", "/api/v1/chat"), ("PUT", "/api/v1/chat"),
    ("DELETE", "/v1/chat/completions"), ("POST", "/v1/models"), ("POST", "/livez"), ("PROPFIND", "/chat"),
    ("post", "/api/v1/chat"), ("get", "/livez")])
def test_a_wrong_method_is_a_405_that_says_which_are_right(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, environ_overrides={"REQUEST_METHOD": method})
    assert response.status_code == 405
    assert response.headers["Allow"]
    if method != "HEAD":
        check_problem(response, 405, "method_not_allowed")


def test_a_method_cannot_be_overridden(client: FlaskClient, service: FakeService) -> None:
    response = client.get("/livez", headers={"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE"})
    assert response.status_code == 200
    response = client.get("/api/v1/chat", headers={"X-HTTP-Method-Override": "POST"})
    check_problem(response, 405)
    assert service.asked == []


def test_a_get_with_a_body_is_a_400(client: FlaskClient) -> None:
    check_problem(client.get("/api/v1/providers", data=b"{}", content_type="application/json"), 400, "unexpected_body")


@pytest.mark.parametrize("headers", [
    {"Range": "bytes=0-9999999999"}, {"Accept": "image/*"}, {"Accept-Language": "x" * 4_000 + ";q=nan"},
    {"Cookie": "session=" + "x" * 5_000}, {"Last-Event-ID": "9" * 5_000}, {"If-None-Match": "'"},
    {"X-Forwarded-For": "' or 1=1--"}, {"Authorization": "Bearer ' or 1=1--"}, {"Authorization": "Basic %%%"},
    {"X-Request-Id": "forged\u2028line"}, {"User-Agent": "\x1b[31m"}])
@pytest.mark.parametrize("path", ["/api/v1/providers", "/livez", "/get_quiz_birth"])
def test_odd_headers_change_nothing(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    wire = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert client.get(path, headers=wire).status_code == 200
