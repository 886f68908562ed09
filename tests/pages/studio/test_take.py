"""The learner's pages: what may be known before an answer, taking a quiz on a phone, practising, and who sees what."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from chatbot.accounts.principal import Role
from chatbot.database import now
from chatbot.quizzes.item import BankItem
from chatbot.quizzes.records.bank import list_quizzes
from chatbot.quizzes.records.tables import SPACED
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, serving
from tests.pages.studio.house import PAGE, Studio
from tests.routes.accounts import PASSWORD, build


def test_nothing_about_right_and_wrong_is_in_the_page_before_the_answers(house: Studio) -> None:
    quiz = house.published(3)
    page = house.client.get(f"/learn/quiz/{quiz.id}", headers=PAGE).get_data(as_text=True)
    besides = page  # a card's id, such as `episiotomy`, may be a word of a question
    for one in quiz.items:
        for shown in (one.item.stem, *one.item.options):
            assert shown.replace("'", "&#39;") in page
            besides = besides.replace(shown.replace("'", "&#39;"), "")
    for one in quiz.items:
        item = one.item
        for told in (*item.rationale, item.evidence.quote, item.evidence.url):
            assert told
            assert told.replace("'", "&#39;") not in page
        assert item.evidence.card_id
        assert item.evidence.card_id not in besides
    rows = re.findall(r'<input type="radio" id="(\w{26})-(\d)" name="\1" value="\2"> <span>', page)
    assert len(rows) == sum(len(one.item.options) for one in quiz.items)  # every option is marked up alike
    for telling in ("answer_index", "correct", "rationale", "key=", "checked"):
        assert telling not in page.split("<form")[1].split('class="end"')[0], telling


@WITH_AND_WITHOUT_SCRIPT
def test_a_question_left_out_is_asked_for_and_the_other_answers_are_kept(open_page: OpenPage, house: Studio,
                                                                         script: bool) -> None:
    quiz = house.published(2)
    page = open_page(f"/learn/quiz/{quiz.id}", script=script)
    if script:
        page.get_by_role("button", name="Next", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text("Choose one answer, then go on.")
        expect(page.locator(":focus")).to_have_attribute("type", "radio")
        page.locator("fieldset.question:visible label").nth(1).click()
        page.get_by_role("button", name="Next", exact=True).click()
        page.get_by_role("button", name="Back", exact=True).click()
        expect(page.locator("fieldset.question:visible input:checked")).to_have_value("1")
        return
    page.locator("fieldset.question").nth(1).locator("label").nth(2).click()
    page.get_by_role("button", name="See how you did").click()
    expect(page.get_by_role("alert")).to_contain_text("Answer question 1.")
    expect(page.locator("fieldset.question").nth(1).locator("input:checked")).to_have_value("2")
    assert page.locator("fieldset.question").first.locator("input:checked").count() == 0


def test_with_a_script_a_phone_shows_one_question_at_a_time(open_page: OpenPage, house: Studio) -> None:
    quiz = house.published(3)
    page = open_page(f"/learn/quiz/{quiz.id}")
    page.locator("legend").first.focus()
    for place in (1, 2, 3):
        expect(page.locator("fieldset.question:visible")).to_have_count(1)
        expect(page.locator("fieldset.question:visible legend")).to_contain_text(f"Question {place} of 3")
        expect(page.get_by_role("button", name="See how you did")).to_be_visible(visible=place == 3)
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        if place < 3:
            page.get_by_role("button", name="Next", exact=True).press("Enter")
            expect(page.locator("fieldset.question:visible legend")).to_be_focused()


@WITH_AND_WITHOUT_SCRIPT
def test_what_was_wrong_comes_back_and_is_explained_again(open_page: OpenPage, house: Studio, script: bool) -> None:
    quiz = house.published(1)
    item = quiz.items[0].item
    page = open_page(f"/learn/quiz/{quiz.id}", script=script)
    page.locator("fieldset.question label").nth((item.answer_index + 1) % 4).click()
    page.get_by_role("button", name="See how you did").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("0 of 1 right")
    expect(page.get_by_role("heading", name="What to practise")).to_be_visible()
    expect(page.locator(".scored li.right .option")).to_have_text(item.key)
    expect(page.locator(".scored li.chosen .reason")).to_have_text(item.rationale[(item.answer_index + 1) % 4])
    expect(page.locator(".scored details a")).to_have_attribute("href", item.evidence.url)
    expect(page.get_by_role("list", name="Badges")).to_contain_text("First quiz")
    with house.engine.begin() as connection:
        connection.execute(update(SPACED).values(due_at=now() - timedelta(minutes=1)))
    page.goto(f"{house.address}/learn")
    page.get_by_role("link", name="Practise now").click()
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Choose one answer")
    while True:
        stem = page.locator("fieldset.question legend").inner_text()
        answered = next(one.item for one in _all(house) if one.item.stem == stem)
        page.locator("fieldset.question label").nth(answered.answer_index).click()
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.locator(".scored .verdict")).to_have_text("Right")
        expect(page.locator("main")).to_contain_text("It comes back")
        if not page.get_by_role("link", name="Next question").is_visible():
            break
        page.get_by_role("link", name="Next question").click()
    page.goto(f"{house.address}/learn/practice")
    expect(page.locator("main")).to_contain_text("Nothing to practise now.")


def _all(house: Studio) -> list[BankItem]:
    return [one for quiz in list_quizzes(house.engine, limit=100).found for one in house.quiz(quiz.id).items]


def test_before_and_after_a_lesson_the_gain_is_told(open_page: OpenPage, house: Studio) -> None:
    quiz = house.published(1)
    right = quiz.items[0].item.answer_index
    page = open_page(f"/learn/quiz/{quiz.id}", script=False)
    for kind, choice in (("Before the lesson", (right + 1) % 4), ("After the lesson", right)):
        page.goto(f"{house.address}/learn/quiz/{quiz.id}")
        page.locator("fieldset.question label").nth(choice).click()
        page.get_by_text("Taking it for a course?").first.click()
        page.get_by_label(kind).check()
        page.get_by_role("button", name="See how you did").click()
    expect(page.locator("main")).to_contain_text("Before the lesson 0 % right, after it 100 %.")


def test_the_pages_speak_swahili_and_keep_the_quizs_own_language(open_page: OpenPage, house: Studio) -> None:
    quiz = house.published(1, language="sw")
    page = open_page(f"/learn/quiz/{quiz.id}?lang=sw")
    expect(page.get_by_role("button", name="Ona matokeo yako")).to_be_visible()
    assert page.locator("fieldset.question legend span[lang=sw]").inner_text() == quiz.items[0].item.stem
    page.locator("fieldset.question label").first.click()
    page.get_by_role("button", name="Ona matokeo yako").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[01] kati ya 1 ni sahihi"))
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[01] of 1 right"))


def test_an_unpublished_quiz_and_somebody_elses_result_are_not_there(house: Studio) -> None:
    draft = house.made(1)
    for path in (f"/learn/quiz/{draft.id}", f"/learn/quiz/{'0' * 26}", "/learn/quiz/x", f"/learn/result/{'0' * 26}"):
        response = house.client.get(path, headers=PAGE)
        assert response.status_code == 404, path
        assert "There is no such page" in response.get_data(as_text=True)
        assert draft.items[0].item.stem not in response.get_data(as_text=True)


def test_an_option_that_does_not_exist_is_refused(house: Studio) -> None:
    quiz = house.published(1)
    for choice in ("9", "-1", "x", "1" * 40):
        sent = {"version": str(quiz.version), quiz.items[0].id: choice}
        assert house.client.post(f"/learn/quiz/{quiz.id}", data=sent, headers=PAGE).status_code == 400, choice


@pytest.mark.parametrize(("role", "sections"), [
    ("learner", ["Ask", "Learn"]), ("educator", ["Ask", "Learn", "Studio"]),
    ("admin", ["Ask", "Learn", "Studio", "Usage", "Danger signs"])])
def test_each_role_is_shown_the_parts_it_may_use(tmp_path: Path, open_page: OpenPage, role: Role,
                                                 sections: list[str]) -> None:
    house = build(tmp_path)
    house.people.add("amina", PASSWORD, role)
    with serving(house.app) as base:
        page = open_page("/learn", base=base)
        assert page.locator("nav.sections").count() == 0
        page.get_by_label("User name or e-mail").fill("amina")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        nav = page.get_by_role("navigation", name="Parts of Funza Mama")
        expect(nav.get_by_role("link")).to_have_text(sections)
        expect(nav.locator("[aria-current=page]")).to_have_text("Learn")
        page.goto(f"{base}/studio")
        allowed = "Studio" in sections
        expect(page.get_by_role("heading", level=1)).to_have_text("Quiz studio" if allowed else "That did not work")
