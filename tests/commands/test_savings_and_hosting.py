"""`flask savings` and `flask hosting compare`: tables for people, JSON and CSV for programs, unknown never as zero."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from commands import register_commands
from commands.printing import usd
from routes.installation import Installation
from tests.chatbot.usage.booking import book
from tests.house import make_engine, make_settings

LOAD = ["hosting", "compare", "--requests-per-day", "240", "--prompt-tokens", "1000", "--completion-tokens", "200"]


class OnlyTheLedger:
    """What the commands need of the front door."""

    def __init__(self, engine: object) -> None:
        self.engine = engine


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    settings = make_settings(tmp_path, together_model="m1", together_api_key="k", gpu_hourly_usd="0")
    app = Flask("funza_test")
    app.extensions["funza"] = Installation(settings, OnlyTheLedger(make_engine(settings)))  # type: ignore[arg-type]
    register_commands(app)
    return app


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), env={"COLUMNS": "100"})


def test_savings_are_a_table_with_what_they_rest_on(app: Flask) -> None:
    book(app.extensions["funza"].service.engine, tokens=(1_000_000, 200_000))
    shown = run(app, "savings")
    assert shown.exit_code == 0
    assert "$4.000000" in shown.output
    assert "Measured against together/m1 (source: prices.toml: a test)." in shown.output


def test_savings_as_json_are_exact_and_null_where_unknown(app: Flask) -> None:
    book(app.extensions["funza"].service.engine, tokens=(1_000_000, 200_000))
    known = json.loads(run(app, "savings", "--json").output)
    assert (known["saved_usd"], known["total"]["avoided_usd"], known["rows"][0]["key"]) == ("4", "4", "chat")
    unknown = json.loads(run(app, "savings", "--json", "--against", "openai/nobody-knows-it").output)
    assert (unknown["saved_usd"], unknown["total"]["avoided_usd"]) == (None, None)


def test_savings_as_csv_cannot_run_as_a_formula(app: Flask) -> None:
    book(app.extensions["funza"].service.engine, tokens=(1_000_000, 0), feature="=1+1")
    rows = list(csv.DictReader(io.StringIO(run(app, "savings", "--csv").output)))
    assert [(row["key"], row["avoided_usd"]) for row in rows] == [("'=1+1", "2"), ("total", "2")]


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--against", "local/x"], ["--watts", "-1"],
                                       ["--by", "provider"]])
def test_a_wrong_option_is_explained(app: Flask, arguments: list[str]) -> None:
    shown = run(app, "savings", *arguments)
    assert shown.exit_code == 2
    assert "Error:" in shown.output


def test_offers_are_compared_the_cheapest_first(app: Flask) -> None:
    shown = json.loads(run(app, *LOAD, "--json").output)
    costs = [float(offer["month_usd"]) for offer in shown["offers"] if offer["month_usd"] is not None]
    assert costs == sorted(costs)
    assert len(costs) >= 10
    hour = next(offer for offer in shown["offers"] if offer["id"] == "ec2-g4dn-xlarge")
    assert (hour["month_usd"], hour["source"][:8], hour["read"]) == ("383.98", "https://", "2026-11-21")


def test_a_figure_that_is_missing_is_shown_as_unknown(app: Flask, tmp_path: Path) -> None:
    table = tmp_path / "offers.toml"
    table.write_text('[[offer]]\nid = "x"\ntitle = "Somewhere"\nbills = "hour"\nsource = "https://example.org"\n'
                     "read = 2026-11-21\n")
    shown = run(app, *LOAD, "--table", str(table))
    assert "Somewhere: unknown, because of its price." in shown.output
    assert "$0" not in shown.output


def test_offers_as_csv_have_their_sources(app: Flask) -> None:
    rows = list(csv.DictReader(io.StringIO(run(app, *LOAD, "--csv").output)))
    assert all(row["source"].startswith("https://") for row in rows)
    assert len({row["id"] for row in rows}) == len(rows) >= 12


@pytest.mark.parametrize("arguments", [["--hours", "25"], ["--hours", "0"], ["--requests-per-day", "0"],
                                       ["--images", "-1"]])
def test_a_load_that_cannot_be_is_refused(app: Flask, arguments: list[str]) -> None:
    assert run(app, *LOAD, *arguments).exit_code == 2


def test_a_table_with_a_wrong_row_is_refused_with_its_reason(app: Flask, tmp_path: Path) -> None:
    table = tmp_path / "offers.toml"
    table.write_text('[[offer]]\nid = "x"\n')
    shown = run(app, *LOAD, "--table", str(table))
    assert (shown.exit_code, "Field required" in shown.output) == (2, True)


def test_money_for_people() -> None:
    from decimal import Decimal

    assert [usd(Decimal("1234.5")), usd(Decimal("-0.5")), usd(None)] == ["$1,234.50", "-$0.50", "unknown"]
