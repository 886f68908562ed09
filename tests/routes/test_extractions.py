"""Extraction over HTTP: a text, a file or a stored document; hostile schemas; a price before and after."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from chatbot.documents.extractor import Extractor
from chatbot.usage.ledger import Ledger
from tests.chatbot.documents.bad_files import BAD_FILES, BadFile
from tests.chatbot.documents.forms import CARD_EN, CONSENT_EN, CONTRACT_KO, Form, as_docx, as_docx_table, as_pdf
from tests.routes.conftest import AppMaker, FakeService, check_problem

URL = "/api/v1/extractions"
PLAIN = {"type": "object", "properties": {"mother": {"type": "string"}}}
DEEP: dict[str, Any] = {"type": "string"}
for _ in range(12):
    DEEP = {"type": "object", "properties": {"a": DEEP}}
HOSTILE: dict[str, dict[str, Any]] = {
    "a remote $ref": {"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/latest"}}},
    "a $ref to a file": {"$ref": "file:///etc/passwd"},
    "a $ref to itself": {"$ref": "#"},
    "a circle of $refs": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "a $ref that grows": {"$defs": {"n": {"type": "object", "properties": {"l": {"$ref": "#/$defs/n"}}}},
                          "$ref": "#/$defs/n"},
    "twelve levels": DEEP,
    "ten thousand properties": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(10_000)}},
    "a bomb of $refs": {"$defs": {f"d{n}": {"type": "object", "properties": {
        name: {"$ref": f"#/$defs/d{n + 1}"} for name in "abcdefgh"}} for n in range(5)} | {"d5": {"type": "string"}},
        "$ref": "#/$defs/d0"},
    "a regex bomb": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
    "a regex bomb as a name": {"type": "object", "patternProperties": {"^(a+)+$": {"type": "string"}}},
    "no object": {"type": "string"}, "no property": {"type": "object", "properties": {}},
    "an unknown type": {"type": "object", "properties": {"a": {"type": "money"}}},
    "nothing at all": {},
    "a list where an object belongs": {"type": "object", "properties": []},
    "a number as a type": {"type": "object", "properties": {"a": {"type": 7}}},
    "a very long name": {"type": "object", "properties": {"a" * 1_000: {"type": "string"}}},
    "not a schema": {"type": "object", "properties": {"a": "b"}},
}


def send(client: FlaskClient, data: bytes, name: str, **fields: str) -> Any:
    return client.post(URL, data={"file": (io.BytesIO(data), name), **fields}, content_type="multipart/form-data")


def test_an_answer_has_each_value_with_its_quote_and_what_is_missing(client: FlaskClient, service: FakeService) -> None:
    body = client.post(URL, json={"text": CARD_EN.text, "document_type": "antenatal card"}).get_json()
    assert body["values"]["mother"]["evidence"] == {"page": 1, "quote": "Name: Asha Wanjiru"}
    assert (body["values"]["parity"]["value"], body["values"]["parity"]["reason"]) == (None, "not_given")
    assert (body["missing"], body["cost_state"], body["estimate_usd"]) == (["parity"], "exact", 0.002)
    (order, _), = service.asked
    assert (order.document_type, order.language, order.principal) == ("antenatal_card", "en", "local")


def test_a_dry_run_tells_the_price_and_asks_nobody(client: FlaskClient, service: FakeService) -> None:
    body = client.post(URL, json={"text": "Name: Asha", "schema": PLAIN, "dry_run": True}).get_json()
    assert (body["dry_run"], body["estimate_usd"], body["values"]) == (True, 0.002, {})
    assert [how for _, how in service.asked] == [{"dry_run": True}]


@pytest.mark.parametrize(("data", "name"), [
    (as_docx(CONTRACT_KO), "계약서.docx"), (as_docx_table(CONTRACT_KO), "t.docx"), (CONTRACT_KO.text.encode(), "t.txt"),
    (as_pdf(CARD_EN), "card.pdf")])
def test_a_file_is_read_with_its_lines_and_pages(client: FlaskClient, service: FakeService, data: bytes,
                                                 name: str) -> None:
    response = send(client, data, name, document_type="contract")
    assert response.status_code == 200, response.get_json()
    ((order, _),) = service.asked
    assert [one.page for one in order.passages] == [1 if name.endswith("pdf") else None]
    assert order.language == ("en" if name.endswith("pdf") else "ko")


def test_a_stored_document_is_read_by_its_id(client: FlaskClient, service: FakeService) -> None:
    kept = client.post("/api/v1/documents", json={"text": "The mother is Asha Wanjiru."}).get_json()["id"]
    assert client.post(URL, json={"document_id": kept, "schema": PLAIN}).status_code == 200
    assert "Asha Wanjiru" in service.asked[0][0].passages[0].text
    check_problem(client.post(URL, json={"document_id": "0" * 26, "schema": PLAIN}), 404, "not_found")


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_is_a_400_at_once_and_asks_nobody(client: FlaskClient, service: FakeService,
                                                           schema: dict[str, Any]) -> None:
    began = time.process_time()
    problem = check_problem(client.post(URL, json={"text": "Name: Asha", "schema": schema}), 400)
    assert time.process_time() - began < 2
    assert problem.get("field") in ("schema", "", None)
    assert service.asked == []


@pytest.mark.parametrize("body", [
    {"text": "x", "document_id": "0" * 26, "schema": PLAIN}, {"schema": PLAIN}, {"text": "x"},
    {"text": "x", "document_type": "passport"}, {"text": "x", "document_type": "contract", "schema": PLAIN},
    {"text": " ", "schema": PLAIN}, {"text": "x", "schema": PLAIN, "strategy": "magic"},
    {"text": "x", "schema": [], "language": "en"}, {"text": "x", "schema": PLAIN, "model": "gpt"}])
def test_a_request_that_makes_no_sense_is_a_400_that_names_the_field(client: FlaskClient, service: FakeService,
                                                                     body: dict[str, Any]) -> None:
    assert check_problem(client.post(URL, json=body), 400)["field"]
    assert service.asked == []


def test_a_form_says_the_same_as_json(client: FlaskClient, service: FakeService) -> None:
    assert send(client, b"Name: Asha", "a.txt", schema=json.dumps(PLAIN), dry_run="true").get_json()["dry_run"] is True
    for fields in ({"schema": "{"}, {"schema": json.dumps(HOSTILE["a regex bomb"])}, {"colour": "red"},
                   {"schema": json.dumps(PLAIN), "dry_run": "yes"}):
        check_problem(send(client, b"Name: Asha", "a.txt", **fields), 400)


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.id)
def test_a_bad_file_is_refused_as_it_is_for_documents(client: FlaskClient, service: FakeService, bad: BadFile) -> None:
    check_problem(send(client, bad.make(), bad.name, document_type="contract"), bad.status)
    assert service.asked == []


def test_every_type_tells_its_fields(client: FlaskClient) -> None:
    types = client.get(f"{URL}/types").get_json()["types"]
    assert {one["id"] for one in types} == {
        "contract", "consent_form", "referral_letter", "antenatal_card", "course_outline"}
    assert all(one["schema"]["properties"] for one in types)


@pytest.fixture
def bare(make_app: AppMaker, service: FakeService, tmp_path: Any) -> FlaskClient:
    """A server with the real extractor behind its route, on a machine without any model."""
    from tests.house import make_calls

    calls = make_calls(tmp_path)
    assert isinstance(calls.ledger, Ledger)
    service.extract_metadata = Extractor(calls, calls.ledger._engine).extract  # type: ignore[method-assign]
    return make_app().test_client()


@pytest.mark.parametrize("form", [CONTRACT_KO, CONSENT_EN, CARD_EN], ids=lambda form: form.document_type)
@pytest.mark.parametrize(("name", "make"), [("a.docx", as_docx), ("table.docx", as_docx_table), ("a.pdf", as_pdf)])
def test_a_stored_form_gives_what_the_same_form_sent_gives(bare: FlaskClient, form: Form, name: str, make: Any) -> None:
    data = make(form)
    kept = bare.post("/api/v1/documents", data={"file": (io.BytesIO(data), name)}).get_json()["id"]
    stored = bare.post(URL, json={"document_id": kept, "document_type": form.document_type}).get_json()
    assert {name: one["value"] for name, one in stored["values"].items()} == form.says
    assert stored["values"] == send(bare, data, name, document_type=form.document_type).get_json()["values"]
    pages = {one["evidence"]["page"] for one in stored["values"].values() if one["evidence"]}
    assert pages == ({1} if name.endswith("pdf") else {None})
    assert bare.delete(f"/api/v1/documents/{kept}").status_code == 204
    check_problem(bare.post(URL, json={"document_id": kept, "document_type": form.document_type}), 404, "not_found")


def test_a_bare_server_answers_from_the_labels(bare: FlaskClient) -> None:
    body = bare.post(URL, json={"text": CARD_EN.text, "document_type": "antenatal_card"}).get_json()
    assert {name: one["value"] for name, one in body["values"].items()} == CARD_EN.says
    assert (body["provider"], body["cost_usd"], body["cost_state"]) == ("curated", 0, "local")
    assert body["values"]["mother"]["by"] == "rules"
    assert {name: body["values"][name]["reason"] for name in ("blood_group", "next_visit_on")} == {
        "blood_group": "not_given", "next_visit_on": "left_blank"}
    assert len(body["call_ids"]) == 1
