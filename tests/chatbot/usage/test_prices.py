"""Where a price comes from, and that an unknown one stays unknown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chatbot.providers import PROVIDERS
from chatbot.usage.prices import LOCAL, PriceBook
from config import Settings


def _book(folder: Path, *rows: tuple[str, str]) -> PriceBook:
    file = folder / "mine.toml"
    file.write_text("".join(
        f'[[price]]\nprovider = "together"\nmodel = "m"\ninput_usd_per_mtok = "{price}"\n'
        f'output_usd_per_mtok = "{price}"\nfrom = {day}\nsource = "invoice"\n' for day, price in rows))
    return PriceBook(str(file))


def test_the_newest_price_that_already_holds_wins(tmp_path: Path) -> None:
    book = _book(tmp_path, ("2026-01-01", "1.00"), ("2026-06-01", "2.00"), ("2999-01-01", "9.00"))
    price = book.find("together", "m", on=date(2026, 7, 1))
    assert price is not None
    assert (price.input, price.source, price.as_of) == (2_000_000_000, "mine.toml: invoice", date(2026, 6, 1))


def test_a_price_does_not_hold_before_its_day(tmp_path: Path) -> None:
    assert _book(tmp_path, ("2026-06-01", "2.00")).find("together", "m", on=date(2026, 5, 31)) is None


def test_the_published_table_knows_the_405b() -> None:
    price = PriceBook().find("together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo")
    assert price is not None
    assert price.input == price.output == 3_500_000_000
    assert price.source.startswith("genai-prices ")


def test_the_router_is_priced_by_who_serves_the_model() -> None:
    assert PriceBook().find("huggingface", "meta-llama/Llama-3.3-70B-Instruct:together") is not None
    assert PriceBook().find("huggingface", "meta-llama/Llama-3.3-70B-Instruct") is None


def test_a_model_nobody_knows_has_no_price() -> None:
    assert PriceBook().find("together", "nobody/knows-it") is None


def test_the_local_model_has_no_price_a_token() -> None:
    assert PriceBook().find("local", "anything") is LOCAL


@pytest.mark.parametrize("row", [row for row in PROVIDERS.values() if row.prices], ids=lambda row: row.name)
def test_the_default_model_and_its_successors_are_priced(row) -> None:  # type: ignore[no-untyped-def]
    settings = Settings(_env_file=None)
    for model in (getattr(settings, row.model_setting), *getattr(settings, row.successors_setting)):
        assert PriceBook().find(row.name, model, row.prices) is not None, model
