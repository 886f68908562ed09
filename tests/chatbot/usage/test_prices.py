"""Where a price comes from, and that an unknown one stays unknown."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.errors import NoProvider
from chatbot.providers import PROVIDERS
from chatbot.providers.completion import usage_of
from chatbot.providers.interface import Finish, Usage
from chatbot.usage.price_tables import OVERRIDES, WrongPrices, read_table
from chatbot.usage.priced import UNPRICED
from chatbot.usage.prices import LOCAL, Price, PriceBook
from config import Settings
from tests.house import attempts, make_calls, order
from tests.scripted import Scripted, answer

ROOT = Path(__file__).parents[3]


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


HOUR = ('[[price]]\nprovider = "hf_endpoint"\nmodel = "tgi"\nusd_per_hour = "3.60"\nfrom = 2026-01-01\n'
        'source = "invoice"\n')


def _of(folder: Path, text: str, **hourly: float) -> PriceBook:
    file = folder / "mine.toml"
    file.write_text(text)
    return PriceBook(str(file), **hourly)


def test_what_is_rented_by_the_hour_costs_by_the_time_it_takes(tmp_path: Path) -> None:
    price = _of(tmp_path, HOUR).find("hf_endpoint", "tgi")
    assert price is not None
    assert price.cost(Usage(9_000, 9_000), latency_ms=2_500) == 2_500_000  # 3.60 an hour is a millidollar a second
    assert price.most(9_000, 9_000, seconds=30) == 30_000_000


def test_the_hour_of_the_endpoint_can_be_a_setting_and_a_row_wins_over_it(tmp_path: Path) -> None:
    setting = PriceBook(hf_endpoint_hourly_usd=0.5).find("hf_endpoint", "tgi")
    assert setting is not None
    assert (setting.hour, setting.source) == (500_000_000, "HF_ENDPOINT_HOURLY_USD")
    row = _of(tmp_path, HOUR, hf_endpoint_hourly_usd=0.5).find("hf_endpoint", "tgi")
    assert row is not None
    assert row.hour == 3_600_000_000


def test_the_most_a_try_may_cost_is_never_less_than_what_it_costs() -> None:
    price = Price(3, 7, 5, source="x")
    for prompt in range(0, 40, 3):
        for cached in (0, prompt):
            usage = Usage(prompt, 11, cached)
            assert price.most(prompt, 11, 0) >= price.cost(usage)


def test_reasoning_tokens_are_among_the_completion_tokens_and_not_billed_again() -> None:
    price = Price(0, 10_000_000_000, 0, source="x")
    assert price.cost(Usage(0, 100, reasoning_tokens=80)) == price.cost(Usage(0, 100)) == 1_000_000


@pytest.mark.parametrize(("row", "says"), [
    ('[[price]]\nprovider = "a"\nsource = "s"\n', "model"),
    (HOUR.replace("3.60", "-1"), "greater than or equal to 0"),
    (HOUR.replace('"3.60"', "nan"), "finite"),
    (HOUR.replace("3.60", "1e30"), "less than or equal"),
    (HOUR.replace("3.60", "cheap"), "decimal"),
    (HOUR.replace('usd_per_hour = "3.60"\n', ""), "usd_per_hour"),
    (HOUR + 'input_usd_per_mtok = "1"\noutput_usd_per_mtok = "1"\n', "usd_per_hour"),
    (HOUR.replace("source", "sauce"), "source"),
    ("[[price", "cannot be read"),
    ('[[prices]]\nmodel = "a"\n', "prices"),
])
def test_a_table_with_a_mistake_is_refused_and_says_where(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(WrongPrices, match=r"mine\.toml") as wrong:
        _of(tmp_path, row)
    assert says in str(wrong.value)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongPrices, match="cannot be read"):
        PriceBook(str(tmp_path / "none.toml"))


def test_a_wrong_table_stops_the_start_with_one_line_and_exit_code_78(tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(HOUR.replace("3.60", "-1"))
    ended = subprocess.run(
        [sys.executable, "-c", "from run import create_app; create_app()"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PRICES_FILE": str(table), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}, check=False)
    said = ended.stderr.strip().splitlines()
    assert (ended.returncode, len(said)) == (78, 1)
    assert said[0].startswith("funza: wrong setting: PRICES_FILE: mine.toml, price.0.usd_per_hour")


def test_every_row_of_ours_names_its_source_and_the_day_somebody_read_it() -> None:
    table = read_table(OVERRIDES)
    rows = (*table.price, *table.retirement, *table.image, *table.energy, *table.table)
    assert rows
    assert all(row.source and row.read for row in rows)


def test_the_405b_is_known_to_be_retired_with_its_successor() -> None:
    row = PriceBook().retirement("together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo")
    assert row is not None
    assert (row.retired_on, row.successor) == (date(2026, 2, 6), "meta-llama/Llama-3.3-70B-Instruct-Turbo")
    assert PriceBook().retirement("together", "openai/gpt-oss-120b") is None


def test_a_picture_has_a_price_of_its_own_from_the_day_it_holds() -> None:
    row = PriceBook().image("replicate", "flux-schnell", on=date(2026, 11, 21))
    assert row is not None
    assert row.usd_per_image == Decimal("0.003")
    assert PriceBook().image("replicate", "flux-schnell", on=date(2020, 1, 1)) is None


# --- models whose price nobody knows ---
def test_an_unpriced_cloud_is_not_asked_and_the_chain_says_why(tmp_path: Path) -> None:
    unpriced, priced = Scripted("openai", answer("a")), Scripted("together", answer("b"))
    done = make_calls(tmp_path, unpriced, priced, allow_unpriced=False).finish(order())
    assert (done.provider, unpriced.asked) == ("together", [])
    assert [(one.provider, one.reason) for one in done.skipped] == [("openai", UNPRICED)]


def test_a_successor_with_a_price_is_asked_in_place_of_an_unpriced_model(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("b"), models=("new", "m1")), allow_unpriced=False)
    assert calls.finish(order()).model == "m1"


def test_with_nothing_else_an_unpriced_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("openai", answer("a")), allow_unpriced=False)
    with pytest.raises(NoProvider, match="ALLOW_UNPRICED=true"):
        calls.finish(order())


def test_an_endpoint_by_the_hour_and_the_local_model_need_no_price_a_token(tmp_path: Path) -> None:
    for name, cloud in (("hf_endpoint", True), ("local", False)):
        folder = tmp_path / name
        folder.mkdir()
        calls = make_calls(folder, Scripted(name, answer("Yes."), cloud=cloud), allow_unpriced=False)
        assert calls.finish(order()).provider == name


def test_a_try_at_an_endpoint_is_booked_by_its_time_as_an_estimate(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("hf_endpoint", [0.2, *answer("Yes.")], models=("tgi",)))
    calls.prices = _of(tmp_path, HOUR)
    done = calls.finish(order())
    (row,) = attempts(calls)
    assert (done.usage.cost_state, row.hour_nano_usd) == ("estimated", 3_600_000_000)
    assert row.cost_nano_usd == (row.latency_ms or 0) * 1_000
    assert 200_000 <= row.cost_nano_usd < 2_000_000


def test_reasoning_tokens_that_a_provider_reports_are_kept(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", ["Yes.", Finish("stop", Usage(10, 90, reasoning_tokens=80))]))
    calls.finish(order())
    (row,) = attempts(calls)
    assert (row.completion_tokens, row.reasoning_tokens, row.cost_nano_usd) == (90, 80, 10 * 2_000 + 90 * 10_000)


@pytest.mark.parametrize(("details", "kept"), [
    ({"reasoning_tokens": 80}, 80), ({"reasoning_tokens": 91}, 0), ({"reasoning_tokens": -1}, 0), (None, 0), ("x", 0)])
def test_absurd_reasoning_tokens_are_not_kept(details: object, kept: int) -> None:
    usage = usage_of({"prompt_tokens": 10, "completion_tokens": 90, "completion_tokens_details": details})
    assert usage is not None
    assert (usage.completion_tokens, usage.reasoning_tokens) == (90, kept)
