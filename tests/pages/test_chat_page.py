"""The learner's chat page in a real browser: with a script and without, hostile words, two languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Route, expect

from chatbot.chat.reply import ChatReply, Citation, Done, TextDelta, TriageFound
from chatbot.safety.levels import NO_SIGNS
from chatbot.stages import stage_named
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen, ask, ask_and_wait
from tests.pages.fake_front_door import ANSWER, CONVERSATION, EMERGENCY, NOT_IN_SOURCES, SOON, URGENT, FakeService, Held

HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"


@WITH_AND_WITHOUT_SCRIPT
def test_a_question_gets_its_answer_its_source_and_who_answered(open_page: OpenPage, service: FakeService,
                                                                script: bool) -> None:
    page = open_page(script=script)
    page.get_by_label("Pregnancy", exact=True).check()
    ask_and_wait(page, "Why iron?")
    turn = page.locator("#turn")
    expect(turn.get_by_role("heading", name="Answer")).to_be_visible()
    expect(turn).to_contain_text("You asked: Why iron?")
    expect(turn.locator(".answer li")).to_have_text(["water", "not tea"])
    link = turn.get_by_role("link", name="Iron and folic acid who.int")
    expect(link).to_have_attribute("href", "https://www.who.int/iron")
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    expect(turn).to_contain_text("A health professional has not checked our wording yet.")
    turn.get_by_text("Read our fact card").click()
    expect(turn.get_by_text("Iron helps your body make blood.").last).to_be_visible()
    expect(turn).to_contain_text("Written by the computer model on this machine (small-model), from our fact cards.")
    asked, how = service.asked[-1]
    assert (asked, how["stage"], how["language"]) == ("Why iron?", "antenatal", None)


@WITH_AND_WITHOUT_SCRIPT
def test_the_next_question_belongs_to_the_same_conversation(open_page: OpenPage, service: FakeService,
                                                            script: bool) -> None:
    page = open_page(script=script)
    ask_and_wait(page, "Why iron?")
    expect(page.locator("#message")).to_have_value("")
    service.asked.clear()
    ask(page, "And folic acid?")
    expect(page.locator("#turn q")).to_have_text("And folic acid?")
    expect(page.locator(".turn").last).not_to_have_attribute("aria-busy", "true")
    assert service.asked[-1][1]["conversation_id"] == ANSWER.conversation_id


def test_an_answer_grows_while_it_is_written(open_page: OpenPage, service: FakeService) -> None:
    events = Held(TriageFound(NO_SIGNS), None, TextDelta("Iron helps"), None, TextDelta(" your body."), Done(ANSWER))
    service.events = events
    page = open_page()
    ask(page, "Why iron?")
    expect(page.get_by_role("status")).to_have_text("Looking for an answer…")
    events.go_on()
    expect(page.locator(".answer")).to_have_text("Iron helps")
    expect(page.locator(".turn")).to_have_attribute("aria-busy", "true")
    events.go_on()
    expect(page.locator(".answer")).to_have_text("Iron helps your body.")
    expect(page.locator(".turn")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status")).to_have_text("The answer is ready.")


@WITH_AND_WITHOUT_SCRIPT
def test_the_page_can_be_cleared(open_page: OpenPage, script: bool) -> None:
    page = open_page(script=script)
    ask_and_wait(page, "He hits me")
    page.get_by_role("link", name="Clear this page").click()
    expect(page.locator("#turn")).to_be_empty()
    expect(page.get_by_text("He hits me")).to_have_count(0)


def test_with_a_script_earlier_answers_stay_on_the_page(open_page: OpenPage) -> None:
    page = open_page()
    ask_and_wait(page, "Why iron?")
    ask_and_wait(page, "Why folic acid?")
    page.locator("#earlier").get_by_text("Why iron?").first.click()
    expect(page.locator("#earlier .answer")).to_be_visible()


@pytest.mark.parametrize("reply", [ANSWER, EMERGENCY, URGENT, SOON, NOT_IN_SOURCES],
                         ids=["local", "emergency", "cloud", "curated", "not in sources"])
@pytest.mark.parametrize("language", ["en", "sw"])
def test_the_script_shows_what_the_server_shows(open_page: OpenPage, service: FakeService, reply: ChatReply,
                                                language: str) -> None:
    service.reply = reply
    faces = []
    for script in (True, False):
        page = open_page(f"/?lang={language}", script=script)
        ask_and_wait(page, "Why?")
        page.locator(".progress").evaluate_all("nodes => nodes.forEach((node) => node.remove())")
        links = [link.get_attribute("href") for link in page.locator("#turn a").all()]
        faces.append((page.locator("#turn").inner_text(), page.locator("#banner").inner_text(), links))
    assert faces[0] == faces[1]
    assert faces[0][0].strip()


@WITH_AND_WITHOUT_SCRIPT
def test_hostile_words_are_shown_as_words(open_page: OpenPage, service: FakeService, seen: Seen, script: bool) -> None:
    bad = Citation("x", HOSTILE, "javascript:document.title='pwned'", HOSTILE, HOSTILE)
    service.reply = replace(ANSWER, answer=f"{HOSTILE} ![x](https://evil.example/x.png) end", citations=(bad,),
                            provider=HOSTILE, model=HOSTILE, fell_back=True, provenance="cloud")
    page = open_page(script=script)
    ask_and_wait(page, HOSTILE)
    page.get_by_text("Read our fact card").click()
    for place in (".answer", ".asked q", ".sources .title", ".sources blockquote", ".sources .review", ".who"):
        expect(page.locator(f"#turn {place}")).to_contain_text("<img src=x")
    assert page.locator("main img, main script, main [onerror]").count() == 0
    assert page.locator("#turn .sources a").get_attribute("href") is None
    assert "pwned" not in page.title()
    assert {request.url.partition("?")[0].rpartition("/")[2] for request in seen.requests} <= {
        "", "chat", "pico.classless.min.css", "funza.css", "htmx.min.js", "events.js", "chat.js",
        "mark.svg"}


@WITH_AND_WITHOUT_SCRIPT
def test_the_page_changes_to_swahili_and_asks_for_swahili(open_page: OpenPage, service: FakeService,
                                                          script: bool) -> None:
    service.reply = replace(ANSWER, language="sw", answer="Madini ya chuma husaidia.")
    page = open_page(script=script)
    page.get_by_role("link", name="Kiswahili").click()
    expect(page.locator("html")).to_have_attribute("lang", "sw")
    expect(page.get_by_role("heading", level=1)).to_have_text("Uliza kuhusu ujauzito, kujifungua na mtoto wako")
    ask_and_wait(page, "Kwa nini chuma?")
    expect(page.locator("#turn")).to_contain_text("Umeuliza: Kwa nini chuma?")
    expect(page.locator("#turn .answer")).to_have_attribute("lang", "sw")
    expect(page.locator("html")).to_have_attribute("lang", "sw")
    assert service.asked[-1][1]["language"] == "sw"


def test_a_phone_set_to_swahili_gets_swahili(open_page: OpenPage) -> None:
    expect(open_page(locale="sw-KE").locator("html")).to_have_attribute("lang", "sw")


def test_choosing_a_stage_offers_its_own_questions(open_page: OpenPage) -> None:
    page = open_page()
    before = page.locator(".example").all_inner_texts()
    page.get_by_label("After birth").check()
    expect(page.locator(".example").first).not_to_have_text(before[0])
    assert page.locator(".example").all_inner_texts() == [one.en for one in stage_named("postnatal").questions]


@WITH_AND_WITHOUT_SCRIPT
def test_a_tapped_question_is_asked(open_page: OpenPage, service: FakeService, script: bool) -> None:
    page = open_page(script=script)
    example = page.locator(".example").first
    question = example.inner_text()
    example.click()
    expect(page.locator("#turn q")).to_have_text(question)
    expect(page.locator("#turn")).to_contain_text("Who answered")
    expect(page.locator(".turn")).not_to_have_attribute("aria-busy", "true")
    assert service.asked[-1][0] == question


def test_a_conversation_id_from_a_form_reaches_the_front_door(open_page: OpenPage, service: FakeService) -> None:
    page = open_page(script=False)
    page.locator("#ask [name=conversation_id]").evaluate(f"node => node.value = '{CONVERSATION}'")
    ask_and_wait(page, "Why iron?")
    assert service.asked[-1][1]["conversation_id"] == CONVERSATION


def test_a_question_whose_connection_breaks_is_sent_once_more_under_the_same_key(
        open_page: OpenPage, service: FakeService) -> None:
    page = open_page()
    keys: list[str | None] = []

    def break_the_first(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.abort("connectionreset") if len(keys) == 1 else route.continue_()

    page.route("**/api/v1/chat", break_the_first)
    ask_and_wait(page, "Why iron?")
    assert len(keys) == 2
    assert keys[0]
    assert keys[0] == keys[1]
    assert len(service.asked) == 1
