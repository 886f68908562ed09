"""What can be said of each provider now: state, reason, breaker, price and its source, retired or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.calls import Calls
from chatbot.database import usd
from chatbot.privacy.permit import why_not
from chatbot.providers.interface import Provider
from chatbot.strategies import Candidate, Plan, Wish
from chatbot.usage.priced import UNPRICED, only_priced


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A name that the `model` field of a completion may hold."""

    id: str
    provider: str
    state: str
    reason: str


def status_of(provider: Provider, calls: Calls) -> dict[str, Any]:
    """One provider and its models. Prices are US dollars a million tokens, null when nobody knows them."""
    readiness = provider.readiness()
    forbidden = _forbidden(provider, calls) if provider.leaves_machine else None
    return {"name": provider.name, "title": provider.title, "leaves_machine": provider.leaves_machine,
            "state": "unavailable" if forbidden and readiness.state == "ready" else readiness.state,
            "reason": forbidden or readiness.reason, "downloads": provider.downloads(),
            "models": [_model(provider, model, calls)
                       for model in dict.fromkeys((*provider.models(), *provider.models_that_see()))]}


def _forbidden(provider: Provider, calls: Calls) -> str | None:
    """Why a cloud that is ready may not be asked all the same."""
    settings, models = calls.settings, provider.models()
    if (policy := why_not(settings.cloud_policy)) or not models or provider.readiness().state == "not_configured":
        return policy
    whole = Plan((Candidate(provider, models),), ())
    return None if only_priced(whole, calls.prices, allow_unpriced=settings.allow_unpriced).candidates else UNPRICED


def _model(provider: Provider, model: str, calls: Calls) -> dict[str, Any]:
    price = calls.prices.find(provider.name, model, provider.price_table)
    health = calls.health
    return {"model": model, "retired": health.is_retired(provider.name, model),
            "breaker": health.breaker_state(provider.name, model),
            "price_input_usd_per_mtok": float(usd(price.input)) if price else None,
            "price_output_usd_per_mtok": float(usd(price.output)) if price else None,
            "price_source": price.source if price else None,
            "price_date": price.as_of.isoformat() if price and price.as_of else None}


def list_models(providers: Mapping[str, Provider]) -> tuple[ModelInfo, ...]:
    """The three strategies, then `provider/model` for every provider that is set up."""
    strategies = tuple(ModelInfo(name, "funza", "ready", "") for name in ("hybrid", "local", "cloud"))
    return strategies + tuple(
        ModelInfo(f"{provider.name}/{model}", provider.name, readiness.state, readiness.reason)
        for provider in providers.values() if (readiness := provider.readiness()).state != "not_configured"
        for model in provider.models())


def whom_not_to_ask(calls: Calls) -> list[str]:
    """`provider/model: why` for each model that is set up and may be asked, but is retired or cut off now."""
    return [f"{provider.name}/{model}: {why}" for provider in calls.providers.values()
            if provider.readiness().state == "ready" for model in provider.models()
            if (why := calls.health.why_not(provider.name, model))]


def who_would_answer(calls: Calls) -> str:
    """`provider/model` that a chat in English would ask first now, or `curated/cards`."""
    for candidate in calls.plan(Wish(calls.settings.strategy, language="en")).candidates:
        if model := calls.health.first_live(candidate.provider.name, candidate.models):
            return f"{candidate.provider.name}/{model}"
    return "curated/cards"
