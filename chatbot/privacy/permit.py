"""Who may leave the machine: the one place that makes a `Permit` and the `Redacted` request that carries it."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

from chatbot.errors import NotAllowed
from chatbot.privacy.redaction import redact
from chatbot.providers.interface import ChatRequest, Permit, Redacted

CloudPolicy = Literal["allowed", "ask", "never"]
PICTURES_STAY = "a picture that may show a real person stays on this machine"


def why_not(policy: CloudPolicy, *, consented: bool = False) -> str | None:
    """The reason why nothing may go to a cloud now, or None when it may."""
    if policy == "never":
        return "CLOUD_POLICY=never: nothing leaves this machine"
    if policy == "ask" and not consented:
        return "CLOUD_POLICY=ask: this conversation has not consented"
    return None


def clear_to_leave(request: ChatRequest, *, provider: str, purpose: str, policy: CloudPolicy,
                   consented: bool = False) -> Redacted:
    """The redacted request with leave to go to `provider`. Raises NotAllowed when the policy forbids it."""
    if reason := why_not(policy, consented=consented):
        raise NotAllowed(reason)
    if any(turn.picture and not turn.picture.may_leave for turn in request.messages):
        raise NotAllowed(PICTURES_STAY)
    clean = redact(request)
    permit = Permit(provider, purpose, "CLOUD_POLICY=allowed" if policy == "allowed" else "consent")
    return Redacted(**{part.name: getattr(clean, part.name) for part in fields(ChatRequest)}, permit=permit)
