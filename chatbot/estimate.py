"""What a call would cost, before it is made: every candidate of its chain with its tokens and its price, low and high.

Nobody is asked and nothing is written down. Prompt tokens are the local model's own count while it is loaded, else an
estimate (`Provider.count_tokens`, about 3.2 bytes a token), which rather says too much. The low price is that of an
answer of one token, the high one that of an answer as long as `max_tokens` allows; a second try would cost as much
again. A reply that the cards or the fixed emergency text give costs nothing, and has no candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from chatbot.calling.one_try import prompt_estimate
from chatbot.calls import Calls, Order
from chatbot.database import usd
from chatbot.providers.interface import ChatRequest, Provider
from chatbot.providers.local import LocalProvider
from chatbot.strategies import Plan, Skipped
from chatbot.usage.cost import CostState
from chatbot.usage.prices import LOCAL, Price

CountedBy = Literal["tokenizer", "estimate"]


@dataclass(frozen=True, slots=True)
class CandidateCost:
    """One provider of the chain, and what the calls would cost there. None: nobody knows its price."""

    provider: str
    model: str
    prompt_tokens: int
    """Of one call."""
    counted_by: CountedBy
    completion_tokens_low: int
    completion_tokens_high: int
    cost_low_usd: Decimal | None
    """Of all calls."""
    cost_high_usd: Decimal | None
    cost_state: CostState
    price_source: str
    price_date: date | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Candidates in the order in which they would be asked; the first one answers, unless it fails."""

    count: int
    """How many such calls."""
    max_tokens: int
    candidates: tuple[CandidateCost, ...]
    cheapest: str
    """`provider/model` with the lowest high price; empty without a candidate whose price is known."""
    skipped: tuple[Skipped, ...]
    """Who would not be asked, and why."""


def estimate(order: Order, calls: Calls, *, max_tokens: int | None = None, count: int = 1) -> Estimate:
    """The estimate for `count` calls like `order`. Raises UnknownModel as the call itself would."""
    request = replace(order.request, max_tokens=max_tokens or order.request.max_tokens)
    chain = calls.plan(order.wish, order.call) if order.ask_models else Plan((), ())
    skipped = list(chain.left_out)
    found: list[CandidateCost] = []
    for candidate in chain.candidates:
        provider, models = candidate.provider, candidate.models
        model = calls.health.first_live(provider.name, models)
        if model is None:
            skipped.append(Skipped(provider.name, models[0], calls.health.why_not(provider.name, models[0])))
        else:
            found.append(_cost(provider, model, request, calls, count))
    known = [one for one in found if one.cost_high_usd is not None]
    best = min(known, key=lambda one: one.cost_high_usd or 0, default=None)
    return Estimate(count, request.max_tokens, tuple(found), f"{best.provider}/{best.model}" if best else "",
                    tuple(skipped))


def _cost(provider: Provider, model: str, request: ChatRequest, calls: Calls, count: int) -> CandidateCost:
    price = calls.prices.find(provider.name, model, provider.price_table)
    prompt = prompt_estimate(provider, request, model)
    seconds = calls.settings.cloud_timeout if provider.leaves_machine else calls.settings.total_timeout
    return CandidateCost(
        provider.name, model, prompt, _counted_by(provider), 1, request.max_tokens,
        None if price is None else count * usd(price.most(prompt, 1, 0)),
        None if price is None else count * usd(price.most(prompt, request.max_tokens, seconds)),
        _state(price), price.source if price else "", price.as_of if price else None)


def _counted_by(provider: Provider) -> CountedBy:
    return "tokenizer" if isinstance(provider, LocalProvider) and provider.has_tokenizer else "estimate"


def _state(price: Price | None) -> CostState:
    return "unpriced" if price is None else "local" if price is LOCAL else "estimated"
