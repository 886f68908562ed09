"""A danger sign on the page: its banner comes first, before a word of the answer, and goes with its question."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from chatbot.chat.reply import Done, TextDelta, TriageFound
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, ask, ask_and_wait
from tests.pages.fake_front_door import ANSWER, EMERGENCY, URGENT, FakeService, Held


def test_a_danger_sign_is_answered_before_the_first_word_of_the_answer(open_page: OpenPage,
                                                                       service: FakeService) -> None:
    events = Held(TriageFound(EMERGENCY.triage), None, TextDelta(EMERGENCY.answer), Done(EMERGENCY))
    service.events = events
    page = open_page()
    ask(page, "I bleed a lot")
    expect(page.get_by_role("heading", name="Get help now. Go to a health facility.")).to_be_in_viewport()
    expect(page.locator(".answer")).to_be_empty()
    events.go_on()
    expect(page.locator(".answer")).to_have_text(EMERGENCY.answer)


@WITH_AND_WITHOUT_SCRIPT
def test_the_emergency_banner_is_the_first_thing_in_both_languages_with_a_number_to_tap(
        open_page: OpenPage, service: FakeService, script: bool) -> None:
    service.reply = EMERGENCY
    page = open_page(script=script)
    ask_and_wait(page, "I bleed a lot")
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("Get help now. Go to a health facility.")
    expect(alert.locator("[lang=sw]")).to_have_text("Pata msaada sasa. Nenda kituo cha afya.")
    expect(alert.get_by_role("link", name="Call Test ward: 000")).to_have_attribute("href", "tel:000")
    assert page.locator("main > *").first.get_attribute("id") == "banner"
    assert _top(page, "#banner .banner") < _top(page, "#turn .answer")
    expect(page.locator("#turn .who")).to_contain_text("No computer model was asked.")


def test_the_banner_goes_with_the_question_that_called_it(open_page: OpenPage, service: FakeService) -> None:
    service.reply = URGENT
    page = open_page()
    ask_and_wait(page, "A bad headache")
    expect(page.locator("#banner")).to_contain_text("See a health worker today")
    service.reply = ANSWER
    ask_and_wait(page, "Why iron?")
    expect(page.locator("#banner")).to_be_empty()
    expect(page.locator("#earlier .banner")).to_have_count(1)


def _top(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"]
