"""An app on a fake front door: what the routes do, apart from any model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool
from werkzeug.serving import make_server

from chatbot.accounts import tables as account_tables
from chatbot.calling.completion import Completion, CompletionDone, Pulse, Started, TextDelta
from chatbot.chat.reply import ChatReply, Citation, Done, TriageFound
from chatbot.database import db
from chatbot.documents import tables as document_tables
from chatbot.documents.evidence import Evidence
from chatbot.documents.extraction import Extraction
from chatbot.documents.found import Found, nothing
from chatbot.errors import InvalidInput
from chatbot.estimate import CandidateCost, Estimate
from chatbot.privacy import tables as privacy_tables
from chatbot.privacy.conversations import InMemory
from chatbot.quizzes.records import tables as quiz_tables
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.safety.levels import Triage
from chatbot.strategies import Skipped
from chatbot.usage import budget_tables, day_totals, tables
from chatbot.usage.cost import UsageOfCall
from config import Settings
from routes import register_routes
from routes.installation import Installation

CALL = "01JD0000000000000000000000"
CONVERSATION = "01JD0000000000000000000001"
TRIAGE = Triage("urgent", ("severe-headache",))
USAGE = UsageOfCall(12, 5, Decimal("0.0000035004"), "exact")
REPLY = ChatReply(
    id=CALL, answer="Iron prevents *anaemia*. <b>Ask your nurse.</b>", stage="antenatal", language="en", triage=TRIAGE,
    citations=(Citation("iron", "Iron and folic acid", "https://who.int/iron", "Daily iron.", "reviewed"),),
    provenance="cloud", provider="together", model="llama", fell_back=True, finish_reason="stop", usage=USAGE,
    call_id=CALL, conversation_id=CONVERSATION, skipped=(Skipped("local", "smollm2", "no weights"),))
COMPLETION = Completion(
    call_id=CALL, text="Hello there", provider="together", model="llama", provenance="cloud", fell_back=True,
    finish_reason="stop", usage=USAGE, triage=TRIAGE)
ESTIMATE = Estimate(2, 256, (
    CandidateCost("together", "llama", 40, "estimate", 1, 256, Decimal("0.00028"), Decimal("0.00207"), "estimated",
                  "prices.toml", date(2026, 11, 1)),
    CandidateCost("openai", "new", 40, "estimate", 1, 256, None, None, "unpriced", "", None)),
    "together/llama", (Skipped("local", "smollm2", "no weights"),))
EXTRACTION = Extraction(
    id=CALL, document_type="antenatal_card", language="en", values={
        "mother": Found("Asha Wanjiru", Evidence(1, "Name: Asha Wanjiru"), by="model"), "parity": nothing("not_given")},
    provider="together", model="llama", prompt_tokens=40, completion_tokens=12, call_ids=(CALL,),
    cost_usd=Decimal("0.00028"), cost_state="exact", estimate_usd=Decimal("0.002"))
STARTED = Started(CALL, "together", "llama", True, TRIAGE)
QUESTION = {"question": "Why iron?", "options": ["Blood", "Hair"], "answer": "Blood", "correctReason": "Yes.",
            "incorrectReason": "No."}
PROVIDER = {"name": "together", "title": "Together", "state": "ready", "reason": "", "leaves_machine": True,
            "downloads": [], "models": [
    {"model": "llama", "retired": False, "breaker": "closed",
     "price_input_usd_per_mtok": Decimal("3.5"), "price_output_usd_per_mtok": None,
     "price_source": "prices.toml", "price_date": "2026-11-01"}]}


@dataclass(frozen=True)
class Listed:
    id: str
    provider: str
    state: str = "ready"
    reason: str = ""


@dataclass
class FakeService:
    """Answers what a test puts into it, and remembers what it was asked."""

    engine: Engine
    reply: ChatReply = REPLY
    completion: Completion = COMPLETION
    estimate: Estimate = ESTIMATE
    consent: str = "not_asked"
    conversations: InMemory = field(default_factory=InMemory)
    extraction: Extraction = EXTRACTION
    fails: Exception | None = None
    """Raised instead of answering."""
    chat_events: Sequence[Any] = (TriageFound(TRIAGE), Pulse(), TextDelta("Iron "), TextDelta("helps."), Done(REPLY))
    """An exception among the events is raised in its turn."""
    call_events: Sequence[Any] = (Pulse(), STARTED, TextDelta("Hello "), Pulse(), TextDelta("there"),
                                  CompletionDone(COMPLETION))
    quiz_events: Sequence[Any] = ()
    remade: Any = None
    asked: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def _answer(self, answer: Any, words: Any, how: dict[str, Any]) -> Any:
        self.asked.append((words, how))
        if self.fails is not None:
            raise self.fails
        return answer

    def _play(self, events: Sequence[Any]) -> Iterator[Any]:
        try:
            for event in events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed.set()

    def generate_chat_response(self, message: str, **how: Any) -> ChatReply:
        return self._answer(self.reply, message, how)

    def stream_chat_response(self, message: str, **how: Any) -> Iterator[Any]:
        return self._answer(self._play(self.chat_events), message, how)

    def complete(self, messages: Any, **how: Any) -> Completion:
        return self._answer(self.completion, messages, how)

    def stream_completion(self, messages: Any, **how: Any) -> Iterator[Any]:
        return self._answer(self._play(self.call_events), messages, how)

    def generate_quiz_questions(self, stage: str, count: int = 10) -> list[dict[str, Any]]:
        if stage not in {"preconception", "prenatal", "birth", "postnatal"}:
            raise InvalidInput("There is no such stage.", field="stage")
        return self._answer([QUESTION], stage, {"count": count})

    def make_quiz(self, order: Any) -> Iterator[Any]:
        return self._answer(self._play(self.quiz_events), order, {})

    def remake_item(self, order: Any, old: Any) -> Any:
        return self._answer(self.remade, order, {"old": old})

    def extract_metadata(self, order: Any) -> Extraction:
        return self._answer(self.extraction, order, {})

    def estimate_extraction(self, order: Any) -> tuple[Decimal | None, int]:
        return self._answer((Decimal("0.002"), 1), order, {"dry_run": True})

    def estimate_chat(self, message: str, stage: str | None = None, **how: Any) -> Estimate:
        return self._answer(self.estimate, message, {"stage": stage, **how})

    def estimate_completion(self, messages: Any, **how: Any) -> Estimate:
        return self._answer(self.estimate, messages, how)

    def get_drawing_status(self) -> tuple[()]:
        return ()

    def get_provider_status(self) -> list[dict[str, Any]]:
        return self._answer([PROVIDER], None, {})

    def cloud_consent(self, conversation_id: str, principal: str) -> str:
        return self.consent

    def list_models(self) -> tuple[Listed, ...]:
        return Listed("hybrid", "funza"), Listed("together/llama", "together", "not_configured", "no key")

    def who_would_answer(self) -> str:
        return "curated"

    def whom_not_to_ask(self) -> list[str]:
        return self.out_of_order


AppMaker = Callable[..., APIFlask]


@pytest.fixture
def service() -> FakeService:
    """A fake front door, with a real and empty ledger in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    db.metadata.create_all(engine, tables=[
        tables.Call.__table__, tables.Attempt.__table__, account_tables.KEYS, account_tables.PEOPLE,
        account_tables.SESSIONS, account_tables.LATEST, budget_tables.BUDGETS, budget_tables.SPENDING,
        budget_tables.HOLDS, day_totals.TOTALS, document_tables.DOCUMENTS, document_tables.PAGES,
        document_tables.PASSAGES, privacy_tables.CONSENTS, privacy_tables.RECEIPTS, ESCALATIONS, *quiz_tables.ALL])
    return FakeService(engine=engine)


@pytest.fixture
def make_app(service: FakeService) -> AppMaker:
    def make(**settings: Any) -> APIFlask:
        app = APIFlask("funza_test", title="Funza Mama", version="1", enable_openapi=False)
        plain = {"secret_key": "a test's pepper"} if settings.get("auth") == "on" else {}
        app.extensions["funza"] = Installation(Settings(_env_file=None, **plain, **settings), service)
        register_routes(app)
        return app

    return make


@pytest.fixture
def app(make_app: AppMaker) -> APIFlask:
    return make_app()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def served(app: APIFlask) -> Iterator[str]:
    """The app on a real loopback socket; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


def check_problem(response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Assert that `response` is a whole problem+json answer; return its body."""
    body = response.get_json(force=True)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), body
    assert {"type", "title", "status", "detail", "code", "retryable", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert body["type"] == f"/docs/problems#{body['code']}"
    assert "Traceback" not in response.get_data(as_text=True)
    if code is not None:
        assert body["code"] == code, body
    return body


def unpriced(completion: Completion = COMPLETION) -> Completion:
    return replace(completion, usage=UsageOfCall(1, 1, None, "unpriced"))


def events_of(body: str) -> list[tuple[str, str]]:
    """(event, data) of every frame of an event stream; a comment is ("", comment)."""
    frames = []
    for frame in body.split("\n\n"):
        lines = frame.split("\n")
        if not frame:
            continue
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        data = next((line[6:] for line in lines if line.startswith("data: ")), frame)
        frames.append((name, data))
    return frames
