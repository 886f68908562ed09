"""The five policies under every fault, with a real cloud on loopback: what it received, and what the receipts say.

`never`, `ask` without consent and `ask` after a withdrawal promise that no byte leaves; `ask` with consent and
`allowed` promise that no planted identifier does, and that the receipts are the provider's own book.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from chatbot.calling.health import Health
from chatbot.documents.extraction import Asked, order_for, passages_of_text
from chatbot.errors import FunzaError, NotConsented
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.images.alt.alt_text import AltTextOrder
from chatbot.images.alt.draft import Wanted
from chatbot.images.faces import may_leave
from chatbot.images.picture import read_picture
from chatbot.privacy.consent import purpose_named
from chatbot.privacy.tables import RECEIPTS
from chatbot.providers import build_providers
from chatbot.providers.interface import Message
from chatbot.quizzes.making.order import QuizOrder, checked
from chatbot.usage.ledger import NewCall
from run import create_app
from tests.chatbot.images.good_pictures import telling
from tests.chatbot.privacy.leaving import (
    EMAIL,
    NAME,
    OPEN,
    PHONE,
    POLICIES,
    QUESTION,
    ROSTER,
    SILENT,
    TALK,
    answer_the_asking,
    book_of,
    books_agree,
    planted_in,
    play_under,
    receipts_in,
    setting,
)
from tests.faults.play import warm_up
from tests.faults.upstream import FAULTS
from tests.house import make_engine, make_settings
from tests.loopback import SCRIPTS, Answer, LoopbackProvider
from tests.scripted import Scripted, answer

FAST: dict[str, Any] = {"first_token_timeout": 0.4, "idle_timeout": 0.4, "cloud_timeout": 2, "total_timeout": 2,
                        "cloud_retry_attempts": 2}
SOME = ("answer", "cut_stream", "malformed_json", "server_error", "hang")
"""Ways to fail for every way to ask; `leaving.py` plays the whole fault table for one."""
WAYS = {"chat", "openai", "quiz", "extraction", "alt-text"}
"""Purposes of the receipts: a document and a picture are not asked about, so under `ask` they stay."""
SCHEMA = {"topic": "string", "name": "string"}
SEEN = AltTextOrder(read_picture(telling(), may_leave=may_leave("none")), Wanted(people="none", context=ROSTER),
                    principal="local")


class House:
    """A service with one cloud, under one policy."""

    def __init__(self, folder: Path, upstream: LoopbackProvider, policy: str, **more: Any) -> None:
        self.upstream = upstream
        self.settings = make_settings(
            folder, together_api_key="x", together_base_url=upstream.url, together_model="loopback-VL-model",
            together_successors="", cloud_policy=setting(policy), **{**FAST, **more})
        self.engine = make_engine(self.settings)
        self.service = HybridAIService(self.settings, self.engine, build_providers(self.settings))
        answer_the_asking(self.service.calls.consents, policy)

    def ask_everything(self) -> None:
        """By every way there is: chat and general text, whole and streamed, a quiz, a document, a picture."""
        turns = (Message("system", f"You help {NAME}."), Message("user", QUESTION))
        chat: dict[str, Any] = {"conversation_id": TALK, "principal": "local"}
        ways: tuple[Callable[[], object], ...] = (
            lambda: self.service.generate_chat_response(QUESTION, **chat),
            lambda: list(self.service.stream_chat_response(QUESTION, **chat)),
            lambda: self.service.complete(turns, principal="local"),
            lambda: list(self.service.stream_completion(turns, principal="local", stop=(PHONE,))),
            lambda: list(self.service.make_quiz(checked(QuizOrder("antenatal", text=ROSTER, count=1,
                                                                  principal="local")))),
            lambda: self.service.extract_metadata(order_for(passages_of_text(ROSTER), Asked(
                schema=SCHEMA, principal="local"))),
            lambda: self.service.write_alt_text(SEEN))
        for way in ways:
            self.service.calls.health = Health()  # what failed one way is asked again the next way
            with suppress(FunzaError):
                way()

    def kept(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(RECEIPTS)))


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """The SDKs are imported with their first calls, which take longer than these tests wait."""
    warm_up()


@pytest.mark.parametrize("policy", POLICIES)
def test_under_every_row_of_the_fault_table_a_policy_keeps_its_promise(tmp_path: Path, policy: str) -> None:
    """Every other row streams, so that both kinds meet every kind of fault."""
    left = {f"{fault.id}: {fault.what}": play_under(policy, fault, tmp_path, stream=bool(place % 2))
            for place, fault in enumerate(FAULTS)}
    assert {name: one.breaks(policy) for name, one in left.items() if one.breaks(policy)} == {}
    assert (sum(one.requests for one in left.values()) > len(FAULTS) / 2) is (policy in OPEN)


@pytest.mark.parametrize("policy", SILENT)
def test_where_nothing_may_leave_no_byte_does_whichever_way_one_asks(tmp_path: Path, policy: str) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, policy)
        house.ask_everything()
        assert (upstream.requests, upstream.connections) == ([], 0)
        assert house.kept() == []


@pytest.mark.parametrize("policy", OPEN)
@pytest.mark.parametrize("script", SOME)
def test_where_words_may_leave_no_identifier_does_and_the_receipts_are_the_providers_book(
        tmp_path: Path, script: str, policy: str) -> None:
    with LoopbackProvider(behaviour=SCRIPTS[script]) as upstream:
        house = House(tmp_path, upstream, policy)
        house.ask_everything()
        assert {row.purpose for row in house.kept()} == WAYS, "a way to the cloud was not taken"
        assert planted_in(upstream.requests) == []
        assert books_agree(house.engine, upstream.requests)


@pytest.mark.parametrize("policy", ["withdrawn", "consented"])
def test_a_yes_its_withdrawal_and_the_receipts_hold_on_both_databases(
        tmp_path: Path, database_url: str, policy: str) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, policy, database_url=database_url)
        house.ask_everything()
        assert receipts_in(house.engine) == book_of(upstream.requests)
        assert bool(upstream.connections) is (policy == "consented")


def test_a_failing_journal_would_be_seen(tmp_path: Path) -> None:
    """The comparison tells: with one receipt gone, the books differ."""
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "allowed")
        house.ask_everything()
        with house.engine.begin() as connection:
            connection.execute(RECEIPTS.delete().where(RECEIPTS.c.attempt_id == select(
                RECEIPTS.c.attempt_id).limit(1).scalar_subquery()))
        assert not books_agree(house.engine, upstream.requests)
        assert books_agree(house.engine, upstream.requests[1:])


def test_a_provider_that_cannot_be_reached_has_a_receipt_that_says_so(tmp_path: Path) -> None:
    upstream = LoopbackProvider().start()
    upstream.stop()
    house = House(tmp_path, upstream, "allowed")
    reply = house.service.generate_chat_response(QUESTION, conversation_id=TALK, principal="local")
    told = client_of(house).get(f"/api/v1/calls/{reply.call_id}/receipts").get_json()["receipts"]
    assert {one["left"] for one in told} == {"no"}


@pytest.mark.parametrize("pause", [0.0, 0.001])
def test_the_answer_speaks_of_the_values_again_also_when_a_placeholder_comes_in_pieces(
        tmp_path: Path, pause: float) -> None:
    said = Answer(lambda body: f"Dear [NAME-1], we call [PHONE-1] and not [PHONE-9]. You wrote: "
                               f"{body['messages'][-1]['content']}", pause=pause)
    with LoopbackProvider(behaviour=said) as upstream:
        house = House(tmp_path, upstream, "allowed", total_timeout=60, idle_timeout=20, first_token_timeout=20)
        text = house.service.complete((Message("user", QUESTION),)).text
    assert text.startswith(f"Dear {NAME}, we call {PHONE} and not [PHONE-9].")
    assert EMAIL in text


def test_a_placeholder_cut_by_every_piece_is_whole_for_who_reads_the_stream(tmp_path: Path) -> None:
    pieces = ["Dear [", "NA", "ME-", "1", "], call [PHO", "NE-1] today, pl", "ease, and do not wait. [", "x"]
    cloud = Scripted("together", [*pieces, *answer("")[1:]])
    settings = make_settings(tmp_path)
    service = HybridAIService(settings, make_engine(settings), {"together": cloud})
    events = list(service.stream_completion((Message("user", QUESTION),)))
    shown = "".join(event.text for event in events if hasattr(event, "text"))
    assert shown == f"Dear {NAME}, call {PHONE} today, please, and do not wait. [x"


def test_consent_that_is_taken_back_during_a_call_stops_its_next_try(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "consented")
        consents, taken_back = house.service.calls.consents, []

        def fail_and_withdraw(body: Any) -> str:
            taken_back.append(consents.withdraw(purpose_named("chat_cloud"), "local", TALK))
            return ""

        upstream.always(Answer(fail_and_withdraw))
        reply = house.service.generate_chat_response(QUESTION, conversation_id=TALK, principal="local")
        assert (len(taken_back), len(upstream.requests)) == (1, 1)
        assert (reply.provenance, reply.cloud_consent) == ("curated", "needed")


# --- over HTTP ---
def client_of(house: House) -> FlaskClient:
    return create_app(house.settings, house.service).test_client()


def test_a_conversation_that_may_not_use_a_cloud_is_answered_here_and_says_what_it_needs(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "ask")
        client = client_of(house)
        body = client.post("/api/v1/chat", json={"message": QUESTION}).get_json()
        assert (body["provenance"], body["cloud_consent"]) == ("curated", "needed")
        asked = {"conversation_id": body["conversation_id"], "purpose": "chat_cloud", "version": 1}
        assert client.post("/api/v1/consents", json={**asked, "given": True}).get_json()["state"] == "given"
        again = {"message": QUESTION, "conversation_id": body["conversation_id"]}
        told = client.post("/api/v1/chat", json=again).get_json()
        sent = len(upstream.requests)
        assert (told["cloud_consent"], sent > 0) == ("given", True)
        assert client.post("/api/v1/consents", json={**asked, "given": False}).get_json()["state"] == "withdrawn"
        streamed = client.post("/api/v1/chat", json={**again, "stream": True}).get_data(as_text=True)
        assert '"cloud_consent":"needed"' in streamed.replace(" ", "")
        assert len(upstream.requests) == sent


def test_general_text_without_consent_is_a_503_that_says_how_to_consent(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "ask", total_timeout=30, idle_timeout=20, first_token_timeout=20)
        client = client_of(house)
        asked = {"model": "hybrid", "messages": [{"role": "user", "content": QUESTION}]}
        for stream in (False, True):
            response = client.post("/v1/chat/completions", json={**asked, "stream": stream})
            body = response.get_json(force=True)
            assert (response.status_code, body["code"]) == (503, NotConsented.code)
            assert "/api/v1/consents" in body["remedy"]
        assert upstream.connections == 0
        client.post("/api/v1/consents", json={"purpose": "openai_cloud", "version": 1, "given": True})
        assert client.post("/v1/chat/completions", json=asked).status_code == 200
        assert planted_in(upstream.requests) == []


def test_an_identifier_in_a_schema_stops_the_try_before_it_is_written_down(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "allowed")
        schema = {"name": "x", "schema": {"type": "object", "properties": {"to": {"enum": [EMAIL]}}}}
        response = client_of(house).post("/v1/chat/completions", json={
            "model": "hybrid", "messages": [{"role": "user", "content": "Write."}],
            "response_format": {"type": "json_schema", "json_schema": schema}})
        body = response.get_json(force=True)
        assert (response.status_code, body["code"]) == (403, "identifier_left")
        assert EMAIL not in response.get_data(as_text=True)
        assert (upstream.requests, house.kept()) == ([], [])


def test_who_made_a_call_reads_its_receipt_and_the_text_only_where_it_is_kept(tmp_path: Path) -> None:
    for kept in (False, True):
        folder = tmp_path / str(kept)
        folder.mkdir()
        with LoopbackProvider() as upstream:
            house = House(folder, upstream, "allowed", receipt_text=kept, secret_key="a test's secret")
            reply = house.service.generate_chat_response(QUESTION, conversation_id=TALK, principal="local")
            told = client_of(house).get(f"/api/v1/calls/{reply.call_id}/receipts").get_json()
            first = told["receipts"][0]
            assert (first["provider"], first["purpose"], first["reason"], first["left"]) == (
                "together", "chat", "CLOUD_POLICY=allowed", "yes")
            assert first["redacted"] == {"email": 1, "id": 1, "name": 2, "phone": 2}
            assert (first["text"] is not None) is kept
            database = (folder / "funza.db").read_bytes()
            assert b"iron tablets" not in database
            if kept:
                assert "[PHONE-1]" in first["text"]
                assert hashlib.sha256(first["text"].encode()).hexdigest() == first["sha256"]


def test_the_state_of_a_conversation_is_asked_only_where_a_cloud_stands_ready_and_the_policy_asks(
        tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        house = House(tmp_path, upstream, "ask")
        assert house.service.cloud_consent(TALK, "local") == "needed"
        here = NewCall("chat", "local", conversation_id=TALK, principal="local")
        assert house.service.calls.cloud_consent(here) == "not_asked"
    other = tmp_path / "other"
    other.mkdir()
    settings = make_settings(other, cloud_policy="ask")
    bare = HybridAIService(settings, make_engine(settings), build_providers(settings))
    assert bare.cloud_consent(TALK, "local") == "not_asked"
    assert isinstance(bare.calls.health, Health)
