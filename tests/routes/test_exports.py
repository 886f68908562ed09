"""Files of quizzes over HTTP: who gets them, under which name, and what comes in."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import update
from werkzeug.http import parse_options_header

from chatbot.quizzes.exports import EXPORTS
from chatbot.quizzes.imports import IMPORTS
from chatbot.quizzes.item import Item
from chatbot.quizzes.records.bank import NewItem, StoredQuiz, store_quiz
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.tables import ITEMS
from routes.exports import attachment
from tests.chatbot.quizzes.exports.readers import READERS, read_gift
from tests.chatbot.quizzes.exports.sample import COWS, HOSTILE, IRON, hostile_item
from tests.routes.accounts import House, build
from tests.routes.conftest import check_problem

GIFT = "::Iron::[plain]Why are iron tablets given? {=They prevent anaemia#Yes. ~They help with sleep}\n\nEssay {}\n"
MISSING = "01JD0000000000000000000000"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def educator(house: House) -> FlaskClient:
    return house.client(house.key("educator", per_minute=1_000))


@pytest.fixture(scope="module")
def quiz(house: House) -> StoredQuiz:
    return stored(house, [IRON, COWS])


def stored(house: House, items: list[Item], *, title: str = "Iron", status: str = "approved") -> StoredQuiz:
    engine = house.service.engine
    quiz = store_quiz(engine, Judge(engine), [NewItem(item) for item in items], title=title, stage="antenatal", by="p")
    with engine.begin() as connection:
        connection.execute(update(ITEMS).where(ITEMS.c.quiz_id == quiz.id).values(status=status))
    return quiz


def export(client: FlaskClient, quiz_id: str, **query: Any) -> Any:
    return client.get(f"/api/v1/quizzes/{quiz_id}/export", query_string=query)


def send(client: FlaskClient, **asked: Any) -> Any:
    body = {"format": "gift", "content": GIFT, "stage": "antenatal", **asked}
    return client.post("/api/v1/quizzes/import", json=body)


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_each_format_is_an_attachment_of_its_own_type(educator: FlaskClient, quiz: StoredQuiz, name: str) -> None:
    response = export(educator, quiz.id, format=name)
    assert response.status_code == 200
    assert response.content_type == EXPORTS[name].media_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    kind, options = parse_options_header(response.headers["Content-Disposition"])
    assert (kind, options["filename"]) == ("attachment", f"Iron.{EXPORTS[name].extension}")
    if name in READERS:
        assert [stem for stem, *_ in READERS[name](response.data)] == [IRON.stem, COWS.stem]


@pytest.mark.parametrize(("name", "plain"), [
    ("Iron.csv", "Iron.csv"), ("Chuma é.csv", "Chuma e.csv"), ("임신.kahoot.xlsx", "quiz.kahoot.xlsx"),
    ('a"b;c.pdf', "a_b_c.pdf"), ("🤰 mama.csv", "mama.csv"), ("100%.md", "100_.md")])
def test_a_file_name_is_told_in_two_ways_so_that_every_browser_finds_one(name: str, plain: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert f'filename="{plain}"' in header
    assert parse_options_header(header)[1]["filename"] == name


@pytest.mark.parametrize("title", ['x"\r\nSet-Cookie: a=b', "../../x", "\u202egnp.exe", "a" * 4_000, "%0d%0a", "; y=z"])
def test_a_hostile_title_stays_inside_its_header(house: House, educator: FlaskClient, title: str) -> None:
    response = export(educator, stored(house, [IRON], title=title).id, format="csv")
    header = response.headers["Content-Disposition"]
    assert len(header) < 600
    name = parse_options_header(header)[1]["filename"]
    assert not set(name) & set('/\\"\r\n\u202e')
    assert "Set-Cookie" not in response.headers


def test_hostile_words_go_out_and_come_back_in(house: House, educator: FlaskClient) -> None:
    items = [hostile_item(text) for text in HOSTILE]
    file = export(educator, stored(house, items, title="Hostile").id, format="gift").data
    body = send(educator, content=file.decode(), title="Back").get_json()
    assert [item["question"] for item in body["items"]] == [stem for stem, *_ in read_gift(file)]
    assert body["skipped"] == []


def test_drafts_leave_only_when_asked_for(house: House, educator: FlaskClient) -> None:
    drafts = stored(house, [IRON], status="draft")
    problem = check_problem(export(educator, drafts.id, format="pdf"), 400, "cannot_export")
    assert "include=all" in problem["remedy"]
    assert export(educator, drafts.id, format="markdown", include="all").data.startswith(b"# DRAFT: Iron")


def test_a_text_too_long_for_kahoot_names_its_item(house: House, educator: FlaskClient) -> None:
    long = stored(house, [IRON, IRON.model_copy(update={"stem": "Why " * 40 + "?"})])
    problem = check_problem(export(educator, long.id, format="kahoot-xlsx"), 400, "cannot_export")
    assert problem["field"] == "items.1"
    assert "Item 2" in problem["detail"]


@pytest.mark.parametrize(("query", "code", "field"), [
    ({"format": "docx"}, "invalid_input", "format"), ({}, "invalid_input", "format"),
    ({"format": "csv", "include": "rejected"}, "invalid_input", "include"),
    ({"format": "csv", "seconds": "30"}, "invalid_input", "seconds"),
    ({"format": "kahoot-xlsx", "seconds": "31"}, "invalid_input", "seconds"),
    ({"format": "kahoot-xlsx", "seconds": "x"}, "invalid_input", "seconds"),
    ({"format": "csv", "colour": "1"}, "unknown_field", "colour")])
def test_a_wrong_wish_is_named(educator: FlaskClient, quiz: StoredQuiz, query: dict[str, str], code: str,
                               field: str) -> None:
    assert check_problem(export(educator, quiz.id, **query), 400, code)["field"] == field


@pytest.mark.parametrize("quiz_id", [MISSING, "0", "-1", "x" * 300, "..", "%00", "' or 1=1--"])
def test_a_quiz_that_does_not_exist_is_a_404(educator: FlaskClient, quiz_id: str) -> None:
    assert export(educator, quiz_id, format="csv").status_code in {404, 400}
    assert export(educator, MISSING, format="csv").status_code == 404


def test_a_learner_gets_no_file_and_sends_none(house: House, quiz: StoredQuiz) -> None:
    learner = house.client(house.key("learner"))
    check_problem(export(learner, quiz.id, format="csv"), 403)
    check_problem(send(learner), 403)


def test_a_file_becomes_a_draft_quiz_without_evidence(educator: FlaskClient) -> None:
    response = send(educator, title="Imported", language="sw")
    assert response.status_code == 201
    body = response.get_json()
    assert (body["title"], body["status"], body["language"], body["stage"]) == ("Imported", "draft", "sw", "antenatal")
    (item,) = body["items"]
    assert (item["status"], item["answer_index"], item["made_by"]["path"]) == ("draft", 0, "import")
    assert item["rationale"] == ["Yes.", ""]
    assert item["evidence"]["quote"] == ""
    assert "block" in {finding["severity"] for finding in item["lint"]}
    assert body["skipped"] == [{"place": "question 2 (line 3)", "reason": "It is an essay, not multiple choice."}]
    assert educator.get(f"/api/v1/quizzes/{body['id']}").get_json()["items"] == body["items"]
    approving = f"/api/v1/quizzes/{body['id']}/items/{item['id']}/approve"
    assert educator.post(approving, json={"version": item["version"]}).status_code >= 400


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_what_was_exported_is_imported(educator: FlaskClient, quiz: StoredQuiz, name: str) -> None:
    content = export(educator, quiz.id, format=name).data.decode()
    body = send(educator, format=name, content=content, title=name).get_json()
    assert [(item["question"], item["options"], item["answer_index"]) for item in body["items"]] == [
        (item.stem, list(item.options), item.keys[0]) for item in (IRON, COWS)]


@pytest.mark.parametrize(("asked", "status", "field"), [
    ({"format": "moodle-xml", "content": '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>'},
     422, "content"),
    ({"format": "moodle-xml", "content": "<a>" * 10_000}, 422, "content"),
    ({"format": "csv", "content": 'question,answer\n"'}, 422, "content"),
    ({"content": "nothing"}, 422, "content"), ({"content": ""}, 422, "content"),
    ({"format": "qti21"}, 400, "format"), ({"stage": "space"}, 400, "stage"), ({"language": "fr"}, 400, "language"),
    ({"content": 3}, 400, "content"), ({"evidence": "x"}, 400, "evidence")])
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_stored(
        educator: FlaskClient, asked: dict[str, Any], status: int, field: str) -> None:
    before = len(educator.get("/api/v1/quizzes?limit=100").get_json()["quizzes"])
    response = send(educator, **asked)
    problem = check_problem(response, status)
    assert problem["field"] == field
    assert "passwd" not in response.text
    assert len(educator.get("/api/v1/quizzes?limit=100").get_json()["quizzes"]) == before


def test_a_file_of_more_than_a_body_may_have_is_a_413(educator: FlaskClient) -> None:
    check_problem(send(educator, content="x" * 5_000_000), 413)


def test_the_api_document_tells_the_formats_and_the_shape_of_an_imported_quiz(educator: FlaskClient) -> None:
    document = educator.get("/openapi.json").get_json()
    export_doc = document["paths"]["/api/v1/quizzes/{quiz_id}/export"]["get"]
    assert {export.media_type for export in EXPORTS.values()} <= export_doc["responses"]["200"]["content"].keys()
    asked = {parameter["name"]: parameter for parameter in export_doc["parameters"]}
    assert asked["format"]["schema"]["enum"] == list(EXPORTS)
    answer = document["paths"]["/api/v1/quizzes/import"]["post"]["responses"]["201"]["content"]["application/json"]
    schema = {**answer["schema"], "components": document["components"]}
    assert list(Draft202012Validator(schema).iter_errors(send(educator, title="Documented").get_json())) == []


def test_the_same_file_sent_again_under_a_key_makes_one_quiz(house: House, educator: FlaskClient) -> None:
    asked = {"format": "gift", "content": GIFT, "stage": "birth"}
    key = {"Idempotency-Key": "import-1"}
    first, again = (educator.post("/api/v1/quizzes/import", json=asked, headers=key) for _ in range(2))
    assert first.get_json()["id"] == again.get_json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
