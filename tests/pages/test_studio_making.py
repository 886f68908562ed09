"""Questions of a new quiz as they arrive, from a front door that a test holds back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from playwright.sync_api import Page, expect

from chatbot.calling.completion import Failed
from chatbot.database import migrate, open_engine
from chatbot.errors import QuizUnavailable
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.item import Item, MadeBy
from chatbot.quizzes.making.events import ItemReady, Progress, QuizDone
from chatbot.quizzes.making.template import items_from_cards
from chatbot.safety.triage import triage
from config import Settings
from routes import register_routes
from routes.installation import Installation
from tests.pages.conftest import OpenPage, serving
from tests.pages.fake_front_door import Held
from tests.routes.conftest import FakeService

HOSTILE = "<img src=x onerror=alert(1)> Which is <b>right</b>, ng'ombe?"
CARDS = [card for card in all_cards() if card.stage == "birth"]
FIRST, SECOND = items_from_cards(CARDS[:2], 2, seed=1)
CLOUD = MadeBy(path="cloud", provider="together", model="llama-405b", cost_nano_usd=2_100_000)


@pytest.fixture
def service(tmp_path: Path) -> FakeService:  # type: ignore[override]
    engine = open_engine(f"sqlite:///{tmp_path / 'funza.db'}")
    migrate(engine)
    return FakeService(engine=engine)


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    app = APIFlask("funza_test", enable_openapi=False)
    app.extensions["funza"] = Installation(Settings(_env_file=None), service)
    register_routes(app)
    with serving(app) as found:
        yield found


def _done(*items: Item, **how: Any) -> QuizDone:
    return QuizDone(items=items, of=2, stage="birth", topic="", language="en", **how)


def _ask(open_page: OpenPage) -> Page:
    page = open_page("/studio/new?stage=birth", width=820)
    page.get_by_label("How many questions").fill("2")
    page.get_by_role("button", name="Make the quiz").click()
    return page


def test_each_question_is_shown_when_it_is_there_with_who_made_it(open_page: OpenPage, service: FakeService) -> None:
    second = SECOND.model_copy(update={"stem": HOSTILE, "made_by": CLOUD})
    held = Held(Progress(0, 2, "The local model was too slow."), ItemReady(FIRST, 1, 2), None,  # type: ignore[arg-type]
                ItemReady(second, 2, 2), None, _done(FIRST, second))  # type: ignore[arg-type]
    service.quiz_events = held  # type: ignore[assignment]
    page = _ask(open_page)
    status = page.locator("#making [role=status]")
    expect(status).to_have_text("1 of 2")
    expect(status).to_have_attribute("aria-live", "polite")
    expect(page.locator(".arriving li")).to_have_count(1)
    expect(page.locator(".arriving li").first).to_contain_text(f"Right answer: {FIRST.key}")
    expect(page.locator(".notes")).to_have_text("The local model was too slow.")
    held.go_on()
    expect(status).to_have_text("2 of 2")
    expect(page.locator(".arriving strong").nth(1)).to_have_text(HOSTILE)
    expect(page.locator(".arriving li").nth(1)).to_contain_text("Written by a computer model at together (llama-405b)")
    assert page.locator(".arriving img, .arriving b").count() == 0
    held.go_on()
    expect(status).to_have_text("Your quiz is ready: 2 of 2 questions.")
    page.get_by_role("link", name="Check the questions").click()
    expect(page.locator("article.item")).to_have_count(2)
    expect(page.locator("article.item").nth(1)).to_contain_text("It cost $0.0021.")


def test_a_quiz_that_is_short_says_so_on_both_pages(open_page: OpenPage, service: FakeService) -> None:
    service.quiz_events = [ItemReady(FIRST, 1, 2), _done(FIRST, short_of=1, reason="No more facts.")]
    page = _ask(open_page)
    expect(page.locator("#making [role=status]")).to_contain_text("Missing: 1.")
    plain = open_page("/studio/new?stage=birth", script=False)
    plain.get_by_label("How many questions").fill("2")
    plain.get_by_label("Title (you can leave it empty)").fill("Without a script")
    plain.get_by_role("button", name="Make the quiz").click()
    expect(plain.locator(".notice.warn")).to_contain_text("Missing: 1.")


def test_a_failure_half_way_brings_the_form_back_as_it_was(open_page: OpenPage, service: FakeService) -> None:
    service.quiz_events = [ItemReady(FIRST, 1, 2), Failed(QuizUnavailable("None of them was good."))]
    page = _ask(open_page)
    expect(page.get_by_role("alert").first).to_contain_text("Not one good question could be made from this.")
    expect(page.locator(".errors")).to_be_focused()
    expect(page.get_by_label("How many questions")).to_have_value("2")


def test_stopping_ends_the_work_and_keeps_nothing(open_page: OpenPage, service: FakeService) -> None:
    service.quiz_events = Held(ItemReady(FIRST, 1, 2), None, _done(FIRST))  # type: ignore[arg-type,assignment]
    page = _ask(open_page)
    expect(page.locator(".arriving li")).to_have_count(1)
    page.get_by_role("button", name="Stop, and keep nothing").click()
    expect(page.get_by_role("alert").first).to_contain_text("Stopped. Nothing was kept.")
    expect(page.get_by_role("button", name="Make the quiz")).to_be_visible()


def test_danger_signs_in_the_wish_bring_help_first(open_page: OpenPage, service: FakeService) -> None:
    found = triage("heavy bleeding after birth", "birth")
    assert found.level != "none"
    service.quiz_events = [ItemReady(FIRST, 1, 2), _done(FIRST, triage=found)]
    page = _ask(open_page)
    expect(page.locator("#making .help")).to_contain_text("health facility")
