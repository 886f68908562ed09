"""Which providers to ask, in which order, and why the others are not asked.

hybrid: the GPU's model, then the clouds in the order of their rows, then the embedded CPU model.
local: only this machine. cloud: only the clouds, and no weights are loaded. The curated floor is not a
provider: it answers when this chain is exhausted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatbot.errors import UnknownModel
from chatbot.providers.interface import Provider
from config import Strategy


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider to try, with its models in order: the next one is for when the one before is retired."""

    provider: Provider
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A provider of the chain that did not answer, and why: left out of the plan, or tried in vain."""

    provider: str
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The chain of one call."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call asks of the chain."""

    strategy: Strategy
    provider: str = ""
    model: str = ""
    """`provider` (and `model`) are tried first, then the strategy's own chain."""
    language: str = ""
    """The language the answer must be in; empty when it does not matter."""
    no_cloud: str = ""
    """Why nothing may leave the machine; empty when it may."""
    picture: bool = False
    """Whether there is a picture to look at: then only models that see are asked."""


def parse_wish(name: str, default: Strategy) -> tuple[Strategy, str, str]:
    """`hybrid`, `local`, `cloud`, `provider` or `provider/model` as (strategy, provider, model)."""
    if name in ("hybrid", "local", "cloud"):
        return name, "", ""  # type: ignore[return-value]
    provider, _, model = name.partition("/")
    return default, provider, model


def plan(wish: Wish, providers: Mapping[str, Provider], chain: Sequence[str] = ()) -> Plan:
    """The chain for one call. Raises UnknownModel when `wish` names a provider or model we do not have."""
    candidates: list[Candidate] = []
    left_out: list[Skipped] = []
    for provider, named in _in_order(wish, providers, chain):
        if not _is_in_the_chain(wish, provider):
            continue
        models = provider.models_that_see() if wish.picture else named
        if reason := _why_left_out(wish, provider, models):
            left_out.append(Skipped(provider.name, models[0] if models else "", reason))
        else:
            candidates.append(Candidate(provider, models))
    return Plan(tuple(candidates), tuple(left_out))


def _in_order(wish: Wish, providers: Mapping[str, Provider],
              chain: Sequence[str]) -> Iterable[tuple[Provider, tuple[str, ...]]]:
    first = [_named(wish.provider, wish.model, providers)] if wish.provider else []
    if chain:
        rest = [_named(*_split(name), providers) for name in chain]
    else:
        rest = [(provider, provider.models()) for provider in _default_order(providers)]
    asked = {provider.name for provider, _ in first}
    return first + [(provider, models) for provider, models in rest if provider.name not in asked]


def _default_order(providers: Mapping[str, Provider]) -> list[Provider]:
    """The embedded CPU model comes last; everything else as its rows stand, this machine's model first."""
    return sorted(providers.values(), key=lambda provider: (provider.last_resort, provider.leaves_machine))


def _split(name: str) -> tuple[str, str]:
    provider, _, model = name.partition("/")
    return provider, model


def _named(name: str, model: str, providers: Mapping[str, Provider]) -> tuple[Provider, tuple[str, ...]]:
    if name not in providers:
        raise UnknownModel(f"There is no provider {name[:40]!r} here.", field="model",
                           remedy=f"Use hybrid, local, cloud, or one of {', '.join(providers)} with /model.")
    provider = providers[name]
    if model and model not in provider.models():
        raise UnknownModel(f"{name} is not set up for this model.", field="model",
                           remedy=f"Use one of: {', '.join(f'{name}/{one}' for one in provider.models())}.")
    models = provider.models()
    return provider, (model, *(one for one in models if one != model)) if model else models


def _is_in_the_chain(wish: Wish, provider: Provider) -> bool:
    """A provider without its key is no failure: it is simply not there, and /api/v1/providers says why.

    Nor is one that only looks at pictures, when there is none.
    """
    wrong_side = wish.strategy == ("local" if provider.leaves_machine else "cloud")
    only_looks = not provider.models() and bool(provider.models_that_see())
    return not wrong_side and not (only_looks and not wish.picture) and provider.readiness().state != "not_configured"


def _why_left_out(wish: Wish, provider: Provider, models: tuple[str, ...]) -> str:
    if provider.leaves_machine and wish.no_cloud:
        return wish.no_cloud
    if wish.language and provider.languages and wish.language not in provider.languages:
        return f"its model does not write {wish.language}"
    readiness = provider.readiness()
    if readiness.state in ("unavailable", "downloading"):
        return readiness.reason or readiness.state
    return "" if models else "none of its models sees pictures" if wish.picture else "it names no model"
