"""A quiz's whole life in a browser, on the real app: made, edited, approved, published, taken, scored, downloaded."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage
from tests.pages.studio.house import Studio

EDITED = "What does the ointment in a newborn's eyes prevent?"


def _take(page: Page, *, script: bool) -> None:
    """Answer every question with its first option."""
    while True:
        shown = page.locator("fieldset.question:visible")
        for question in shown.all():
            question.locator("label").first.click()
        if not script or not page.get_by_role("button", name="Next", exact=True).is_visible():
            break
        page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="See how you did").click()


def test_with_a_script_items_arrive_are_edited_under_live_lint_published_taken_and_downloaded(
        open_page: OpenPage, house: Studio, tmp_path: Path) -> None:
    page = open_page("/studio", width=820)
    page.get_by_role("link", name="New quiz").click()
    page.get_by_role("link", name="Labour and birth").click()
    page.get_by_label("Care of the newborn").check()
    page.get_by_label("How many questions").fill("3")
    page.wait_for_load_state()  # before its script is there, the form is posted as without one
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.locator("#making [role=status]")).to_have_text("Your quiz is ready: 3 of 3 questions.")
    expect(page.locator("#making .arriving li")).to_have_count(3)
    expect(page.locator("#making .arriving li").first).to_contain_text("No computer model wrote it.")
    expect(page.get_by_role("link", name="Check the questions")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("Check each question before learners see it.")
    items = page.locator("article.item")
    expect(items).to_have_count(3)
    expect(items.first.locator("mark")).to_be_visible()
    items.first.get_by_role("link", name="Edit").click()

    wrong = page.locator("fieldset.answers .answer-row:not(:has(:checked)) [name^='option.']").first
    before = wrong.input_value()
    wrong.fill("all of the above")
    expect(page.locator("#lint .block")).to_contain_text("An option that points at other options")
    expect(wrong).to_have_accessible_description(re.compile("points at other options"))
    expect(wrong).to_have_attribute("aria-invalid", "true")
    wrong.fill(before)
    expect(page.locator("#lint .block")).to_have_count(0)
    expect(wrong).not_to_have_attribute("aria-invalid", "true")
    stem = page.get_by_label("Question", exact=True)
    changed = stem.input_value().removesuffix("?") + " in the first days?"
    stem.fill(changed)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_have_text("Question 1 is saved.")
    expect(page.get_by_role("heading", name=changed)).to_be_visible()

    items.first.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_have_text("Question 1 is approved.")
    expect(items.nth(1)).to_be_focused()
    page.get_by_role("button", name=re.compile("Approve the 2 that are ready")).click()
    page.get_by_role("button", name="Publish for learners").click()
    expect(page.get_by_role("status").first).to_contain_text("Published.")
    quiz_id = page.url.split("/quiz/")[1][:26]

    phone = open_page("/learn", width=360)
    phone.get_by_role("link", name="Labour and birth").first.click()
    expect(phone.locator("fieldset.question:visible")).to_have_count(1)
    _take(phone, script=True)
    right = sum(one.item.answer_index == 0 for one in house.quiz(quiz_id).items)
    expect(phone.get_by_role("heading", level=1)).to_have_text(f"{right} of 3 right")
    expect(phone.locator("article.scored")).to_have_count(3)
    expect(phone.locator("article.scored .reason").first).to_be_visible()
    phone.get_by_text("Where this comes from").first.click()
    expect(phone.locator("article.scored blockquote").first).to_be_visible()

    page.get_by_role("link", name="Download or print").click()
    _check_files(page, house, quiz_id, tmp_path)


def _check_files(page: Page, house: Studio, quiz_id: str, folder: Path) -> None:
    """Each of the ten files comes, is named after the quiz, and holds its questions."""
    links = page.locator(".files a[download]")
    expect(links).to_have_count(10)
    found: dict[str, bytes] = {}
    for link in links.all():
        with page.expect_download() as coming:
            link.click()
        path = folder / coming.value.suggested_filename
        coming.value.save_as(path)
        found[path.name] = path.read_bytes()
    names = [name for name in found if name.startswith("Labour and birth")]
    assert len(names) == len(found) == 10
    by_ending = {name.partition(".")[2]: content for name, content in found.items()}
    stems = [one.item.stem for one in house.quiz(quiz_id).items]
    moodle = ElementTree.fromstring(by_ending["xml"])
    asked = [node.findtext("questiontext/text") or "" for node in moodle.iter("question")
             if node.get("type") == "multichoice"]
    assert [html.unescape(re.sub("<[^>]+>", "", text)).strip() for text in asked] == stems
    rows = list(csv.reader(io.StringIO(by_ending["csv"].decode("utf-8-sig"))))
    assert len(rows) == 4
    assert by_ending["pdf"].startswith(b"%PDF")
    for ending in ("kahoot.xlsx", "qti12.zip", "qti21.zip", "apkg"):
        with zipfile.ZipFile(io.BytesIO(by_ending[ending])) as archive:
            assert archive.testzip() is None


def test_without_a_script_the_same_story_is_told_by_forms(open_page: OpenPage, house: Studio) -> None:
    page = open_page("/studio/new?stage=postnatal", width=820, script=False)
    page.get_by_label("How many questions").fill("21")
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask for 1 to 20 questions.")
    page.get_by_label("How many questions").fill("2")
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("status").first).to_contain_text("Your quiz is made.")
    quiz_id = page.url.split("/quiz/")[1][:26]
    items = page.locator("article.item")
    items.first.get_by_role("link", name="Edit").click()
    row = page.locator("fieldset.answers .answer-row:not(:has(:checked)) [name^='option.']").first
    before = row.input_value()
    row.fill("none of the above")
    page.get_by_role("button", name="Check without saving").click()
    expect(page.locator("#lint .block")).to_contain_text("An option that points at other options")
    assert house.quiz(quiz_id).items[0].version == 1
    page.locator("fieldset.answers .answer-row:not(:has(:checked)) [name^='option.']").first.fill(before)
    page.get_by_label("Question", exact=True).fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Write the question")
    page.get_by_label("Question", exact=True).fill(EDITED)
    page.get_by_role("button", name="Save", exact=True).click()
    items.first.get_by_text("Reject").first.click()
    items.first.get_by_label("Why?").fill("Not what the card says.")
    items.first.locator(".with-reason button").click()
    expect(page.get_by_role("status").first).to_have_text("Question 1 is rejected.")
    items.nth(1).get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Publish for learners").click()
    expect(page.get_by_role("status").first).to_contain_text("Published.")
    page.get_by_role("link", name="See it as a learner").click()
    page.get_by_role("button", name="See how you did").click()
    expect(page.get_by_role("alert")).to_contain_text("Answer question 1.")
    _take(page, script=False)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[01] of 1 right"))
    assert house.quiz(quiz_id).status == "published"
