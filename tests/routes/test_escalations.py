"""The queue of escalations for programs: admins only, no words without consent, no change over somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from chatbot.database import now
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.conversations import Said
from chatbot.safety.escalation.escalating import Escalating
from chatbot.safety.levels import Triage
from chatbot.usage.ledger import NewCall
from tests.routes.accounts import build
from tests.routes.conftest import CONVERSATION, AppMaker, FakeService, check_problem

URL = "/api/v1/escalations"
WORDS = "I am bleeding heavily"


@pytest.fixture
def record(service: FakeService) -> str:
    """Id of one emergency."""
    return _records(service, Triage("emergency", ("bleeding-in-pregnancy",)))[0]


def _records(service: FakeService, *found: Triage) -> list[str]:
    writer = Escalating(service.engine, {"emergency": 15, "urgent": 120})
    for one in found:
        writer.note(one, NewCall("chat", "hybrid", stage="birth", conversation_id=CONVERSATION, principal="local"))
    ids = [waiting.row["id"] for waiting in writer._waiting]
    assert writer.write_waiting() == len(found)
    return ids


def test_a_record_is_listed_without_words(client: FlaskClient, record: str) -> None:
    body = client.get(URL).get_json()
    assert [one["id"] for one in body["escalations"]] == [record]
    one = body["escalations"][0]
    assert (one["tier"], one["state"], one["version"]) == ("emergency", "new", 1)
    assert one["signs"] == ["bleeding-in-pregnancy"]
    assert one["words"] is None
    assert body["next"] is None


def test_words_come_only_when_asked_for_and_allowed(client: FlaskClient, service: FakeService, record: str) -> None:
    service.conversations.keep("local", Said(CONVERSATION, now(), WORDS, "Go now."))

    def words() -> Any:
        return client.get(f"{URL}?words=true").get_json()["escalations"][0]["words"]

    assert words() is None
    given = {"conversation_id": CONVERSATION, "purpose": "escalation_words", "version": 1, "given": True}
    assert client.post("/api/v1/consents", json=given).status_code == 200
    assert words() == WORDS
    assert client.get(URL).get_json()["escalations"][0]["words"] is None
    Consents(service.engine).withdraw(purpose_named("escalation_words"), "local", CONVERSATION)
    assert words() is None


def test_a_change_is_written_and_follows_its_document(client: FlaskClient, record: str) -> None:
    response = client.post(f"{URL}/{record}", json={"state": "handled", "note": "At the ward", "version": 1})
    assert (response.status_code, response.get_json()["state_by"], response.get_json()["version"]) == (200, "local", 2)
    document = client.get("/openapi.json").get_json()
    described = document["paths"][f"{URL}/{{record}}"]["post"]["responses"]["200"]
    schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
    assert list(Draft202012Validator(schema).iter_errors(response.get_json())) == []
    assert client.get(URL).get_json()["escalations"] == []
    assert client.get(f"{URL}?show=handled").get_json()["escalations"][0]["note"] == "At the ward"


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"state": "seen", "version": 2}, 409, "version_conflict"),
    ({"state": "gone", "version": 1}, 400, "invalid_input"),
    ({"state": "seen"}, 400, "invalid_input"), ({"state": "seen", "version": "1"}, 400, "invalid_input"),
    ({"state": "seen", "version": 1, "by": "me"}, 400, "unknown_field"),
    ({"state": "seen", "version": 1, "note": "x" * 501}, 413, "too_long")])
def test_a_wrong_change_changes_nothing(client: FlaskClient, record: str, body: dict[str, Any], status: int,
                                        code: str) -> None:
    check_problem(client.post(f"{URL}/{record}", json=body), status, code)
    assert client.get(URL).get_json()["escalations"][0]["version"] == 1


def test_what_is_seen_is_not_new_again_and_what_is_not_there_is_not_found(client: FlaskClient, record: str) -> None:
    client.post(f"{URL}/{record}", json={"state": "seen", "version": 1})
    check_problem(client.post(f"{URL}/{record}", json={"state": "new", "version": 2}), 409, "wrong_state")
    check_problem(client.post(f"{URL}/{CONVERSATION}", json={"state": "seen", "version": 1}), 404, "not_found")


def test_a_long_queue_is_read_in_pieces(client: FlaskClient, service: FakeService) -> None:
    ids = _records(service, *(Triage("urgent", ("headache",)) for _ in range(5)))
    read: list[str] = []
    after = ""
    while True:
        body = client.get(f"{URL}?limit=2{after}").get_json()
        read += [one["id"] for one in body["escalations"]]
        if body["next"] is None:
            break
        after = f"&after={body['next']}"
    assert sorted(read) == sorted(ids)
    assert len(read) == 5


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "show=mine", "tier=soon", "after=x", "page=2"])
def test_a_wrong_question_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 400


def test_only_an_admin_may_read_or_change(tmp_path: Any) -> None:
    house = build(tmp_path)
    for role in ("learner", "educator"):
        client = house.client(house.key(role))
        check_problem(client.get(URL), 403, "role_too_low")
        check_problem(client.post(f"{URL}/{CONVERSATION}", json={"state": "seen", "version": 1}), 403, "role_too_low")
        assert client.get("/clinical/queue").status_code == 403
    assert house.client(house.key("admin")).get(URL).status_code == 200


def test_with_the_database_away_the_queue_says_so(make_app: AppMaker, service: FakeService, tmp_path: Any) -> None:
    from sqlalchemy import create_engine

    service.engine = create_engine(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    check_problem(make_app().test_client().get(URL), 503, "records_unavailable")
