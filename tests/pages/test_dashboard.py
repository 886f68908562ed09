"""The administrator's page in a real browser: numbers, charts beside their tables, without a script, for everyone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import Engine

from routes import register_routes
from routes.installation import Installation
from tests.chatbot.usage.booking import book
from tests.house import make_engine, make_settings
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen, serving
from tests.pages.test_page_for_everyone import CONTRASTS

TODAY = date(2026, 3, 10)
YESTERDAY = TODAY - timedelta(days=1)
MODEL = {"model": "m1", "retired": False, "breaker": "open"}
TOGETHER = {"name": "together", "title": "Together", "state": "ready", "reason": "", "leaves_machine": True,
            "models": [MODEL]}
LONG = "organisation/" + "a-very-long-model-name-" * 4


@dataclass
class Status:
    """The part of the front door that the dashboard uses."""

    engine: Engine
    providers: list[dict[str, Any]] = field(default_factory=lambda: [TOGETHER])

    def get_drawing_status(self) -> tuple[()]:
        return ()

    def get_provider_status(self) -> list[dict[str, Any]]:
        return self.providers


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of `TODAY` throughout: a test that runs over midnight shows the same days."""
    for module in ("routes.dashboard", "chatbot.usage.day_totals"):
        monkeypatch.setattr(f"{module}.now", lambda: datetime.combine(TODAY, time(12), UTC))


@pytest.fixture
def app(tmp_path: Path) -> APIFlask:
    settings = make_settings(tmp_path, together_model="m1", gpu_hourly_usd=0)
    engine = make_engine(settings)
    book(engine, tokens=(1_000_000, 200_000), day=YESTERDAY, language="sw")  # $4 at together/m1
    book(engine, "together", tokens=(100, 10), cost=250_000_000, cost_state="exact", day=YESTERDAY, model="m1",
         failed=("timeout",))
    book(engine, "hf_endpoint", cost=None, cost_state="unpriced", day=TODAY, model=LONG, language="", feature="quiz")
    book(engine, "curated", day=TODAY, model="cards")
    app = APIFlask("funza_test", enable_openapi=False)
    app.extensions["funza"] = Installation(settings, Status(engine))  # type: ignore[arg-type]
    register_routes(app)
    return app


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    with serving(app) as found:
        yield found


@pytest.fixture
def open_page(reuse_page: OpenPage) -> OpenPage:
    return reuse_page


@WITH_AND_WITHOUT_SCRIPT
def test_the_tables_hold_the_ledgers_numbers(open_page: OpenPage, script: bool) -> None:
    page = open_page("/dashboard", script=script)
    cells = page.locator("#by-provider tbody tr").all_inner_texts()
    assert [" ".join(cell.split()) for cell in cells] == [
        "together $0.2500 1 1", "fact cards $0.0000 1 0", "hf_endpoint $0.0000 + 1 unknown 1 0", "local $0.0000 1 0"]
    expect(page.locator("#by-day tbody tr")).to_have_count(30)
    expect(page.locator(f"#by-day tr[data-day='{YESTERDAY}']")).to_contain_text("$0.2500")
    expect(page.locator("#by-language tbody th")).to_have_text(["English", "not stated", "Kiswahili"])
    expect(page.locator("#by-feature tbody th")).to_have_text(["chat", "quiz"])
    expect(page.locator("#failures tbody tr")).to_have_text([r"together m1 took too long 1"], use_inner_text=True)


@WITH_AND_WITHOUT_SCRIPT
def test_a_breaker_and_what_was_saved_are_said(open_page: OpenPage, script: bool) -> None:
    page = open_page("/dashboard", script=script)
    row = page.locator("#providers tbody tr").first
    expect(row).to_contain_text("Together")
    expect(row.locator(".breaker-open")).to_have_text("open")
    expect(page.locator("#saved tr.sum td")).to_have_text("$4.00")
    expect(page.locator("#savings")).to_contain_text("Measured against asking together/m1 every time. It has no key")


def test_the_charts_are_drawn_from_the_table_beside_them(open_page: OpenPage) -> None:
    page = open_page("/dashboard", width=1200)
    expect(page.locator("figure canvas")).to_have_count(2)
    chart, table = (page.locator(name).bounding_box() for name in ("figure >> nth=0", "#by-day"))
    assert chart is not None
    assert table is not None
    assert chart["x"] + chart["width"] <= table["x"]
    assert abs(chart["y"] - table["y"]) < 60
    inked = page.locator("figure canvas").first.evaluate(
        "node => node.getContext('2d').getImageData(0, 0, node.width, node.height).data.some((value) => value > 0)")
    assert inked
    expect(page.locator(".plot").first).to_have_accessible_name(
        "Chart of the cost of each day. The table on this page has the same numbers.")


def test_pointing_at_a_day_reads_its_number(open_page: OpenPage) -> None:
    page = open_page("/dashboard", width=1200)
    plot = page.locator("figure .u-over").first
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 28.5 / 30, box["y"] + 20)
    expect(page.locator("figure output").first).to_contain_text("Cost $0.25")


def test_without_a_script_there_is_no_empty_chart(open_page: OpenPage) -> None:
    page = open_page("/dashboard", script=False)
    expect(page.locator("figure").first).to_be_hidden()
    expect(page.locator("#by-day")).to_be_visible()


@WITH_AND_WITHOUT_SCRIPT
def test_other_days_can_be_asked_for(open_page: OpenPage, script: bool) -> None:
    page = open_page("/dashboard", script=script)
    page.get_by_label("From").fill(str(TODAY))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#by-day tbody tr")).to_have_count(1)
    expect(page.locator("#failures")).to_have_count(0)
    page.get_by_role("link", name="7 days").click()
    expect(page.locator("#by-day tbody tr")).to_have_count(7)
    expect(page.locator(".quick [aria-current]")).to_have_text("7 days")


@pytest.mark.parametrize("query", ["since=2026-11-20&until=2026-01-01", "since=yesterday", "until=2026-13-01",
                                   "since=2000-01-01", "since=0001-01-01", "until=9999-12-31&since=2026-01-01"])
def test_wrong_days_are_explained_and_the_usual_ones_shown(open_page: OpenPage, query: str) -> None:
    page = open_page(f"/dashboard?{query}")
    expect(page.get_by_role("alert")).to_contain_text("at most 732 days")
    expect(page.locator("#by-day tbody tr")).to_have_count(30)
    expect(page).to_have_title("Error: What was used, and what it cost - Funza Mama")


def test_the_page_speaks_swahili_and_keeps_the_days(open_page: OpenPage) -> None:
    page = open_page(f"/dashboard?since={YESTERDAY}&until={TODAY}")
    page.get_by_role("link", name="Kiswahili").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kilichotumika na gharama yake")
    expect(page.locator("#by-day tbody tr")).to_have_count(2)


def test_the_csv_has_every_grouping(client: FlaskClient) -> None:
    response = client.get(f"/dashboard/usage.csv?since={YESTERDAY}&until={TODAY}")
    assert (response.status_code, response.mimetype) == (200, "text/csv")
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="funza-usage-{YESTERDAY}-to-{TODAY}.csv"')
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))
    assert {row["group"] for row in rows} == {"day", "provider", "model", "feature", "language", "failure"}
    assert next(row for row in rows if row["key"] == "together")["cost_usd"] == "0.25"
    assert next(row for row in rows if row["group"] == "failure")["key"] == "together/m1: timeout"


def test_no_cell_of_the_csv_can_run_as_a_formula(app: APIFlask, client: FlaskClient) -> None:
    book(app.extensions["funza"].service.engine, '=HYPERLINK("http://a.example")', day=TODAY, feature="@SUM(1)")
    text = client.get("/dashboard/usage.csv").get_data(as_text=True)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert "'@SUM(1)" in cells


def test_a_name_from_the_ledger_cannot_become_markup(app: APIFlask, open_page: OpenPage) -> None:
    book(app.extensions["funza"].service.engine, "<script>document.title='pwned'</script>", day=TODAY)
    page = open_page("/dashboard")
    expect(page.locator("#by-provider")).to_contain_text("<script>")
    expect(page).to_have_title("What was used, and what it cost - Funza Mama")


def test_an_empty_ledger_says_so_and_breaks_nothing(tmp_path: Path, open_page: OpenPage) -> None:
    (tmp_path / "new").mkdir()
    settings = make_settings(tmp_path / "new")
    app = APIFlask("funza_test", enable_openapi=False)
    app.extensions["funza"] = Installation(settings, Status(make_engine(settings), []))  # type: ignore[arg-type]
    register_routes(app)
    with serving(app) as base:
        page = open_page("/dashboard", base=base)
        expect(page.locator("#by-provider")).to_have_count(0)
        expect(page.get_by_text("Nothing in this time.").first).to_be_visible()
        expect(page.get_by_text("No try failed in this time.")).to_be_visible()
        expect(page.locator("figure canvas")).to_have_count(2)


def test_no_inline_script_or_style_and_nothing_from_elsewhere(client: FlaskClient, open_page: OpenPage, address: str,
                                                              seen: Seen) -> None:
    html = client.get("/dashboard").get_data(as_text=True)
    assert " style=" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=") == 2
    open_page("/dashboard").wait_for_load_state("networkidle")
    assert [request.url for request in seen.requests if not request.url.startswith(f"{address}/")] == []


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("width", [320, 360, 1200])
def test_the_page_is_never_wider_than_the_screen(open_page: OpenPage, width: int, language: str) -> None:
    page = open_page(f"/dashboard?lang={language}", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(app: APIFlask, open_page: OpenPage, scheme: str) -> None:
    app.extensions["funza"].service.providers = [
        TOGETHER, {**TOGETHER, "models": [{**MODEL, "breaker": "half-open"}, {**MODEL, "retired": True}]},
        {**TOGETHER, "state": "unavailable", "reason": "no"}, {**TOGETHER, "state": "not_configured"}]
    page = open_page("/dashboard?since=x", color_scheme=scheme, reduced_motion="reduce")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [(words, round(ratio, 2)) for words, ratio in contrasts if ratio < 4.5] == []


def test_everything_to_press_is_big_enough_and_everything_has_a_name(open_page: OpenPage) -> None:
    page = open_page("/dashboard")
    small = page.evaluate("""() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
        .filter((node) => node.checkVisibility() && !node.classList.contains("skip"))
        .map((node) => ({node: node.outerHTML.slice(0, 80), box: node.getBoundingClientRect()}))
        .filter((one) => Math.min(one.box.width, one.box.height) < 44)""")
    assert small == []
    for region in page.get_by_role("region").all():
        expect(region).to_have_accessible_name(r := region.evaluate(
            "node => document.getElementById(node.getAttribute('aria-labelledby')).textContent"))
        assert r
    assert page.locator("table th:not([scope])").count() == 0


def test_the_figures_can_be_reached_and_scrolled_with_a_keyboard(open_page: OpenPage) -> None:
    page = open_page("/dashboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the figures")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "scroll"


def test_a_provider_that_is_not_set_up_takes_one_line(app: APIFlask, open_page: OpenPage) -> None:
    app.extensions["funza"].service.providers = [
        {**TOGETHER, "state": "not_configured", "reason": "set TOGETHER_API_KEY", "models": [MODEL, MODEL]}]
    page = open_page("/dashboard")
    expect(page.locator("#providers tbody tr")).to_have_count(1)
    expect(page.locator("#providers tbody tr")).to_contain_text("not set up")
