"""Consent on the chat page of the real app, with a real cloud on loopback: asked, given, told of, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from chatbot.knowledge.cards import all_cards
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.tables import CONSENTS
from chatbot.safety.escalation.tables import ESCALATIONS
from run import create_app
from tests.house import make_settings
from tests.loopback import Answer, LoopbackProvider
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, ask_and_wait, serving
from tests.pages.test_page_for_everyone import CONTRASTS

CARD = "iron-and-folic-acid-why"
PHONE = "0700 000 000"
IRON = f"Why are iron and folic acid tablets given in pregnancy? Call me on {PHONE}"
BLEEDING = "I am bleeding heavily and I feel faint, 30 weeks"
HEADACHE = "I have a very bad headache and my sight is blurred, 34 weeks"


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """The SDK is imported with its first call, which takes longer than these pages wait."""
    import together  # noqa: F401


@pytest.fixture
def upstream() -> Iterator[LoopbackProvider]:
    with LoopbackProvider(behaviour=Answer(lambda body: next(
            card.en.text for card in all_cards() if card.id == CARD))) as found:
        yield found


@pytest.fixture
def app(tmp_path: Path, upstream: LoopbackProvider) -> Iterator[APIFlask]:
    made = create_app(make_settings(
        tmp_path, together_api_key="x", together_base_url=upstream.url, together_model="loopback-model",
        together_successors="", cloud_policy="ask", receipt_text=True, secret_key="a test's key",
        first_token_timeout=20, idle_timeout=20, total_timeout=60))
    yield made
    made.extensions["funza"].service.close()


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    with serving(app) as found:
        yield found


def press(page: Page, name: str) -> None:
    """Press a button of a form beneath the answer, and wait for the page that comes of it."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def ask_again(page: Page) -> None:
    """The question is still in its box: press Ask, and wait for the whole answer."""
    page.locator("#ask button:not(.example)").click()
    page.locator("#turn .who:not([hidden])").wait_for()


# --- a cloud model ---
@WITH_AND_WITHOUT_SCRIPT
def test_a_cloud_is_asked_for_then_used_and_what_left_is_told_of(
        open_page: OpenPage, upstream: LoopbackProvider, script: bool) -> None:
    page = open_page(script=script, width=320)
    expect(page.locator("#consent")).to_be_hidden()
    ask_and_wait(page, IRON)
    expect(page.locator("#turn .who")).to_contain_text("Answered from our own fact cards.")
    expect(page.locator("#consent")).to_contain_text(purpose_named("chat_cloud").en)
    assert upstream.connections == 0, "a byte left before anybody said yes"

    press(page, "Allow a cloud model for this conversation")
    expect(page.locator("#consent").get_by_role("status")).to_contain_text("You allowed a model on the internet")
    expect(page.locator("#message")).to_have_value(IRON)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    ask_again(page)
    expect(page.locator("#turn .who")).to_contain_text("Written by a computer model at together (loopback-model)")
    sent = len(upstream.requests)
    assert sent >= 1
    assert PHONE not in json.dumps([one.body for one in upstream.requests])

    page.goto(page.locator("#turn .sent a").evaluate("link => link.href"))
    receipt = page.locator("#receipts li").first
    expect(receipt).to_contain_text("together (loopback-model)")
    expect(receipt).to_contain_text("You allowed it.")
    expect(receipt).to_contain_text("1 names, numbers or other personal details")
    expect(receipt).to_contain_text("[PHONE-1]")
    expect(page.locator("main")).not_to_contain_text(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@WITH_AND_WITHOUT_SCRIPT
def test_once_taken_back_nothing_leaves_any_more(open_page: OpenPage, upstream: LoopbackProvider, script: bool) -> None:
    page = open_page(script=script)
    ask_and_wait(page, IRON)
    press(page, "Allow a cloud model for this conversation")
    press(page, "Take this back")
    expect(page.get_by_role("button", name="Allow a cloud model for this conversation")).to_be_visible()
    ask_again(page)
    expect(page.locator("#turn .who")).to_contain_text("Answered from our own fact cards.")
    assert (upstream.requests, upstream.connections) == ([], 0)


def test_a_yes_is_given_and_taken_back_with_a_keyboard_alone(open_page: OpenPage, app: APIFlask) -> None:
    page = open_page()
    ask_and_wait(page, IRON)
    _tab_to(page, "Allow a cloud model for this conversation")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    _tab_to(page, "Take this back")
    with page.expect_navigation():
        page.keyboard.press("Space")
    with app.extensions["funza"].service.engine.connect() as connection:
        (row,) = connection.execute(select(CONSENTS))
    assert row.withdrawn_at >= row.given_at


def _tab_to(page: Page, name: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"no Tab leads to {name}")


def test_an_answer_that_nothing_left_for_says_so_and_anothers_call_is_not_there(open_page: OpenPage, app: APIFlask,
                                                                                address: str) -> None:
    reply = app.extensions["funza"].service.generate_chat_response(IRON, principal="local")
    page = open_page(f"/sent/{reply.call_id}")
    expect(page.locator("main")).to_contain_text("Nothing left this machine for this answer.")
    page.get_by_role("link", name="Kiswahili").click()
    expect(page.locator("main")).to_contain_text("Hakuna kilichotoka kwenye mashine hii")
    page.goto(f"{address}/sent/01JD0000000000000000000009")
    expect(page.get_by_role("alert")).to_contain_text("There is no such page.")


# --- a person who may read her words ---
@WITH_AND_WITHOUT_SCRIPT
@pytest.mark.parametrize("danger", [BLEEDING, HEADACHE], ids=["emergency", "urgent or worse"])
def test_beneath_a_danger_sign_a_person_may_be_let_read_the_message_and_kept_from_it_again(
        open_page: OpenPage, app: APIFlask, script: bool, danger: str) -> None:
    page = open_page(script=script, width=320)
    expect(page.locator("#sharing")).to_be_hidden()
    ask_and_wait(page, danger)
    expect(page.locator("#sharing")).to_contain_text(purpose_named("escalation_words").en)
    banner = page.locator("#banner h2").inner_text()

    press(page, "Let a person read it")
    expect(page.locator("#banner h2")).to_have_text(banner)
    expect(page.locator("#sharing").get_by_role("status")).to_contain_text("You allowed a person here to read")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [ratio for _, ratio in page.evaluate(CONTRASTS) if ratio < 4.5] == []
    queue, record = open_page(), _record(app)
    queue.goto(f"{page.url.split('/consent')[0]}/clinical/queue/{record}")
    expect(queue.locator("#said")).to_have_text(danger)

    press(page, "Take this back")
    expect(page.locator("#sharing").get_by_role("status")).to_contain_text("You took this back.")
    expect(page.locator("#banner h2")).to_have_text(banner)
    queue.reload()
    expect(queue.locator("#said")).to_have_count(0)


def _record(app: APIFlask) -> str:
    service = app.extensions["funza"].service
    service.escalating.write_waiting()
    with service.engine.connect() as connection:
        return str(connection.scalar(select(ESCALATIONS.c.id)))


@WITH_AND_WITHOUT_SCRIPT
def test_an_everyday_question_asks_nobody_to_let_a_person_read_it(open_page: OpenPage, script: bool) -> None:
    page = open_page(script=script)
    ask_and_wait(page, IRON)
    expect(page.locator("#sharing")).to_be_hidden()


def test_the_form_is_in_swahili_on_a_swahili_page_and_nothing_is_ticked_beforehand(open_page: OpenPage) -> None:
    page = open_page("/?lang=sw")
    ask_and_wait(page, "Natokwa na damu nyingi sana na nahisi kuzirai")
    expect(page.locator("#sharing")).to_contain_text(purpose_named("escalation_words").sw)
    expect(page.get_by_role("button", name="Ruhusu mtu ausome")).to_be_visible()
    assert page.locator("#sharing :checked, #sharing [type=checkbox]").count() == 0


def test_the_page_asks_for_no_other_purpose(app: APIFlask) -> None:
    form = {"given": "true", "version": "1", "purpose": "openai_cloud", "conversation_id": ""}
    assert app.test_client().post("/consent", data=form).status_code == 400
    assert Consents(app.extensions["funza"].service.engine).given("openai", "local", "") is None


def test_an_emergency_is_answered_while_consents_cannot_be_read(app: APIFlask) -> None:
    with app.extensions["funza"].service.engine.begin() as connection:
        connection.execute(text("DROP TABLE consents"))
    response = app.test_client().post("/", data={"message": BLEEDING})
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "Get help now" in html
    assert '<form id="sharing" method="post" action="/consent" hidden>' in html
