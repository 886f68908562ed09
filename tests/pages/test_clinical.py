"""The clinical lead's pages on the real app: a rule from draft to chat and back, a message tried, a queue emptied."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from chatbot.database import now
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.safety.signs import use_signs
from config import Settings
from run import create_app
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen, ask_and_wait, serving
from tests.pages.test_page_for_everyone import CONTRASTS

SPOTTING = "i have spotting at 8 weeks"
BLEEDING = "I am bleeding heavily and I feel faint, 30 weeks"
PAGES = ("/clinical", "/clinical/signs/spotting", "/clinical/new", "/clinical/replies",
         "/clinical/replies/emergency.general", "/clinical/try", "/clinical/suite",
         "/clinical/publish", "/clinical/history", "/clinical/history/0", "/clinical/queue")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[APIFlask]:
    made = create_app(Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/funza.db", local_engine="off",
                               secret_key="a test's key"))
    yield made
    made.extensions["funza"].service.close()
    use_signs(0, None)


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    with serving(app) as found:
        yield found


def asked(app: APIFlask, *messages: str) -> list[str]:
    """Ask the chat; ids of the records that are then in the queue, oldest first."""
    service = app.extensions["funza"].service
    for message in messages:
        service.generate_chat_response(message, principal="local")
    service.escalating.write_waiting()
    with service.engine.connect() as connection:
        return list(connection.scalars(select(ESCALATIONS.c.id).order_by(ESCALATIONS.c.id)))


def put_back(app: APIFlask, record: str, minutes: int) -> None:
    with app.extensions["funza"].service.engine.begin() as connection:
        connection.execute(update(ESCALATIONS).where(ESCALATIONS.c.id == record).values(
            at=now() - timedelta(minutes=minutes)))


def level_in_chat(page: Page, address: str, message: str) -> str:
    """What the chat's banner says of a message: emergency, urgent, soon, or nothing."""
    page.goto(f"{address}/")
    ask_and_wait(page, message)
    banner = page.locator(".banner").first
    return (banner.get_attribute("class") or "").split()[-1] if banner.count() else ""


def save(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        control = page.locator(f"#{name}")
        if name == "tier":
            control.select_option(value)
        else:
            control.fill(value)
    page.get_by_role("button", name="Save into the draft").click()


# --- the whole way of a rule ---
@WITH_AND_WITHOUT_SCRIPT
def test_a_rule_goes_red_is_mended_published_used_by_the_chat_and_taken_back(
        open_page: OpenPage, address: str, script: bool) -> None:
    page = open_page("/clinical", script=script, width=1200)
    expect(page.locator("#in-force")).to_have_text("the shipped rules")
    assert level_in_chat(page, address, SPOTTING) == "urgent"

    page.goto(f"{address}/clinical/signs/spotting")
    rules = page.locator("#patterns").input_value()
    save(page, tier="emergency", patterns="clot", examples=page.locator("#examples").input_value())
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator("#sign-spotting")).to_contain_text("changed in the draft")

    page.get_by_role("link", name="Look at the draft and publish").click()
    expect(page.locator("#outcome")).to_contain_text(SPOTTING)
    expect(page.get_by_role("button", name="Publish now")).to_be_disabled()
    page.get_by_role("link", name="Tests").click()
    page.get_by_role("button", name="Run on the draft").click()
    expect(page.locator("#outcome")).to_contain_text("must be found, and is not")
    expect(page.locator("#suite tbody tr").first).to_contain_text("Light bleeding")

    page.goto(f"{address}/clinical/signs/spotting")
    save(page, patterns=rules)
    page.goto(f"{address}/clinical/publish")
    expect(page.locator(".diff").first).to_contain_text('+tier = "emergency"')
    assert level_in_chat(page, address, SPOTTING) == "urgent", "a draft holds for nobody"
    page.goto(f"{address}/clinical/publish")
    page.locator("#note").fill("Send them at once while the ward is near")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("version 1")
    assert level_in_chat(page, address, SPOTTING) == "emergency"

    page.goto(f"{address}/clinical/history")
    expect(page.locator("#versions tbody tr")).to_have_count(2)
    page.get_by_role("link", name="the shipped rules").click()
    page.locator("#note").fill("The ward has moved")
    page.get_by_role("button", name="Go back now").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box")
    expect(page.locator("#confirm")).to_contain_text("Emergency: go now becomes Urgent: today")
    page.get_by_label("Yes, I have weighed this").check()
    page.locator("#typed").fill("spotting")
    page.get_by_role("button", name="Go back now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("version 2")
    assert level_in_chat(page, address, SPOTTING) == "urgent"


def test_a_rule_that_cannot_be_read_is_shown_again_with_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page("/clinical/signs/spotting")
    save(page, patterns="spot (((")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read")
    expect(page.locator("#patterns")).to_have_value("spot (((")
    expect(page.locator("#patterns")).to_have_attribute("aria-invalid", "true")
    save(page, patterns="no-such-meaning")
    expect(page.get_by_role("alert")).to_contain_text("no-such-meaning")
    page.get_by_role("link", name="Rules", exact=True).click()
    expect(page.locator("#draft")).to_have_text("none")


def test_markup_in_a_rule_or_an_example_stays_text(open_page: OpenPage) -> None:
    page = open_page("/clinical/signs/spotting")
    before = page.locator("#examples").input_value()
    save(page, examples=f"{before}\n<script>document.title='x'</script> i have spotting")
    page.goto(page.url.replace("/clinical", "/clinical/publish").split("?")[0])
    expect(page.locator(".diff")).to_contain_text("<script>")
    expect(page).to_have_title("Publish the draft - Funza Mama")


def test_two_leads_cannot_overwrite_each_other(open_page: OpenPage) -> None:
    first, second = open_page("/clinical/signs/spotting"), open_page("/clinical/signs/spotting")
    save(first, tier="soon")
    expect(first.get_by_role("status")).to_have_text("Saved.")
    save(second, tier="emergency")
    expect(second.get_by_role("alert")).to_contain_text("Somebody was faster")
    expect(second.locator("#tier")).to_have_value("emergency")


def test_a_sign_that_is_taken_out_wants_a_second_yes_and_a_draft_can_be_discarded(open_page: OpenPage) -> None:
    page = open_page("/clinical/signs/spotting")
    page.get_by_role("button", name="Look for it no more").click()
    expect(page.locator("#sign-spotting")).to_contain_text("taken out")
    page.get_by_role("link", name="Look at the draft and publish").click()
    page.locator("#note").fill("why")
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator("#confirm")).to_contain_text("is no longer looked for")
    page.get_by_role("link", name="Rules", exact=True).click()
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_role("status")).to_contain_text("The draft is gone")
    expect(page.locator("#draft")).to_have_text("none")


# --- a new sign, and replies ---
@WITH_AND_WITHOUT_SCRIPT
def test_a_new_sign_goes_from_an_empty_form_to_the_chat(open_page: OpenPage, address: str, script: bool) -> None:
    page = open_page("/clinical", script=script, width=1200)
    page.get_by_role("link", name="Add a sign").click()
    page.get_by_role("button", name="Save into the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose where this sign stands")
    page.locator("#id").fill("gum-bleeding")
    page.locator("#group").select_option("obstetric")
    page.get_by_label("Name in English").fill("Bleeding gums")
    page.get_by_label("Name in Kiswahili").fill("Ufizi unaotoka damu")
    page.get_by_label("pregnancy", exact=True).check()
    page.get_by_label("CDC: Hear Her").check()
    fields = {"tier": "soon", "examples": "my gums bleed when I brush", "counter_examples": "i clean my gums"}
    save(page, patterns="gums bleed", **fields)
    expect(page.get_by_role("alert")).to_contain_text("names 'gums', which is not a meaning")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean gum")
    expect(page.locator("#patterns")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#title_sw")).to_have_value("Ufizi unaotoka damu")
    save(page, patterns="gum bleed")
    expect(page.locator("#sign-gum-bleeding")).to_contain_text("changed in the draft")
    page.get_by_role("link", name="Look at the draft and publish").click()
    expect(page.locator(".diff")).to_contain_text('+title = { en = "Bleeding gums"')
    page.locator("#note").fill("Asked for by the ward")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("status")).to_contain_text("Published")
    assert level_in_chat(page, address, "my gums bleed when I brush") == "soon"
    expect(page.get_by_text("Bleeding gums").first).to_be_visible()

    page.goto(f"{address}/clinical/new")
    page.locator("#id").fill("gum-bleeding")
    page.locator("#group").select_option("newborn")
    page.get_by_label("Name in English").fill("Bleeding gums")
    page.get_by_label("Name in Kiswahili").fill("Ufizi unaotoka damu")
    page.get_by_label("pregnancy", exact=True).check()
    page.get_by_label("CDC: Hear Her").check()
    save(page, patterns="gum bleed", **fields)
    expect(page.get_by_role("alert")).to_contain_text("There is a sign gum-bleeding already")


@WITH_AND_WITHOUT_SCRIPT
def test_a_reply_is_changed_published_read_in_the_chat_and_taken_back(open_page: OpenPage, address: str,
                                                                      script: bool) -> None:
    page = open_page("/clinical/replies", script=script, width=1200)
    page.locator("#reply-emergency-general a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reply: Emergency: go now, most signs")
    old = page.locator("#en").input_value()
    save(page, en=f"{old}\nCall 0700.")
    expect(page.get_by_role("alert")).to_contain_text("Write numbers in words")
    expect(page.locator("#en")).to_have_attribute("aria-invalid", "true")
    save(page, en="Rest, and drink water, mama.")
    expect(page.locator("#reply-emergency-general")).to_contain_text("changed in the draft")
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.locator("#confirm")).to_contain_text("no longer says plainly when to go: now/en")
    page.locator("#note").fill("A mistake")
    page.get_by_label("Yes, I have weighed this").check()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("alert")).to_contain_text("Type what would be lost")
    expect(page.locator("#typed")).to_have_attribute("aria-invalid", "true")

    page.goto(f"{address}/clinical/replies/emergency.general")
    save(page, en="Please go to the ward now, mama.")
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.locator("#confirm")).to_have_count(0)
    expect(page.locator(".diff")).to_contain_text("+Please go to the ward now, mama.")
    page.locator("#note").fill("Shorter")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("version 1")
    page.goto(f"{address}/")
    ask_and_wait(page, BLEEDING)
    expect(page.get_by_text("Please go to the ward now, mama.").first).to_be_visible()

    page.goto(f"{address}/clinical/history/0")
    page.locator("#note").fill("The long one after all")
    page.get_by_role("button", name="Go back now").click()
    page.goto(f"{address}/")
    ask_and_wait(page, BLEEDING)
    expect(page.get_by_text("Ask someone to go with you").first).to_be_visible()


def test_an_emergency_sign_is_taken_out_only_by_who_types_its_name(open_page: OpenPage) -> None:
    page = open_page("/clinical/signs/fits")
    page.get_by_role("button", name="Look for it no more").click()
    page.get_by_role("link", name="Look at the draft and publish").click()
    page.locator("#note").fill("why")
    page.get_by_label("Yes, I have weighed this").check()
    page.locator("#typed").fill("fit")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("alert")).to_contain_text("to show that you have seen it: fits")
    page.get_by_label("Yes, I have weighed this").check()
    page.locator("#typed").fill("fits")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("version 1")


# --- try ---
@WITH_AND_WITHOUT_SCRIPT
def test_a_message_that_is_tried_is_explained_side_by_side_and_kept_nowhere(
        open_page: OpenPage, app: APIFlask, script: bool, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = open_page("/clinical/signs/spotting", script=script)
    save(page, tier="emergency")
    page.goto(page.url.split("/clinical")[0] + "/clinical/try")
    message = "no fever. i have spotting. my zebra aunt had fits last year"
    page.locator("#message").fill(message)
    page.locator("#stage").select_option("antenatal")
    page.locator("#language").select_option("sw")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#found-in_force")).to_contain_text("Urgent: today")
    expect(page.locator("#found-draft")).to_contain_text("Emergency: go now")
    expect(page.locator("#found-draft .matches code").first).to_contain_text("spot")
    rows = [" ".join(row.split()) for row in page.locator("#understood tbody tr").all_inner_texts()]
    assert any(row.startswith("fever fever denied") for row in rows)
    assert any(row.startswith("fits fit set aside") for row in rows)
    expect(page.locator("#found-draft .reply")).to_have_attribute("lang", "sw")
    assert "zebra" not in page.url
    printed = capfd.readouterr()
    assert "zebra" not in printed.out + printed.err
    app.extensions["funza"].service.engine.dispose()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"zebra" in path.read_bytes()]
    assert asked(app) == [], "trying is no escalation"


def test_an_empty_box_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page("/clinical/try")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a message to try.")


# --- queue ---
@WITH_AND_WITHOUT_SCRIPT
def test_a_queue_is_worked_off_with_a_clock(open_page: OpenPage, app: APIFlask, script: bool) -> None:
    spotting, bleeding = asked(app, SPOTTING, BLEEDING)
    put_back(app, bleeding, 16)
    page = open_page("/clinical/queue", script=script, width=1200)
    rows = page.locator("#records tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("16 min")
    expect(rows.first).to_contain_text("overdue")
    expect(rows.nth(1)).not_to_contain_text("overdue")
    rows.first.get_by_role("button", name="Seen").click()
    expect(page.locator(f"#record-{bleeding}")).to_contain_text("seen")
    page.locator(f"#record-{bleeding} a").click()
    page.get_by_label("handled").check()
    page.get_by_label("What was done").fill("She is on her way to the ward")
    page.get_by_role("button", name="Save this record").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_role("link", name="Queue").click()
    expect(page.locator("#records tbody tr")).to_have_count(1)
    page.get_by_label("Show", exact=True).select_option("handled")
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(f"#record-{bleeding}")).to_contain_text("She is on her way to the ward")
    assert spotting not in page.content()


def test_the_clock_goes_on_and_new_records_come_by_themselves(open_page: OpenPage, app: APIFlask) -> None:
    (first,) = asked(app, SPOTTING)
    page = open_page("about:blank", base="")
    page.clock.install()
    with serving(app) as base:
        page.goto(f"{base}/clinical/queue")
        put_back(app, first, 5)
        asked(app, BLEEDING)
        page.clock.run_for(31_000)
        expect(page.locator("#records tbody tr")).to_have_count(2)
        expect(page.locator(f"#record-{first} .clock")).to_have_text("5 min")
        page.clock.run_for(3 * 60_000)
        expect(page.locator(f"#record-{first} .clock")).not_to_have_text("0 min")


def test_her_words_are_there_only_while_she_allows_it(open_page: OpenPage, app: APIFlask) -> None:
    service = app.extensions["funza"].service
    reply = service.generate_chat_response(BLEEDING, principal="local")
    (record,) = asked(app)
    page = open_page(f"/clinical/queue/{record}")
    expect(page.get_by_text("Not here: she has not allowed it")).to_be_visible()
    assert "faint, 30" not in page.content()
    consents, purpose = Consents(service.engine), purpose_named("escalation_words")
    consents.give(purpose, "local", reply.conversation_id, purpose.version)
    page.reload()
    expect(page.locator("#said")).to_have_text(BLEEDING)
    consents.withdraw(purpose, "local", reply.conversation_id)
    page.reload()
    expect(page.locator("#said")).to_have_count(0)


def test_a_record_that_somebody_else_changed_is_not_overwritten(open_page: OpenPage, app: APIFlask) -> None:
    (record,) = asked(app, BLEEDING)
    first, second = open_page(f"/clinical/queue/{record}"), open_page(f"/clinical/queue/{record}")
    for page, state in ((first, "seen"), (second, "closed")):
        page.get_by_label(state, exact=True).check()
        page.get_by_role("button", name="Save this record").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody was faster")
    expect(second.get_by_label("closed", exact=True)).to_be_checked()


def test_the_csv_has_the_filtered_records_and_no_formula(app: APIFlask) -> None:
    _, bleeding = asked(app, SPOTTING, BLEEDING)
    client = app.test_client()
    client.post(f"/clinical/queue/{bleeding}", data={"state": "seen", "version": "1", "note": "=1+1"})
    response = client.get("/clinical/queue.csv?show=seen")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))
    assert [(row["id"], row["tier"], row["state"], row["note"]) for row in rows] == [
        (bleeding, "emergency", "seen", "'=1+1")]
    assert "faint" not in response.get_data(as_text=True).replace("fainting", "")
    assert len(list(csv.DictReader(io.StringIO(client.get("/clinical/queue.csv").get_data(as_text=True))))) == 2


# --- everybody ---
def _all_kinds(app: APIFlask) -> list[str]:
    """Pages with everything on them: a draft that fails, a version, an overdue record."""
    record = asked(app, SPOTTING, BLEEDING)[-1]
    put_back(app, record, 500)
    client = app.test_client()
    client.post("/clinical/signs/fits", data={"revision": "0", "action": "take_out"})
    client.post("/clinical/publish", data={"revision": "1", "note": "a test", "confirmed": "yes", "typed": "fits"})
    client.post("/clinical/signs/spotting", data={
        "revision": "0", "tier": "soon", "stages": ["antenatal"], "sources": ["cdc-hear-her"], "patterns": "clot",
        "examples": SPOTTING, "counter_examples": "no spotting"})
    return [*PAGES, "/clinical/history/1", f"/clinical/queue/{record}"]


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("width", [320, 1200])
def test_no_page_is_wider_than_the_screen(open_page: OpenPage, app: APIFlask, address: str, width: int,
                                          language: str) -> None:
    page = open_page("/clinical", width=width)
    for path in _all_kinds(app):
        page.goto(f"{address}{path}?lang={language}")
        page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(open_page: OpenPage, app: APIFlask, address: str, scheme: str) -> None:
    page = open_page("/clinical", color_scheme=scheme, reduced_motion="reduce")
    for path in _all_kinds(app):
        page.goto(f"{address}{path}")
        page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 8, path
        assert [(words, round(ratio, 2)) for words, ratio in contrasts if ratio < 4.5] == [], path


def test_everything_has_a_name_and_is_big_enough_to_tap(open_page: OpenPage, app: APIFlask, address: str) -> None:
    page = open_page("/clinical")
    for path in _all_kinds(app):
        page.goto(f"{address}{path}")
        small = page.evaluate("""() => [...document.querySelectorAll(
                "a, button, summary, select, textarea, .checks label")]
            .filter((node) => node.checkVisibility() && !node.classList.contains("skip") && !node.closest(".errors"))
            .map((node) => ({node: node.outerHTML.slice(0, 90), box: node.getBoundingClientRect()}))
            .filter((one) => Math.min(one.box.width, one.box.height) < 43.5)""")
        assert small == [], path
        for control in page.locator("input:not([type=hidden]), select, textarea, [role=region]").all():
            assert control.evaluate("""node => (node.labels?.length || node.ariaLabel
                || document.getElementById(node.getAttribute("aria-labelledby"))) ? "" : node.outerHTML""") == "", path
        assert page.locator("table th:not([scope])").count() == 0
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(open_page: OpenPage, app: APIFlask, address: str,
                                                            seen: Seen) -> None:
    page: Any = open_page("/clinical")
    for path in _all_kinds(app):
        page.goto(f"{address}{path}")
        assert " style=" not in page.content(), path
        assert "<style" not in page.content(), path
    assert [request.url for request in seen.requests if not request.url.startswith(f"{address}/")] == []


def test_the_pages_speak_swahili_and_stay_where_they_are(open_page: OpenPage) -> None:
    page = open_page("/clinical/signs/spotting")
    page.get_by_role("link", name="Kiswahili").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Matone ya damu wakati wa ujauzito")
    page.get_by_role("button", name="Usiitafute tena").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dalili za hatari")
