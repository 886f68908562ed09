"""Why no model answered, as the one error that a client gets. Our troubles are never the client's: no 401, no 404."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chatbot.calling.health import Health
from chatbot.errors import (
    BadAnswer,
    BudgetExhausted,
    Busy,
    ContextTooLong,
    FunzaError,
    NoProvider,
    NotConsented,
    RateLimited,
)
from chatbot.privacy.last_look import IdentifierLeft
from chatbot.privacy.permit import ASK_FIRST
from chatbot.providers.interface import Provider
from chatbot.strategies import Skipped

SOON = 5.0
"""Seconds after which to come again when no breaker says better."""
LATEST = 300.0
_SAID_AS_IT_IS = (BudgetExhausted, IdentifierLeft, ContextTooLong, Busy, RateLimited, BadAnswer)
POLICY = "CLOUD_POLICY decides whether words may leave this machine."
CONSENT = "POST /api/v1/consents lets redacted words go to a cloud; GET it for the text to show."
REMEDY = "GET /api/v1/providers says what each provider needs."


class Known(Protocol):
    """What has to be known to say why."""

    @property
    def health(self) -> Health: ...
    @property
    def providers(self) -> Mapping[str, Provider]: ...


def why_nobody(last: FunzaError | None, skipped: Sequence[Skipped], no_cloud: str, known: Known) -> FunzaError:
    """The error of a call that nobody answered.

    Args:
        last: how the last try failed, None when nobody was asked.
        skipped: every provider that did not answer, with its reason.
        no_cloud: why nothing may leave the machine, empty when it may.
        known: the providers, and when their breakers let a call through again.
    """
    if isinstance(last, _SAID_AS_IT_IS):
        return last
    reasons = "; ".join(f"{one.provider}: {one.reason}" for one in skipped) or "No provider is set up."
    detail = f"No model can answer now. {reasons}"[:600]
    if no_cloud and _cloud_was_kept_out(skipped, no_cloud, known.providers):
        return NotConsented(detail, remedy=CONSENT if no_cloud == ASK_FIRST else POLICY)
    return NoProvider(detail, remedy=REMEDY, retry_after=_soonest(skipped, known.health))


def _cloud_was_kept_out(skipped: Sequence[Skipped], no_cloud: str, providers: Mapping[str, Provider]) -> bool:
    """Whether the machine's own model failed while a cloud stood ready that may not be asked.

    Where a yes would let it be asked, the machine's own model need not even be there.
    """
    kept_out = any(one.reason == no_cloud for one in skipped)
    own_failed = any(
        one.provider in providers and not providers[one.provider].leaves_machine for one in skipped)
    return kept_out and (own_failed or no_cloud == ASK_FIRST)


def _soonest(skipped: Sequence[Skipped], health: Health) -> float:
    """Seconds until the first open breaker lets a probe through."""
    waits = [seconds for one in skipped if 0 < (seconds := health.opens_in(one.provider, one.model)) <= LATEST]
    return min(waits, default=SOON)
