"""When something goes wrong the page says what to do, and keeps what was typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chatbot.chat.reply import Done, Failed, TextDelta, TriageFound
from chatbot.errors import FunzaError, NoProvider, NotFound, TooLong
from chatbot.safety.levels import NO_SIGNS
from routes.errors import TooManyRequests, Unauthorised
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen, ask, ask_and_wait
from tests.pages.fake_front_door import ANSWER, FakeService, Held

LONG = ("I am pregnant and bleeding heavily. " * 120).strip()


@WITH_AND_WITHOUT_SCRIPT
def test_an_empty_question_says_what_to_do(open_page: OpenPage, service: FakeService, script: bool) -> None:
    page = open_page(script=script)
    ask(page, "  \n ")
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    summary.get_by_role("link", name="Write your question, then press Ask.").click()
    expect(page.locator("#message:target")).to_have_count(1)
    expect(page.locator("#message")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#message-error")).to_have_text("Write your question, then press Ask.")
    assert service.asked == []


@WITH_AND_WITHOUT_SCRIPT
def test_a_question_that_is_too_long_is_kept_and_its_danger_sign_told(open_page: OpenPage, service: FakeService,
                                                                     script: bool) -> None:
    service.fails = TooLong(field="message")
    page = open_page(script=script)
    ask(page, LONG)
    expect(page.locator("#errors")).to_contain_text("Make it 4000 characters or fewer")
    expect(page.locator("#message")).to_have_value(LONG)
    expect(page.locator("#banner")).to_contain_text("Go to the nearest hospital")


@WITH_AND_WITHOUT_SCRIPT
def test_when_nobody_can_answer_the_question_stays_in_the_box(open_page: OpenPage, service: FakeService,
                                                              script: bool) -> None:
    service.fails = NoProvider("gone")
    page = open_page(script=script)
    ask(page, "Why iron?\nAnd folic acid?")
    expect(page.locator("#errors")).to_contain_text("Wait a minute, then press Ask again.")
    expect(page.locator("#errors")).to_contain_text("If someone is in danger, do not wait")
    expect(page.locator("#message")).to_have_value("Why iron?\nAnd folic acid?")


@WITH_AND_WITHOUT_SCRIPT
@pytest.mark.parametrize(("refusal", "says"), [
    (TooManyRequests(retry_after=9), "Wait a minute, then press Ask again."),
    (Unauthorised(), "Sign in on a new page, then come back here"),
    (NotFound("gone"), "We cannot answer right now.")])
def test_the_page_says_what_to_do_about_each_refusal(open_page: OpenPage, service: FakeService, refusal: FunzaError,
                                                     says: str, script: bool) -> None:
    service.fails = refusal
    page = open_page(script=script)
    ask(page, "Why iron?")
    expect(page.locator("#errors")).to_contain_text(says)
    expect(page.locator("#message")).to_have_value("Why iron?")
    if isinstance(refusal, Unauthorised):
        expect(page.locator("#errors a")).to_have_attribute("href", "/login?lang=en")
        expect(page.locator("#errors a")).to_have_attribute("target", "_blank")


def test_a_problem_takes_the_focus(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "")
    expect(page.locator(".errors")).to_be_focused()


def test_an_answer_that_breaks_off_says_that_it_is_not_complete(open_page: OpenPage, service: FakeService) -> None:
    service.events = (TriageFound(NO_SIGNS), TextDelta("Do not"), Failed(NoProvider("gone")))
    page = open_page()
    ask(page, "Why iron?")
    expect(page.locator("#turn")).to_contain_text("This answer is not complete, so do not rely on it.")
    expect(page.locator("#errors")).to_contain_text("We cannot answer right now.")
    expect(page.locator("#message")).to_have_value("Why iron?")


def test_a_lost_network_says_so_and_asking_again_works(open_page: OpenPage, seen: Seen) -> None:
    page = open_page()
    page.context.set_offline(True)
    ask(page, "Why iron?")
    expect(page.locator("#errors")).to_contain_text("Check your network, then press Ask again.")
    expect(page.locator("#intro")).to_be_visible()
    page.context.set_offline(False)
    ask_and_wait(page, "Why iron?")
    expect(page.locator("#errors")).to_be_empty()


def test_stop_ends_the_answer_on_the_page_and_on_the_server(open_page: OpenPage, service: FakeService) -> None:
    events = Held(TriageFound(NO_SIGNS), TextDelta("Iron "), None, *[TextDelta("x " * 5_000)] * 200, Done(ANSWER))
    service.events = events
    page = open_page()
    ask(page, "Why iron?")
    expect(page.locator(".answer")).to_contain_text("Iron")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#turn")).to_contain_text("Stopped. This answer is not complete")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    events.go_on()
    assert service.closed.wait(30)
