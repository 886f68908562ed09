"""What a load costs a month on each offer, worked out by hand; and a table in which every figure has its source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.providers import PROVIDERS
from chatbot.usage.hosting import HostingRow, Load, awake_share, compare
from chatbot.usage.offers import Offer, all_offers
from chatbot.usage.prices import PriceBook
from tests.house import PRICES


def _offer(**values: object) -> Offer:
    plain = {"id": "x", "title": "X", "bills": "hour", "hour_usd": "0.5", "source": "https://example.org",
             "read": date(2026, 11, 21)}
    return Offer(**{**plain, **values})  # type: ignore[arg-type]


TOKENS = {"bills": "token", "provider": "together", "model": "m1", "hour_usd": None}


def _row(load: Load, folder: Path, **values: object) -> HostingRow:
    prices = folder / "p.toml"
    prices.write_text(PRICES)  # together/m1: $2 in, $10 out a million tokens
    return compare(load, [_offer(**values)], PriceBook(str(prices)))[0]


def test_tokens_cost_requests_times_their_price(tmp_path: Path) -> None:
    # 1,000 in x $2/M + 200 out x $10/M = $0.004; x 240 a day x 365 / 12 days = $29.20
    row = _row(Load(240, 1_000, 200), tmp_path, **TOKENS)
    assert (row.month_usd, row.per_request_usd, row.unknown) == (Decimal("29.20"), Decimal("0.004"), "")
    assert row.price_source == "p.toml: a test"


def test_pictures_cost_each(tmp_path: Path) -> None:
    # $29.20 and 12 pictures a day x $0.01 x 365 / 12 = $3.65
    row = _row(Load(240, 1_000, 200, images_per_day=12), tmp_path, **TOKENS, image_usd="0.01")
    assert row.month_usd == Decimal("32.85")


def test_a_machine_by_the_hour_costs_its_hours_however_little_it_works(tmp_path: Path) -> None:
    row = _row(Load(10, 100, 100), tmp_path)
    assert (row.month_usd, row.hours_a_month, row.machines) == (365, 730, 1)
    assert _row(Load(10, 100, 100, hours_per_day=Decimal(12)), tmp_path).month_usd == Decimal("182.50")


def test_a_month_costs_a_month_whatever_the_hours(tmp_path: Path) -> None:
    row = _row(Load(10, 100, 100, hours_per_day=Decimal(1)), tmp_path, bills="month", hour_usd=None, month_usd="40")
    assert (row.month_usd, row.hours_a_month) == (40, 730)


def test_more_work_than_a_machine_has_seconds_takes_a_second_one(tmp_path: Path) -> None:
    # 250 tokens at 25 a second = 10 s; 10,000 a day = 100,000 s, and a day has 86,400
    row = _row(Load(10_000, 0, 250), tmp_path)
    assert (row.machines, row.month_usd) == (2, 730)


def test_reading_the_prompt_counts_where_it_is_slow(tmp_path: Path) -> None:
    # 1,000 / 10 + 100 / 10 = 110 s a request; 1,000 a day = 110,000 s
    slow = {"tokens_per_second": "10", "prompt_tokens_per_second": "10"}
    assert _row(Load(1_000, 1_000, 100), tmp_path, **slow).machines == 2


def test_a_sleeper_is_awake_as_long_as_questions_keep_it_awake(tmp_path: Path) -> None:
    # q = 240 / 86,400 s = 1/360; it stays up 4 + 356 = 360 s: 1 - 1/e = 0.632121 of 730 h = 461.4 h x $0.50
    row = _row(Load(240, 0, 100), tmp_path, bills="awake", idle_seconds=356)
    assert (row.hours_a_month, row.month_usd) == (Decimal("461.4"), Decimal("230.72"))


def test_the_share_awake_goes_from_nothing_to_always() -> None:
    assert awake_share(Decimal(0), Decimal(60)) == 0
    assert awake_share(Decimal(1), Decimal(60)) > Decimal("0.999999")
    assert round(awake_share(Decimal("0.01"), Decimal(10)), 6) == Decimal("0.095163")  # 1 - exp(-0.1)


@pytest.mark.parametrize(("load", "values", "missing"), [
    (Load(1, 1, 1), {"hour_usd": None}, "its price"),
    (Load(1, 1, 1, 1), {**TOKENS}, "the price of a picture"),
    (Load(1, 1, 1), {**TOKENS, "model": "nobody-knows-it"}, "the price of a token"),
    (Load(1, 1, 1, 1), {"pictures": False}, "it cannot make pictures"),
    (Load(1, 1, 1, 1), {"bills": "awake", "idle_seconds": 5}, "how long a picture takes (--seconds-per-image)")])
def test_what_is_missing_is_named_and_never_zero(tmp_path: Path, load: Load, values: dict[str, object],
                                                 missing: str) -> None:
    row = _row(load, tmp_path, **values)
    assert (row.unknown, row.month_usd, row.per_request_usd) == (missing, None, None)


def test_the_cheapest_comes_first_and_the_unknown_last(tmp_path: Path) -> None:
    offers = [_offer(id="a", hour_usd=None), _offer(id="b", hour_usd="2"), _offer(id="c", hour_usd="1")]
    assert [row.offer.id for row in compare(Load(1, 1, 1), offers, PriceBook())] == ["c", "b", "a"]


def test_every_figure_of_the_table_says_where_and_when_it_was_read() -> None:
    for offer in all_offers():
        assert offer.source.startswith("https://"), offer.id
        assert date(2026, 1, 1) <= (offer.as_of or offer.read) <= offer.read <= date(2027, 12, 31), offer.id
        assert offer.provider in PROVIDERS or offer.bills != "token", offer.id


def test_the_table_holds_every_kind_of_place_that_is_worth_comparing() -> None:
    ids = " ".join(offer.id for offer in all_offers())
    for place in ("ec2-g4dn-xlarge", "hf-endpoint-t4", "hf-endpoint-a10g", "hf-endpoint-a100", "runpod", "vast", "vps",
                  "together", "openai", "gemini"):
        assert place in ids, place


@pytest.mark.parametrize(("row", "says"), [
    ('bills = "token"', "must name its provider"), ('bills = "awake"', "must state its idle_seconds"),
    ('bills = "hour"\nhour_usd = "-1"', "greater than or equal to 0"), ('bills = "hour"\nprice = "1"', "Extra inputs"),
    ('bills = "day"', "Input should be")])
def test_a_wrong_row_is_refused_with_its_reason(tmp_path: Path, row: str, says: str) -> None:
    table = tmp_path / "hosting.toml"
    table.write_text(f'[[offer]]\nid = "x"\ntitle = "X"\n{row}\nsource = "https://example.org"\nread = 2026-11-21\n')
    with pytest.raises(ValueError, match=says):
        all_offers(table)


def test_two_offers_of_one_id_are_refused(tmp_path: Path) -> None:
    row = '[[offer]]\nid = "x"\ntitle = "X"\nbills = "hour"\nsource = "https://example.org"\nread = 2026-11-21\n'
    table = tmp_path / "hosting.toml"
    table.write_text(row * 2)
    with pytest.raises(ValueError, match="same id"):
        all_offers(table)
