"""Looks over the price tables: where two of them disagree, what nobody has read for long, what is unpriced or retired.

Made for `flask prices check`. It asks nobody: prices of a live provider are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from typing import Literal

from chatbot.database import now, usd
from chatbot.providers.interface import Provider
from chatbot.usage.offers import OFFERS, all_offers
from chatbot.usage.price_tables import PriceTable
from chatbot.usage.prices import Price, PriceBook, is_hourly, published

STALE_AFTER = timedelta(days=90)
Kind = Literal["unpriced", "retired", "disagree", "stale"]
SERIOUS: tuple[Kind, ...] = ("unpriced", "retired")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at. `serious`: calls will fail or be booked wrongly because of it."""

    kind: Kind
    provider: str
    model: str
    detail: str
    serious: bool


def check(book: PriceBook, providers: Iterable[Provider], live: Mapping[tuple[str, str], Price] | None = None,
          on: date | None = None) -> list[Finding]:
    """Everything to look at, the serious first.

    Args:
        book: the prices of the installation.
        providers: all of them; those that are not set up are only looked up in the tables.
        live: prices that a provider itself states now, by (provider, model).
        on: the UTC day to judge by; today unless told.
    """
    on = on or now().date()
    everyone = [provider for provider in providers if provider.leaves_machine]
    set_up = [provider for provider in everyone if provider.readiness().state != "not_configured"]
    found = [*_models(book, set_up, on), *_disagreements(book, everyone, live or {}, on), *_stale(book.tables, on)]
    return sorted(found, key=lambda one: not one.serious)


def _models(book: PriceBook, providers: Iterable[Provider], on: date) -> Iterable[Finding]:
    for provider in providers:
        for model in provider.models():
            if book.find(provider.name, model, provider.price_table, on) is None:
                yield _unpriced(provider.name, model)
            yield from _retired(book, provider, model, on)


def _unpriced(provider: str, model: str) -> Finding:
    if is_hourly(provider):
        hint = f"what an hour costs is not known: set {provider.upper()}_HOURLY_USD"
        return Finding("unpriced", provider, model, hint, serious=False)
    hint = "no table knows its price; it is not asked unless ALLOW_UNPRICED=true"
    return Finding("unpriced", provider, model, hint, serious=True)


def _retired(book: PriceBook, provider: Provider, model: str, on: date) -> Iterable[Finding]:
    """A retired model is serious when its provider has no other that lives."""
    row = book.retirement(provider.name, model)
    if row is None:
        return
    left = [one for one in provider.models() if not _is_gone(book, provider.name, one, on)]
    when = "retired on" if row.retired_on <= on else "will be retired on"
    then = f"; then {left[0]} is asked" if left else f"; set its successor {row.successor}" if row.successor else ""
    yield Finding("retired", provider.name, model, f"{when} {row.retired_on} ({row.source}){then}",
                  serious=not left and row.retired_on <= on)


def _is_gone(book: PriceBook, provider: str, model: str, on: date) -> bool:
    row = book.retirement(provider, model)
    return row is not None and row.retired_on <= on


def _disagreements(book: PriceBook, providers: Iterable[Provider], live: Mapping[tuple[str, str], Price], on: date,
                   ) -> Iterable[Finding]:
    """Where our own row, the published table and the provider itself do not say the same."""
    table_ids = {provider.name: provider.price_table or provider.name for provider in providers}
    for provider, model in dict.fromkeys([*book.overridden(), *live]):
        prices = (book.override(provider, model, on), published(table_ids.get(provider, provider), model),
                  live.get((provider, model)))
        known = [price for price in prices if price]
        if len({(price.input, price.output) for price in known if not price.hour}) > 1:
            says = "; ".join(f"{price.source}: {usd(price.input)} in, {usd(price.output)} out" for price in known)
            yield Finding("disagree", provider, model, f"{says} (US dollars a million tokens; the first is booked)",
                          serious=False)


def _stale(tables: Iterable[PriceTable], on: date) -> Iterable[Finding]:
    """Rows whose source nobody has read for 90 days, and a published table of another version than was looked at."""
    for table in tables:
        for provider, model, read in _read_on(table):
            if on - read > STALE_AFTER:
                yield _old(provider, model, table.name, read)
        for row in table.table:
            if (installed := version(row.name)) != row.version:
                detail = f"{installed} is installed, {row.version} was looked at in {table.name}"
                yield Finding("stale", "", row.name, detail, serious=False)
    for offer in all_offers():
        if on - offer.read > STALE_AFTER:
            yield _old("", offer.id, OFFERS.name, offer.read)


def _read_on(table: PriceTable) -> Iterable[tuple[str, str, date]]:
    """Every row's provider, model, and the day it was last read at its source."""
    yield from ((row.provider, row.model, row.read or row.since) for row in table.price)
    yield from ((row.provider, row.model, row.read or row.since) for row in table.image)
    yield from (("", row.place, row.read or row.since) for row in table.energy)
    yield from ((row.provider, row.model, row.read or row.retired_on) for row in table.retirement)
    yield from (("", row.name, row.read or date.min) for row in table.table)


def _old(provider: str, model: str, table: str, read: date) -> Finding:
    return Finding("stale", provider, model, f"{table}: last read at its source on {read}", serious=False)
