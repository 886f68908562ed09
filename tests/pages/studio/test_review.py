"""The review page and what hangs on it: two editors, the keyboard, hostile words, documents, history, the bank."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from chatbot.accounts.principal import LOCAL
from chatbot.documents.store import Documents
from chatbot.documents.upload import read_pasted
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage
from tests.pages.studio.house import PAGE, Studio

HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(2)> ng'ombe & "moto" ~={}#: ]]> =1+1"""
TEXT = ("At this clinic the first visit comes after 3 days. The nurse weighs each baby again after 6 weeks. "
        "Mothers bring the yellow booklet back after 5 weeks. The second visit to the ward comes after 2 weeks.")


@WITH_AND_WITHOUT_SCRIPT
def test_two_editors_see_both_texts_and_nothing_is_overwritten_silently(open_page: OpenPage, house: Studio,
                                                                        script: bool) -> None:
    quiz = house.made(1)
    path = f"/studio/quiz/{quiz.id}/item/{quiz.items[0].id}/edit"
    amina, beatrice = open_page(path, script=script), open_page(path, script=script)
    amina.get_by_label("Question", exact=True).fill("What does Amina ask?")
    beatrice.get_by_label("Question", exact=True).fill("What does Beatrice ask?")
    amina.get_by_role("button", name="Save", exact=True).click()
    expect(amina.get_by_role("status").first).to_contain_text("is saved")
    beatrice.get_by_role("button", name="Save", exact=True).click()
    expect(beatrice.get_by_role("alert")).to_contain_text("Somebody else changed this question")
    expect(beatrice.locator(".both")).to_contain_text("What does Amina ask?")
    expect(beatrice.locator(".both")).to_contain_text("What does Beatrice ask?")
    assert house.quiz(quiz.id).items[0].item.stem == "What does Amina ask?"
    beatrice.get_by_role("button", name="Save mine over it").click()
    expect(beatrice.get_by_role("heading", name="What does Beatrice ask?")).to_be_visible()
    beatrice.goto(house.address + path.replace("/edit", "/history"))
    expect(beatrice.locator("ol.versions > li")).to_have_count(3)
    beatrice.locator("ol.versions > li").nth(1).get_by_role("button", name="Take these words back").click()
    expect(beatrice.get_by_role("heading", name="What does Amina ask?")).to_be_visible()


def test_a_press_on_a_stale_page_changes_nothing_and_says_who_did(open_page: OpenPage, house: Studio) -> None:
    quiz = house.made(1)
    page, other = open_page(f"/studio/quiz/{quiz.id}"), open_page(f"/studio/quiz/{quiz.id}")
    other.locator("article.item .with-reason summary").click()
    other.get_by_label("Why?").fill("Too easy.")
    other.locator(".with-reason button").click()
    expect(other.get_by_role("status").first).to_contain_text("is rejected")
    page.locator("article.item").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody changed this in the meantime")
    expect(page.get_by_role("link", name="Go back")).to_be_visible()
    assert house.quiz(quiz.id).items[0].status == "rejected"


def test_approving_twice_by_a_double_click_without_a_script_is_no_error(house: Studio) -> None:
    quiz = house.made(1)
    path = f"/studio/quiz/{quiz.id}/item/{quiz.items[0].id}/approve"
    answers = [house.client.post(path, data={"version": "1"}, headers=PAGE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert house.quiz(quiz.id).items[0].version == 2


def test_the_same_form_sent_twice_by_a_double_click_makes_one_quiz(house: Studio) -> None:
    sent = {"stage": "birth", "source": "cards", "count": "1", "options": "3", "title": "Only once"}
    answers = [house.client.post("/studio/new", data=sent, headers=PAGE, content_type="multipart/form-data")
               for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "The first one is being worked on" in answers[1].get_data(as_text=True)


def test_the_review_can_be_done_with_a_keyboard_alone(open_page: OpenPage, house: Studio) -> None:
    quiz = house.made(3)
    page = open_page(f"/studio/quiz/{quiz.id}", width=820)
    items = page.locator("article.item")
    page.keyboard.press("j")
    expect(items.first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("status").first).to_have_text("Question 2 is approved.")
    expect(items.nth(2)).to_be_focused()
    page.keyboard.press("r")
    expect(items.nth(2).get_by_label("Why?")).to_be_focused()
    page.keyboard.type("jka is no shortcut here")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Question 3 is rejected.")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts dl")).to_be_visible()
    page.keyboard.press("k")
    page.evaluate("document.querySelector('article.item').focus()")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit question 1")
    page.get_by_role("link", name="Back to the quiz").click()
    page.locator("#shortcuts summary").click()
    page.get_by_label("Use keyboard shortcuts on this page").uncheck()
    page.reload()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_hostile_words_are_words_on_every_page(open_page: OpenPage, house: Studio) -> None:
    quiz = house.made(1)
    item = quiz.items[0]
    page = open_page(f"/studio/quiz/{quiz.id}/item/{item.id}/edit", width=820)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.get_by_label("Question", exact=True).fill(HOSTILE)
    page.locator("#lint .block").filter(has_text="code that a browser could run").first.wait_for()
    page.get_by_label("Answer A", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("article.item h2")).to_have_text(HOSTILE)
    title = page.locator("details", has=page.get_by_label("Change the title")).locator("> summary")
    title.click()
    page.get_by_label("Change the title").fill(HOSTILE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    for path in ("", f"/item/{item.id}/edit", f"/item/{item.id}/history", "/export", "/print", "/print?sheet=key"):
        page.goto(f"{house.address}/studio/quiz/{quiz.id}{path}")
        assert page.locator("img[src=x]").count() == 0
        assert "<script>alert" not in page.content().replace("&lt;", "")
    page.goto(f"{house.address}/studio/bank?q=alert")
    expect(page.locator("article.item h2").first).to_have_text(HOSTILE)
    page.goto(f"{house.address}/studio")
    expect(page.locator(".cards .name", has_text="ng'ombe").first).to_have_text(HOSTILE)
    assert dialogs == []


@WITH_AND_WITHOUT_SCRIPT
def test_a_quiz_of_a_document_shows_its_quote_on_its_page(open_page: OpenPage, house: Studio, script: bool) -> None:
    page = open_page("/studio/new?stage=antenatal", script=script)
    page.get_by_label("A document of mine").check()
    page.get_by_label("Document", exact=True).set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": f"{TEXT} Round {script}.".encode()})
    page.get_by_label("How many questions").fill("1")
    page.get_by_role("button", name="Make the quiz").click()
    if script:
        page.get_by_role("link", name="Check the questions").click()
    mark = page.locator("article.item mark").first
    expect(mark).to_be_visible()
    assert mark.inner_text() in TEXT
    expect(page.locator("article.item blockquote").first).to_contain_text("yellow booklet")


@WITH_AND_WITHOUT_SCRIPT
def test_a_file_that_is_no_document_is_refused_beside_its_field(open_page: OpenPage, script: bool) -> None:
    page = open_page("/studio/new?stage=antenatal", script=script)
    page.get_by_label("A document of mine").check()
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("alert").first).to_contain_text("Choose a document to send.")
    page.get_by_label("A document of mine").check()
    page.get_by_label("Document", exact=True).set_input_files(
        {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"no PDF at all"})
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("alert").first).to_contain_text(re.compile("ending of its name|can be read"))


def test_a_pasted_text_in_another_language_is_told_so(open_page: OpenPage) -> None:
    page = open_page("/studio/new?stage=antenatal")
    page.get_by_label("Text that I paste").check()
    page.get_by_label("Your text").fill(TEXT)
    page.get_by_label("Language of the quiz").select_option("sw")
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("alert").first).to_contain_text("Choose the language that the text is written in")
    expect(page.get_by_label("Your text")).to_have_value(TEXT)


def test_questions_are_moved_taken_out_and_written_by_hand(open_page: OpenPage, house: Studio) -> None:
    quiz = house.made(2)
    first, second = (one.item.stem for one in quiz.items)
    page = open_page(f"/studio/quiz/{quiz.id}", width=820, script=False)
    stems = page.locator("article.item h2")
    page.get_by_text("Order, history, take out").first.click()
    page.get_by_role("button", name="Move down").first.click()
    expect(stems).to_have_text([second, first])
    page.get_by_text("Order, history, take out").nth(1).click()
    page.get_by_role("button", name="Take out of this quiz").click()
    expect(stems).to_have_text([second])
    page.get_by_role("link", name="Write a question yourself").click()
    page.get_by_label("Question", exact=True).fill("What is written by hand?")
    for letter, text in zip("ABC", ("this", "that", "another"), strict=True):
        page.get_by_label(f"Answer {letter}", exact=True).fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Mark which answer is right.")
    page.get_by_label("B is right", exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(stems).to_have_text([second, "What is written by hand?"])
    expect(page.locator("article.item").nth(1)).to_contain_text("Written by hand.")
    expect(page.locator("article.item").nth(1).get_by_role("button", name="Approve")).to_have_count(0)


def test_another_question_can_be_made_in_the_place_of_one(open_page: OpenPage, house: Studio) -> None:
    quiz = house.made(2)
    page = open_page(f"/studio/quiz/{quiz.id}", width=820)
    page.locator("article.item").first.get_by_role("button", name="Make another").click()
    expect(page.get_by_role("status").first).to_have_text("Question 1 was made anew. Check it.")
    now = [one.item.stem for one in house.quiz(quiz.id).items]
    assert now[0] != quiz.items[0].item.stem
    assert now[1] == quiz.items[1].item.stem


def test_a_published_quiz_is_sent_back_retired_and_opened_again(open_page: OpenPage, house: Studio) -> None:
    quiz = house.published(1)
    page = open_page(f"/studio/quiz/{quiz.id}", width=820)
    page.get_by_role("link", name="How learners do").click()
    expect(page.locator("main")).to_contain_text("Numbers are shown from 30 learners on")
    page.goto(f"{house.address}/studio/quiz/{quiz.id}")
    page.locator("summary", has_text=re.compile("^More$")).click()
    page.locator("summary", has_text="Take it away from learners").click()
    page.get_by_role("button", name="Yes, take it away now").click()
    expect(page.get_by_role("status").first).to_have_text("Learners no longer see this quiz.")
    assert house.client.get(f"/learn/quiz/{quiz.id}", headers=PAGE).status_code == 404
    page.get_by_role("button", name="Open it again for changes").click()
    expect(page.get_by_role("status").first).to_have_text("It is a draft again.")


def test_the_bank_finds_a_question_shows_its_likes_and_lends_it(open_page: OpenPage, house: Studio) -> None:
    quiz, other = house.published(1, stage="preconception", topic="malaria"), house.made(1, title="Where it goes")
    stem = quiz.items[0].item.stem
    page = open_page(f"/studio/bank?stage=preconception&status=published&q={stem.split()[-1].rstrip('?')}", width=820)
    item = page.locator("article.item").first
    expect(item.locator("h2")).to_have_text(stem)
    item.get_by_label("Add to").select_option("Where it goes")
    item.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").first).to_have_text("Question 2 was added.")
    assert house.quiz(other.id).items[1].item.stem == stem
    page.goto(f"{house.address}/studio/bank?stage=preconception&status=published")
    page.get_by_text("Asked nearly the same elsewhere").first.click()
    expect(page.locator(".near li").first).to_contain_text("100 % alike")


def test_quizzes_are_listed_by_state_and_found_by_words(open_page: OpenPage, house: Studio) -> None:
    house.made(1, title="A plan for Wajir")
    page = open_page("/studio", width=820)
    expect(page.get_by_role("heading", name="Drafts to check")).to_be_visible()
    page.get_by_label("Find a quiz").fill("wajir")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".cards .name")).to_have_text(["A plan for Wajir"])
    page.get_by_label("Find a quiz").fill("no such words")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("main")).to_contain_text("No quiz has these words.")


def test_a_document_that_was_deleted_leaves_the_quote(open_page: OpenPage, house: Studio) -> None:
    documents = Documents(house.engine)
    document, _ = documents.add(read_pasted(TEXT + " It is gone soon."), LOCAL.id)
    quiz = house.made(1, source="file", document_id=document.id)
    documents.delete(document.id, LOCAL)
    page = open_page(f"/studio/quiz/{quiz.id}")
    expect(page.locator("article.item .evidence")).to_contain_text("Its document was deleted. Only the quote is left.")
    expect(page.locator("article.item blockquote q")).to_have_text(quiz.items[0].item.evidence.quote)
