"""The API document: valid OpenAPI 3.1, complete, and true of what the routes really answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from sqlalchemy import insert

from chatbot.database import now
from chatbot.documents.tables import DOCUMENTS, PASSAGES
from tests.routes.conftest import FakeService
from tests.routes.quiz_story import TRIED_IN_THE_QUIZ_STORY

UNDOCUMENTED = ("/static/", "/docs", "/openapi.json")
PAGES = ("pages.", "sent.", "login.", "dashboard.", "take.", "studio", "clinical")
"""Files, and the document itself; the pages are for people."""
TRIED_AS_FILES = {("get", "/api/v1/quizzes/{quiz_id}/export"), ("post", "/api/v1/quizzes/import"),
                  ("post", "/api/v1/alt-text")}
"""In test_exports.py and test_alt_text.py."""
TRIED_WITH_A_RECORD = {
    ("get", "/api/v1/calls/{call_id}/receipts"), ("post", "/api/v1/escalations/{record}"),
    ("get", "/api/v1/conversations/{conversation_id}"), ("delete", "/api/v1/conversations/{conversation_id}"),
    ("get", "/api/v1/me/export"), ("delete", "/api/v1/me")}
"""In test_consents.py, test_escalations.py and test_my_data.py."""
TRIED_AS_PICTURES = {
    ("post", "/api/v1/images"), ("get", "/api/v1/images"), ("post", "/api/v1/images/edit"),
    ("get", "/api/v1/images/jobs/{job_id}"), ("delete", "/api/v1/images/jobs/{job_id}"),
    ("get", "/api/v1/images/{image_id}"), ("patch", "/api/v1/images/{image_id}"),
    ("delete", "/api/v1/images/{image_id}"), ("get", "/api/v1/images/{image_id}/file"),
    ("get", "/api/v1/images/{image_id}/note")}
"""In test_images.py."""
KEPT = "01JD0000000000000000000D0C"
"""A document that is there."""
ASK = {"message": "Why iron?"}
COMPLETE = {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}]}
EXTRACT = {"text": "Name: Asha Wanjiru", "document_type": "antenatal_card"}
CALLS: list[tuple[str, str, str, Any]] = [
    ("post", "/api/v1/chat", "/api/v1/chat", ASK), ("post", "/chat", "/chat", ASK),
    ("post", "/v1/chat/completions", "/v1/chat/completions", COMPLETE), ("get", "/v1/models", "/v1/models", None),
    ("get", "/api/v1/providers", "/api/v1/providers", None), ("get", "/api/v1/usage", "/api/v1/usage?by=day", None),
    ("get", "/api/v1/usage/savings", "/api/v1/usage/savings?by=language", None),
    ("post", "/api/v1/estimate", "/api/v1/estimate", ASK), ("get", "/api/v1/budgets", "/api/v1/budgets", None),
    ("put", "/api/v1/budgets", "/api/v1/budgets", {"window": "day", "limit_usd": "2.5"}),
    ("get", "/api/v1/conversations", "/api/v1/conversations", None),
    ("get", "/api/v1/consents", "/api/v1/consents", None),
    ("post", "/api/v1/consents", "/api/v1/consents", {"purpose": "openai_cloud", "version": 1, "given": True}),
    ("get", "/api/v1/escalations", "/api/v1/escalations?show=all", None),
    ("get", "/get_quiz_{stage}", "/get_quiz_birth", None), ("get", "/livez", "/livez", None),
    ("get", "/readyz", "/readyz", None),
    ("post", "/api/v1/documents", "/api/v1/documents", {"text": "Iron prevents anaemia.", "title": "Iron"}),
    ("get", "/api/v1/documents", "/api/v1/documents?limit=5", None),
    ("post", "/api/v1/extractions", "/api/v1/extractions", EXTRACT),
    ("get", "/api/v1/extractions/types", "/api/v1/extractions/types", None),
    ("get", "/api/v1/documents/{document_id}", f"/api/v1/documents/{KEPT}", None),
    ("delete", "/api/v1/documents/{document_id}", f"/api/v1/documents/{KEPT}", None)]


@pytest.fixture(autouse=True)
def _a_document_is_kept(service: FakeService) -> None:
    with service.engine.begin() as connection:
        connection.execute(insert(DOCUMENTS).values(
            id=KEPT, owner="local", sha256="0" * 64, title="Iron", kind="pdf", pages=1, characters=11, language="en",
            passages=1, created_at=now()))
        connection.execute(insert(PASSAGES).values(document_id=KEPT, number=1, page=1, text="Iron helps."))


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.mimetype == "application/json"
    return response.get_json()


def documented_routes(app: APIFlask) -> set[tuple[str, str]]:
    return {(method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)) for rule in app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
            if not rule.rule.startswith(UNDOCUMENTED) and not rule.endpoint.startswith(PAGES)}


def schema_for(document: dict[str, Any], response: dict[str, Any], mimetype: str) -> dict[str, Any]:
    return {**response["content"][mimetype]["schema"], "components": document["components"]}


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_of_the_app_is_in_the_document(app: APIFlask, document: dict[str, Any]) -> None:
    found = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert found == documented_routes(app)


def test_every_route_is_described_and_tells_of_problems(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"].endswith(".")
            assert {"4XX", "5XX"} <= operation["responses"].keys()
            assert "422" not in operation["responses"]


def test_every_documented_answer_is_tried_below(document: dict[str, Any]) -> None:
    tried = {(method, path) for method, path, _, _ in CALLS} | {("get", "/metrics")}
    tried |= TRIED_IN_THE_QUIZ_STORY | TRIED_AS_FILES | TRIED_WITH_A_RECORD | TRIED_AS_PICTURES
    assert tried == {(method, path) for path, operations in document["paths"].items() for method in operations}


@pytest.mark.parametrize(("method", "path", "url", "body"), CALLS, ids=[path for _, path, _, _ in CALLS])
def test_an_answer_is_what_the_document_says(client: FlaskClient, document: dict[str, Any], method: str, path: str,
                                             url: str, body: Any) -> None:
    response = client.open(url, method=method.upper(), json=body)
    described = document["paths"][path][method]["responses"][str(response.status_code)]
    assert response.status_code < 300
    if response.status_code == 204:
        assert response.data == b""
        return
    validator = Draft202012Validator(schema_for(document, described, "application/json"))
    assert list(validator.iter_errors(response.get_json())) == []
    for name in described.get("headers", {}):
        assert name in response.headers


@pytest.mark.parametrize(("method", "path", "url", "body"), CALLS, ids=[path for _, path, _, _ in CALLS])
def test_an_error_is_what_the_document_says(client: FlaskClient, document: dict[str, Any], method: str, path: str,
                                            url: str, body: Any) -> None:
    response = client.open(url, method=method.upper(), data=b"[]", content_type="application/json")
    assert response.status_code == 400
    described = document["paths"][path][method]["responses"]["4XX"]
    validator = Draft202012Validator(schema_for(document, described, "application/problem+json"))
    assert list(validator.iter_errors(response.get_json(force=True))) == []


@pytest.mark.parametrize(("path", "asked"), [("/api/v1/chat", ASK), ("/v1/chat/completions", COMPLETE), ("/chat", ASK)])
def test_what_a_client_sends_is_what_the_document_says(document: dict[str, Any], path: str, asked: Any) -> None:
    body = document["paths"][path]["post"]["requestBody"]
    assert body["required"] is True
    validator = Draft202012Validator(schema_for(document, body, "application/json"))
    assert list(validator.iter_errors(asked)) == []
    assert list(validator.iter_errors({**asked, "is_admin": True}))


def test_the_document_says_the_same_under_every_host_name(client: FlaskClient, document: dict[str, Any]) -> None:
    assert client.get("/openapi.json", headers={"Host": "127.0.0.1:9"}).get_json() == document
    assert document["servers"] == [{"url": "/"}]


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
def test_the_pages_load_nothing_from_elsewhere_and_run_nothing(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    text = page.get_data(as_text=True)
    assert page.mimetype == "text/html"
    assert "<script" not in text
    assert "style=" not in text
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith(("/", "#"))
        assert address.startswith("#") or client.get(address).status_code == 200


def test_the_page_shows_every_route_and_field(client: FlaskClient, document: dict[str, Any]) -> None:
    text = client.get("/docs").get_data(as_text=True)
    for path in document["paths"]:
        assert f"<code>{path}</code>" in text
    for name in ("conversation_id", "usage.cost_usd", "citations[].url", "X-Provider", "since", "stage"):
        assert f"<code>{name}</code>" in text
