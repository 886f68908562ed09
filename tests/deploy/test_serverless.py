"""The handlers of serverless platforms, called with the platforms' own events, and Google's framework run for real."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask import request

from bench.served import free_port
from chatbot.accounts.keys import Keys
from chatbot.accounts.seal import Seal
from config import EX_CONFIG, Settings
from deploy.aws_lambda import answer
from deploy.serverless import LOST, serverless_settings
from run import create_app
from tests.chatbot.documents.forms import CARD_EN, as_docx
from tests.house import make_settings
from tests.postgres import Cluster

ROOT = Path(__file__).parents[2]
ASK = {"message": "Why are iron and folic acid tablets given?"}


def format_2(method: str, path: str, body: str | None = None, *, query: str = "", encoded: bool = False,
             stage: str = "$default", **headers: str) -> dict[str, Any]:
    """An event of a Function URL or an HTTP API, as AWS documents payload format 2.0."""
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "cookies": ["a=1", "b=2"],
        "headers": {"host": "x.lambda-url.eu-west-1.on.aws", "content-type": "application/json",
                    "x-forwarded-for": "203.0.113.9", **headers},
        "requestContext": {"accountId": "anonymous", "domainName": "x.lambda-url.eu-west-1.on.aws", "stage": stage,
                           "http": {"method": method, "path": path, "protocol": "HTTP/1.1",
                                    "sourceIp": "198.51.100.7", "userAgent": "a test"},
                           "requestId": "id", "timeEpoch": 1_795_000_000_000},
        **({} if body is None else {"body": body}), "isBase64Encoded": encoded}


def format_1(method: str, path: str, body: str | None = None, *, query: dict[str, list[str]] | None = None,
             encoded: bool = False, **headers: str) -> dict[str, Any]:
    """An event of a REST API, as AWS documents payload format 1.0."""
    sent = {"Host": "x.execute-api.eu-west-1.amazonaws.com", "Content-Type": "application/json", **headers}
    return {
        "resource": "/{proxy+}", "path": path, "httpMethod": method, "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None if query is None else {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query, "pathParameters": {"proxy": path}, "stageVariables": None,
        "requestContext": {"stage": "prod", "path": f"/prod{path}", "httpMethod": method,
                           "identity": {"sourceIp": "198.51.100.7", "userAgent": "a test"}},
        "body": body, "isBase64Encoded": encoded}


@dataclass(frozen=True)
class Site:
    """The app as it is on a platform: AUTH=on, and an admin's key."""

    app: APIFlask
    key: str

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        told = f"Bearer {self.key}"
        many = {"multiValueHeaders": {**event["multiValueHeaders"], "Authorization": [told]}} if (
            "multiValueHeaders" in event) else {}
        return answer(self.app, {**event, **many, "headers": {**event["headers"], "authorization": told}})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    app = create_app(make_settings(tmp_path_factory.mktemp("lambda"), auth="on", secret_key="s", host="0.0.0.0"))

    @app.after_request
    def _bake(response: Any) -> Any:
        response.set_cookie("one", "1")
        response.set_cookie("two", request.remote_addr or "")
        return response

    keys = Keys(app.extensions["funza"].service.engine, Seal("s"))
    return Site(app, keys.create("a test", "admin", expires_at=None).secret)


@pytest.mark.parametrize("event", [
    format_2("POST", "/api/v1/chat", json.dumps(ASK)), format_1("POST", "/api/v1/chat", json.dumps(ASK)),
    format_2("POST", "/prod/api/v1/chat", json.dumps(ASK), stage="prod"),
    format_2("POST", "/api/v1/chat", base64.b64encode(json.dumps(ASK).encode()).decode(), encoded=True)],
    ids=["2.0", "1.0", "2.0 with a stage", "2.0 in base64"])
def test_a_question_is_answered_in_the_format_it_came_in(site: Site, event: dict[str, Any]) -> None:
    said = site.answer(event)
    assert (said["statusCode"], said["isBase64Encoded"]) == (200, False)
    assert json.loads(said["body"])["provider"] == "curated"
    headers = said["headers"] if "version" in event else said["multiValueHeaders"]
    assert "X-Request-Id" in headers
    assert ("multiValueHeaders" in said) == ("version" not in event)
    json.dumps(said)


def test_an_uploaded_file_arrives_byte_for_byte(site: Site) -> None:
    data = as_docx(CARD_EN)
    body = (b"--b\r\nContent-Disposition: form-data; name=\"document_type\"\r\n\r\nantenatal_card\r\n"
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"card.docx\"\r\n\r\n" + data
            + b"\r\n--b--\r\n")
    event = format_2("POST", "/api/v1/extractions", base64.b64encode(body).decode(), encoded=True,
                     **{"content-type": "multipart/form-data; boundary=b"})
    said = site.answer(event)
    assert {name: one["value"] for name, one in json.loads(said["body"])["values"].items()} == CARD_EN.says


def test_a_query_may_name_a_parameter_twice_and_is_refused_as_everywhere(site: Site) -> None:
    assert site.answer(format_1("GET", "/api/v1/usage", query={"by": ["day"]}))["statusCode"] == 200
    assert site.answer(format_1("GET", "/api/v1/usage", query={"by": ["day", "model"]}))["statusCode"] == 400
    assert site.answer(format_2("GET", "/api/v1/usage", query="by=day&by=model"))["statusCode"] == 400


def test_what_is_no_text_comes_in_base64(site: Site) -> None:
    said = site.answer(format_2("GET", "/", **{"accept-encoding": "gzip"}))
    assert said["statusCode"] == 200
    page = base64.b64decode(said["body"]) if said["isBase64Encoded"] else said["body"].encode()
    assert page
    assert ("Content-Encoding" in said["headers"]) == said["isBase64Encoded"]


def test_each_cookie_is_a_cookie_of_its_own_and_the_client_is_who_aws_saw(site: Site) -> None:
    cookies = site.answer(format_2("GET", "/livez"))["cookies"]
    assert cookies == ["one=1; Path=/", "two=198.51.100.7; Path=/"]
    older = site.answer(format_1("GET", "/livez", **{"X-Forwarded-For": "203.0.113.9"}))
    assert older["multiValueHeaders"]["Set-Cookie"] == cookies


def test_without_a_key_nobody_gets_in(site: Site) -> None:
    assert answer(site.app, format_2("POST", "/api/v1/chat", json.dumps(ASK)))["statusCode"] == 401


@pytest.mark.parametrize("event", [
    {}, {"Records": []}, {"version": "2.0"}, {"httpMethod": "GET"}, {"source": "aws.events"},
    format_2("POST", "/x", "not base64!", encoded=True)])
def test_an_event_that_is_no_http_request_is_answered_and_not_raised(site: Site, event: dict[str, Any]) -> None:
    assert answer(site.app, event)["statusCode"] == 400


def _settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_on_a_platform_a_sqlite_file_is_refused_with_what_would_be_lost() -> None:
    environ = {"AWS_LAMBDA_FUNCTION_NAME": "funza"}
    with pytest.raises(ValueError, match="PostgreSQL") as caught:
        serverless_settings(environ, lambda **v: _settings(auth="on", secret_key="s", database_url="sqlite:////tmp/f.db",
                                                           **v))
    assert str(caught.value) == LOST
    with pytest.raises(ValueError, match="AUTH=off"):
        serverless_settings(environ, lambda **v: _settings(database_url="postgresql+psycopg://x/y", **v))
    made = serverless_settings({"K_SERVICE": "funza"}, lambda **v: _settings(
        auth="on", secret_key="s", database_url="postgresql+psycopg://x/y", **v))
    assert made.local_engine == "off"
    assert Path(made.outbox_dir).is_relative_to("/tmp")
    assert serverless_settings({}, _settings).is_loopback


def test_a_wrong_setting_ends_a_cold_start_with_one_line(tmp_path: Path) -> None:
    event = format_2("GET", "/livez")
    ended = subprocess.run([sys.executable, "-c", f"from deploy.aws_lambda import handler; handler({event!r}, None)"],
                           cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
                           env={**os.environ, "PYTHONPATH": str(ROOT), "AWS_LAMBDA_FUNCTION_NAME": "funza",
                                "AUTH": "on", "SECRET_KEY": "x", "DATABASE_URL": "sqlite:////tmp/lost.db"})
    assert ended.returncode == EX_CONFIG
    assert ended.stderr.strip() == f"funza: wrong setting: {LOST}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_cold_start_on_postgresql_writes_nothing_beside_its_code(postgres: Cluster, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "tmp").mkdir()
    event = json.dumps(format_2("GET", "/readyz"))
    ended = subprocess.run(
        [sys.executable, "-c", "import json, sys, time; t = time.time(); from deploy.aws_lambda import handler; "
         "e = json.loads(sys.argv[1]); a = handler(e, None); c = time.time(); b = handler(e, None); "
         "print(json.dumps([a['statusCode'], b['statusCode'], c - t, time.time() - c]))", event],
        cwd=tmp_path / "task", capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AWS_LAMBDA_FUNCTION_NAME": "funza", "AUTH": "on",
             "SECRET_KEY": "x", "DATABASE_URL": postgres.new_database(), "TMPDIR": str(tmp_path / "tmp")})
    assert ended.returncode == 0, ended.stderr
    first, second, cold, warm = json.loads(ended.stdout)
    assert (first, second) == (200, 200)
    assert warm < cold
    assert list((tmp_path / "task").iterdir()) == []


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Google's framework, serving our function on a loopback port."""
    pytest.importorskip("functions_framework")
    folder, port = tmp_path_factory.mktemp("google"), free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "functions_framework", "--source", str(ROOT / "deploy" / "google_cloud_function.py"),
         "--target", "funza", "--host", "127.0.0.1", "--port", str(port)], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={
            **os.environ, "PYTHONPATH": str(ROOT), "LOCAL_ENGINE": "off", "MODEL_DIR": str(folder), "AUTH": "off",
            "DATABASE_URL": f"sqlite:///{folder / 'funza.db'}"})
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and child.poll() is None:
            try:
                urllib.request.urlopen(f"{url}/livez", timeout=30).close()
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        yield url
    finally:
        child.terminate()
        child.wait(10)


def _send(url: str, data: bytes | None = None, kind: str = "application/json") -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": kind}), timeout=60) as response:
        return json.load(response)


def test_googles_framework_serves_every_route(google: str) -> None:
    assert _send(f"{google}/api/v1/chat", json.dumps(ASK).encode())["provider"] == "curated"
    found = _send(f"{google}/api/v1/extractions", json.dumps(
        {"text": CARD_EN.text, "document_type": "antenatal_card"}).encode())
    assert {name: one["value"] for name, one in found["values"].items()} == CARD_EN.says
    with pytest.raises(urllib.error.HTTPError) as refused:
        _send(f"{google}/api/v1/chat", b'{"message": NaN}')
    assert json.load(refused.value)["code"] == "invalid_json"
