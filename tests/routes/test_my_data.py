"""What is kept of a person over HTTP: read, taken along, forgotten; on the real front door."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from chatbot.accounts.keys import Keys
from chatbot.accounts.seal import Seal
from config import Settings
from run import create_app
from tests.routes.conftest import check_problem, events_of

SECRET = "a secret key for the tests of what is kept"
WORDS = "Why are iron and folic acid tablets given to Akinyi?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder}/funza.db", local_engine="off",
                        model_dir=folder, outbox_dir=str(folder / "outbox"), secret_key=SECRET, auth="on",
                        together_api_key="")
    return create_app(settings).test_client()


@pytest.fixture
def her(client: FlaskClient) -> dict[str, str]:
    return key_of(client, "Akinyi's phone")


def key_of(client: FlaskClient, name: str) -> dict[str, str]:
    engine = client.application.extensions["funza"].service.engine
    made = Keys(engine, Seal(SECRET)).create(name, "learner", expires_at=None)
    return {"Authorization": f"Bearer {made.secret}"}


def ask(client: FlaskClient, who: dict[str, str], message: str = WORDS, **more: Any) -> Any:
    return client.post("/api/v1/chat", json={"message": message, **more}, headers=who)


def test_a_conversation_can_be_read_again(client: FlaskClient, her: dict[str, str]) -> None:
    first = ask(client, her).get_json()
    ask(client, her, "And folic acid?", conversation_id=first["conversation_id"])
    listed = client.get("/api/v1/conversations", headers=her).get_json()
    (only,) = listed["conversations"]
    assert (only["conversation_id"], only["turns"]) == (first["conversation_id"], 2)
    assert listed["kept_days"] == 30
    turns = client.get(f"/api/v1/conversations/{first['conversation_id']}", headers=her).get_json()["turns"]
    assert (turns[0]["message"], turns[0]["answer"]) == (WORDS, first["answer"])


def test_a_streamed_answer_is_kept_too(client: FlaskClient, her: dict[str, str]) -> None:
    events = events_of(ask(client, her, stream=True).get_data(as_text=True))
    shown = "".join(json.loads(data)["text"] for name, data in events if name == "delta")
    (one,) = client.get("/api/v1/conversations", headers=her).get_json()["conversations"]
    (turn,) = client.get(f"/api/v1/conversations/{one['conversation_id']}", headers=her).get_json()["turns"]
    assert turn["answer"].split() == shown.split()


@pytest.mark.parametrize("method", ["get", "delete"])
def test_another_womans_conversation_is_as_if_it_were_not_there(client: FlaskClient, her: dict[str, str],
                                                                method: str) -> None:
    conversation = ask(client, her).get_json()["conversation_id"]
    other = key_of(client, "another phone")
    hers = getattr(client, method)(f"/api/v1/conversations/{conversation}", headers=other)
    nobodys = getattr(client, method)("/api/v1/conversations/01JD0000000000000000000009", headers=other)
    check_problem(hers, 404, "not_found")
    assert hers.get_json()["detail"] == nobodys.get_json()["detail"]
    assert client.get(f"/api/v1/conversations/{conversation}", headers=her).status_code == 200


def test_a_conversation_can_be_forgotten(client: FlaskClient, her: dict[str, str]) -> None:
    conversation = ask(client, her).get_json()["conversation_id"]
    assert client.delete(f"/api/v1/conversations/{conversation}", headers=her).get_json() == {"erased": {"turns": 1}}
    check_problem(client.get(f"/api/v1/conversations/{conversation}", headers=her), 404, "not_found")


def test_everything_can_be_taken_along(client: FlaskClient, her: dict[str, str]) -> None:
    ask(client, her)
    response = client.get("/api/v1/me/export", headers=her)
    assert response.mimetype == "application/zip"
    assert "attachment" in response.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(response.data))
    assert json.loads(archive.read("conversations.json"))[0]["message"] == WORDS


def test_after_erasing_no_file_of_the_installation_holds_her_words_and_the_usage_is_the_same(
        client: FlaskClient, her: dict[str, str], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = key_of(client, "another phone")
    ask(client, other, "Why should I sleep under a net?")
    ask(client, {**her, "Idempotency-Key": "k1"})
    engine = client.application.extensions["funza"].service.engine
    with engine.connect() as connection:
        her_sealed = [row[0] for row in connection.exec_driver_sql("SELECT sealed FROM turns ORDER BY id DESC LIMIT 1")]
    gone = client.delete("/api/v1/me", headers=her).get_json()["erased"]
    assert gone["turns"] == gone["replays"] == gone["calls"] == 1
    for needle in (b"Akinyi?", *her_sealed):
        assert [file for file in folder.rglob("*") if file.is_file() and needle in file.read_bytes()] == []
    shown = capfd.readouterr()
    assert "Akinyi?" not in shown.out + shown.err
    assert len(client.get("/api/v1/conversations", headers=other).get_json()["conversations"]) == 1
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM calls WHERE state = 'answered'").scalar() == 2


@pytest.mark.parametrize(("method", "path"), [
    ("get", "/api/v1/conversations"), ("get", f"/api/v1/conversations/{'0' * 26}"),
    ("delete", f"/api/v1/conversations/{'0' * 26}"), ("get", "/api/v1/me/export"), ("delete", "/api/v1/me")])
def test_without_these_tables_it_is_a_problem_that_can_be_tried_again(client: FlaskClient, her: dict[str, str],
                                                                      method: str, path: str) -> None:
    engine = client.application.extensions["funza"].service.engine
    with engine.begin() as connection:
        for table in ("turns", "subject_keys", "consents"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    response = getattr(client, method)(path, headers=her)
    check_problem(response, 503, "records_unavailable")
    assert response.get_json()["retryable"]
