"""Keeps models whose price nobody knows out of a chain: an unknown bill is never run up silently (faults.md S20)."""

from __future__ import annotations

from chatbot.strategies import Candidate, Plan, Skipped
from chatbot.usage.prices import PriceBook

UNPRICED = "nobody knows its price: put it into PRICES_FILE, or set ALLOW_UNPRICED=true"


def only_priced(chain: Plan, prices: PriceBook, *, allow_unpriced: bool) -> Plan:
    """The chain without unpriced models; a provider that has no other is left out, with the reason.

    What is rented by the hour stays: its bill does not grow with the tokens. `allow_unpriced` leaves all as it is.
    """
    if allow_unpriced:
        return chain
    candidates: list[Candidate] = []
    left_out = list(chain.left_out)
    for one in chain.candidates:
        provider = one.provider
        known = tuple(model for model in one.models if prices.may_be_asked(
            prices.find(provider.name, model, provider.price_table), provider.name))
        if known:
            candidates.append(Candidate(provider, known))
        else:
            left_out.append(Skipped(provider.name, one.models[0], UNPRICED))
    return Plan(tuple(candidates), tuple(left_out))
