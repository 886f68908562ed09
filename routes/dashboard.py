"""The administrator's page: what was used, what it cost, what failed and why, what this machine saved.

It is tables, readable without JavaScript; `static/dashboard.js` draws charts from those very tables.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from apiflask import APIBlueprint
from flask import Response, render_template, request
from pydantic import ValidationError

from chatbot.database import now
from chatbot.safe_csv import csv_text
from routes.assets import keep_for_ever
from routes.compression import compress
from routes.dashboard_figures import CSV_HEADER, LONGEST, Range, csv_rows, figures
from routes.installation import installation
from routes.page_words import page_words
from routes.savings import savings_here
from routes.usage_schemas import Days

blueprint = APIBlueprint("dashboard", __name__, enable_openapi=False)
blueprint.after_request(keep_for_ever)
blueprint.after_request(compress)
QUICK = (7, 30, 90)
"""Ranges to tap, in days up to today."""
USUAL = 30


@blueprint.get("/dashboard")
def dashboard() -> tuple[str, int]:
    """The page, for the days that the address names; the last 30 when it names none, or names them wrongly."""
    asked = _asked()
    days = asked or _last(USUAL)
    service = installation().service
    page = render_template(
        "dashboard.html", **page_words(), days=days, wrong=asked is None, longest=LONGEST, today=now().date(),
        quick=[(count, _last(count)) for count in QUICK], figures=figures(service.engine, days),
        providers=service.get_provider_status(), savings=savings_here(days.since, days.until), money=money)
    return page, 200 if asked else 400


@blueprint.get("/dashboard/usage.csv")
def usage_csv() -> Response:
    """The same figures as CSV: every grouping, one after the other."""
    days = _asked() or _last(USUAL)
    text = csv_text(CSV_HEADER, csv_rows(installation().service.engine, days))
    name = f"funza-usage-{days.since}-to-{days.until}.csv"
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def money(amount: Decimal | None) -> str:
    """An amount for people, to a hundredth of a cent when it is under a dollar; an empty text when it is unknown."""
    if amount is None:
        return ""
    if amount and abs(amount) < Decimal("0.0001"):
        return "< $0.0001" if amount > 0 else "> -$0.0001"
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{2 if abs(amount) >= 1 else 4}f}"


def _asked() -> Range | None:
    """The days in the address; None when they cannot be read, or are too many for a page."""
    given = {name: request.args[name] for name in ("since", "until") if request.args.get(name)}
    try:
        days = Days.model_validate(given)
    except ValidationError:
        return None
    until = days.until or now().date()
    since = days.since or until - timedelta(days=USUAL - 1)
    return Range(since, until) if timedelta(0) <= until - since < timedelta(days=LONGEST) else None


def _last(count: int) -> Range:
    today = now().date()
    return Range(today - timedelta(days=count - 1), today)
