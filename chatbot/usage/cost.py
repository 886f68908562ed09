"""What a call cost, and how sure we are of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CostState = Literal["exact", "estimated", "local", "unpriced"]
"""exact: the provider counted and the price is known. estimated: we counted. local: no price a token.
unpriced: nobody knows the price, and the cost is unknown, which is not 0."""


@dataclass(frozen=True, slots=True)
class UsageOfCall:
    """Tokens of the try that answered; money of all tries together."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    """None when a price is unknown (`unpriced`): never a made-up 0."""
    cost_state: CostState = "local"


def weakest(states: Iterable[str]) -> CostState:
    """How sure one can be of a sum: as sure as of its least sure part."""
    found = set(states)
    order: tuple[CostState, ...] = ("unpriced", "estimated", "exact")
    return next((state for state in order if state in found), "local")
