"""What may leave the machine: only redacted text, only with a permit, only when the policy says so."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotAllowed
from chatbot.privacy.classes import CLASSES, may_leave, rows
from chatbot.privacy.consent import Given
from chatbot.privacy.last_look import IdentifierLeft
from chatbot.privacy.permit import clear_to_leave, why_not
from chatbot.privacy.redaction import Redaction
from chatbot.privacy.redaction.finders import FINDERS
from chatbot.privacy.redaction.kinds import KINDS
from chatbot.privacy.redaction.placeholders import Placeholders
from chatbot.providers import PROVIDERS
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Cancel, ChatRequest, Message, Permit, Redacted
from tests.loopback import LoopbackProvider

ROOT = Path(__file__).parent.parent.parent.parent
REQUEST = ChatRequest((Message("system", "Be kind."), Message("user", "I am Ann, ann@example.org, 0700 000 000.")),
                      max_tokens=9, stop=("END",))
YES = Given("01JD0000000000000000000000", 1)
POLICIES = ("allowed", "ask", "never")


def unredacted(request: ChatRequest) -> Redaction:
    """A redactor that forgets its work."""
    return Redaction(request, Placeholders(), {})


def test_a_cleared_request_is_redacted_whole_and_names_its_provider_and_purpose() -> None:
    cleared = clear_to_leave(REQUEST, provider="together", purpose="chat", policy="allowed").request
    assert isinstance(cleared, Redacted)
    assert cleared.messages[1].content == "I am [NAME-1], [EMAIL-1], [PHONE-1]."
    assert (cleared.max_tokens, cleared.stop) == (9, ("END",))
    assert (cleared.permit.provider, cleared.permit.purpose) == ("together", "chat")


def test_who_asks_stays_on_this_machine() -> None:
    cleared = clear_to_leave(replace(REQUEST, asker="3f9a"), provider="together", purpose="chat", policy="allowed")
    assert cleared.request.asker == ""


def test_a_permit_says_which_consent_opened_the_way() -> None:
    cleared = clear_to_leave(REQUEST, provider="together", purpose="chat", policy="ask", consent=YES)
    assert cleared.leaving is not None
    assert cleared.leaving.reason == "consent 01JD0000000000000000000000 v1"


@pytest.mark.parametrize(("policy", "consent", "may"), [
    ("allowed", None, True), ("ask", None, False), ("ask", YES, True), ("never", None, False), ("never", YES, False)])
def test_a_policy_says_who_may_leave(policy: str, consent: Given | None, may: bool) -> None:
    assert (why_not(policy, consented=consent is not None) is None) is may  # type: ignore[arg-type]
    if not may:
        with pytest.raises(NotAllowed):
            clear_to_leave(REQUEST, provider="x", purpose="chat", policy=policy, consent=consent)  # type: ignore[arg-type]


# --- the table of data classes ---
def test_identifiers_and_secrets_stay_under_every_policy_and_consent() -> None:
    kinds = {kind.data_class for kind in KINDS.values()} - {"message"}
    assert kinds == {"identifier", "secret"}
    assert not any(may_leave(kind, policy, consented=True) for kind in kinds for policy in POLICIES)


def test_never_means_nothing_of_any_class() -> None:
    assert not any(may_leave(kind, "never", consented=True) for kind in CLASSES)


def test_under_ask_words_wait_for_consent() -> None:
    assert not may_leave("message", "ask")
    assert may_leave("message", "ask", consented=True)
    assert may_leave("message", "allowed")


def test_each_row_of_the_documents_table_says_what_every_policy_does() -> None:
    assert {len(row) for row in rows()} == {5}
    assert all(set(rule.under) == set(POLICIES) for rule in CLASSES.values())


def test_only_dates_are_made_coarser_and_every_other_kind_is_hidden() -> None:
    assert [name for name, kind in KINDS.items() if kind.data_class == "message"] == ["date"]
    assert len(FINDERS) <= len(KINDS)


# --- the one way out ---
def test_permits_and_redacted_requests_are_made_in_one_place_only() -> None:
    makers = [path.relative_to(ROOT).as_posix() for part in ("chatbot", "routes", "commands", "bench")
              for path in (ROOT / part).rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
              if isinstance(node, ast.Call) and _name(node.func) in ("Permit", "Redacted")]
    assert set(makers) == {"chatbot/privacy/permit.py"}


def test_only_the_chain_of_a_call_asks_a_provider() -> None:
    """Whoever calls `.answer(` of a provider must be the place that is handed cleared requests."""
    callers = {path.relative_to(ROOT).as_posix() for part in ("chatbot", "routes", "commands")
               for path in (ROOT / part).rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
               if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "answer"
               and _name(node.func.value) == "provider"}
    assert callers == {"chatbot/calling/pieces.py"}


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


@pytest.mark.parametrize("row", [row for row in PROVIDERS.values() if row.leaves_machine], ids=lambda row: row.name)
def test_a_provider_off_this_machine_refuses_what_is_not_cleared_for_it(row: object) -> None:
    with LoopbackProvider() as upstream:
        provider = ChatCompletionsProvider(row, key="x", base_url=upstream.url_v1, models=("m",))  # type: ignore[arg-type]
        other = Redacted(REQUEST.messages, permit=Permit("somebody-else", "chat", "a test"))
        for request in (REQUEST, other):
            with pytest.raises(TypeError):
                list(provider.answer(request, "m", Cancel()))
        assert (upstream.requests, upstream.connections) == ([], 0)


# --- the last look ---
@pytest.mark.parametrize(("where", "kind"), [
    (ChatRequest((Message("user", "call 0700 000 000"),)), "phone"),
    (ChatRequest((Message("user", "call +254-700-000-000"),)), "phone"),
    (ChatRequest((Message("assistant", "mail a@example.org"), Message("user", "x"))), "email"),
    (ChatRequest((Message("user", "PIN A000000000Z"),)), "tax_pin"),
    (ChatRequest((Message("user", "my ID is 00000001"),)), "id"),
    (ChatRequest((Message("user", "x"),), stop=("0700000000",)), "phone"),
    (ChatRequest((Message("user", "x"),), schema={"type": "object", "properties": {"a@example.org": {}}}), "email"),
    (ChatRequest((Message("user", "x"),), schema={"enum": ["0700000000"]}), "phone"),
])
def test_what_the_redaction_missed_is_stopped_at_the_door(where: ChatRequest, kind: str) -> None:
    with pytest.raises(IdentifierLeft) as caught:
        clear_to_leave(where, provider="together", purpose="chat", policy="allowed", redactor=unredacted)
    assert kind in caught.value.detail
    assert not any(char.isdigit() for char in caught.value.detail)


def test_health_figures_pass_the_door() -> None:
    text = "BP 140/90, 32 weeks, Hb 9.5, pulse 88, 60 mg, 400 micrograms, weeks 12 20 26 30 34 36, 1500000 copies"
    assert clear_to_leave(ChatRequest((Message("user", text),)), provider="x", purpose="chat", policy="allowed",
                          redactor=unredacted).request.messages[0].content == text
