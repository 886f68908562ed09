"""What may leave the machine: only redacted text, only with a permit, only when the policy says so."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotAllowed
from chatbot.privacy.permit import clear_to_leave, why_not
from chatbot.privacy.redaction import redact_text
from chatbot.providers.interface import ChatRequest, Message, Redacted

ROOT = Path(__file__).parent.parent.parent.parent
REQUEST = ChatRequest((Message("system", "Be kind."), Message("user", "I am Ann, ann@example.org, 0712 345 678.")),
                      max_tokens=9, stop=("END",))


@pytest.mark.parametrize(("text", "clean"), [
    ("Call 0712345678 now", "Call [number] now"),
    ("Call +254 712 345 678 now", "Call [number] now"),
    ("Call 0712-345-678.", "Call [number]."),
    ("write to mama.a+b@mail.co.ke please", "write to [email] please"),
    ("my PIN is A012345678Z ok", "my PIN is [id] ok"),
    ("my ID 12345678", "my ID [number]"),
    ("I am at -1.28333, 36.81667", "I am at [place]"),
    ("take 60 mg of iron and 400 micrograms of folic acid", "take 60 mg of iron and 400 micrograms of folic acid"),
    ("I am 32 weeks, BP 140/90, due on 12/03/2027", "I am 32 weeks, BP 140/90, due on 12/03/2027"),
])
def test_identifiers_go_and_health_facts_stay(text: str, clean: str) -> None:
    assert redact_text(text) == clean


def test_a_cleared_request_is_redacted_whole_and_names_its_provider_and_purpose() -> None:
    cleared = clear_to_leave(REQUEST, provider="together", purpose="chat", policy="allowed")
    assert isinstance(cleared, Redacted)
    assert cleared.messages[1].content == "I am Ann, [email], [number]."
    assert (cleared.max_tokens, cleared.stop) == (9, ("END",))
    assert (cleared.permit.provider, cleared.permit.purpose) == ("together", "chat")


def test_who_asks_stays_on_this_machine() -> None:
    cleared = clear_to_leave(replace(REQUEST, asker="3f9a"), provider="together", purpose="chat", policy="allowed")
    assert cleared.asker == ""


@pytest.mark.parametrize(("policy", "consented", "may"), [
    ("allowed", False, True), ("ask", False, False), ("ask", True, True), ("never", False, False),
    ("never", True, False)])
def test_a_policy_says_who_may_leave(policy: str, consented: bool, may: bool) -> None:
    assert (why_not(policy, consented=consented) is None) is may  # type: ignore[arg-type]
    if not may:
        with pytest.raises(NotAllowed):
            clear_to_leave(REQUEST, provider="x", purpose="chat", policy=policy, consented=consented)  # type: ignore[arg-type]


def test_permits_are_made_in_one_place_only() -> None:
    makers = [path.relative_to(ROOT).as_posix() for path in (ROOT / "chatbot").rglob("*.py")
              for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
              if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Permit", "Redacted")]
    assert set(makers) == {"chatbot/privacy/permit.py"}
