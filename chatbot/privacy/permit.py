"""What may leave the machine: the one place that makes a `Permit` and the `Redacted` request that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from chatbot.errors import NotAllowed
from chatbot.privacy.classes import CloudPolicy, may_leave
from chatbot.privacy.consent import Given
from chatbot.privacy.last_look import look_once_more
from chatbot.privacy.receipts import Leaving
from chatbot.privacy.redaction import Redaction, redact
from chatbot.privacy.redaction.placeholders import Placeholders
from chatbot.providers.interface import ChatRequest, Permit, Redacted

__all__ = ["ASK_FIRST", "Cleared", "CloudPolicy", "clear_to_leave", "why_not"]

ASK_FIRST = "CLOUD_POLICY=ask: this conversation has not consented"
PICTURES_STAY = "a picture that may show a real person stays on this machine"


@dataclass(frozen=True, slots=True)
class Cleared:
    """A request on its way to a provider: what it carries, how its answer comes back, what the receipt says."""

    request: ChatRequest
    """`Redacted` where it leaves the machine; as it was where it stays."""
    placeholders: Placeholders | None = None
    """Puts the values back into the answer."""
    leaving: Leaving | None = None
    """What the receipt says; None where nothing leaves."""


def why_not(policy: CloudPolicy, *, consented: bool = False) -> str | None:
    """The reason why nothing may go to a cloud now, or None when it may."""
    if may_leave("message", policy, consented=consented):
        return None
    return ASK_FIRST if policy == "ask" else f"CLOUD_POLICY={policy}: nothing leaves this machine"


def clear_to_leave(request: ChatRequest, *, provider: str, purpose: str, policy: CloudPolicy,
                   consent: Given | None = None, redactor: Callable[[ChatRequest], Redaction] = redact) -> Cleared:
    """The redacted request with leave to go to `provider`.

    Raises NotAllowed when the policy forbids it, and IdentifierLeft when the last look finds something.
    """
    if reason := why_not(policy, consented=consent is not None):
        raise NotAllowed(reason)
    if any(turn.picture and not turn.picture.may_leave for turn in request.messages):
        raise NotAllowed(PICTURES_STAY)
    clean = redactor(replace(request, asker=""))
    look_once_more(clean.request, provider)
    reason = f"consent {consent.id} v{consent.version}" if consent and policy == "ask" else f"CLOUD_POLICY={policy}"
    redacted = Redacted(**{part.name: getattr(clean.request, part.name) for part in fields(ChatRequest)},
                        permit=Permit(provider, purpose, reason))
    return Cleared(redacted, clean.placeholders, Leaving(redacted, purpose, reason, clean.counts))
