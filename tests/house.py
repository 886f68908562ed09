"""Makes a ledger, calls and a chat for a test, on a database of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url, select

from chatbot.calling.health import Health
from chatbot.calls import Calls, Order
from chatbot.database import migrate, open_engine
from chatbot.providers.interface import ChatRequest, Message, Provider
from chatbot.strategies import Wish
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.prices import PriceBook
from chatbot.usage.tables import Attempt, Call
from config import Settings
from tests.migrated import migrated_file

PRICES = """
[[price]]
provider = "together"
model = "m1"
input_usd_per_mtok = "2"
output_usd_per_mtok = "10"
from = 2026-01-01
source = "a test"
"""


def make_settings(folder: Path, **values: Any) -> Settings:
    """Settings that see no `.env`, no local model and no cloud, unless told."""
    prices = folder / "prices.toml"
    prices.write_text(PRICES)
    plain = {"database_url": f"sqlite:///{folder / 'funza.db'}", "local_engine": "off", "model_dir": folder / "models",
             "prices_file": str(prices), "allow_unpriced": True, "first_token_timeout": 2, "idle_timeout": 2,
             "total_timeout": 10}
    return Settings(_env_file=None, **{**plain, **values})


def make_engine(settings: Settings) -> Engine:
    """An engine on the settings' database, which then has every table."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return open_engine(migrated_file(Path(url.database)))
    engine = open_engine(settings.database_url)
    migrate(engine)
    return engine


def make_calls(folder: Path, *providers: Provider, health: Health | None = None, **values: Any) -> Calls:
    settings = make_settings(folder, **values)
    return Calls(settings, {provider.name: provider for provider in providers}, Ledger(make_engine(settings)),
                 PriceBook(settings.prices_file), health or Health())


def order(*, stream: bool = False, **values: Any) -> Order:
    request = ChatRequest((Message("user", "Why is iron given in pregnancy?"),))
    return Order(**{"request": request, "wish": Wish("hybrid"), "call": NewCall("chat", "hybrid"), "stream": stream,
                    **values})


def attempts(calls: Calls) -> list[Attempt]:
    """Every attempt in the ledger, oldest first."""
    return _rows(calls, Attempt)


def call_rows(calls: Calls) -> list[Call]:
    return _rows(calls, Call)


def _rows(calls: Calls, table: Any) -> list[Any]:
    from sqlalchemy.orm import Session

    with Session(calls.ledger._engine, expire_on_commit=False) as session:
        return list(session.scalars(select(table).order_by(table.id)))
