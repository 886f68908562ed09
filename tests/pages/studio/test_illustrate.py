"""An educator illustrates a lesson in a real browser: phone and wide, with a script and without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chatbot.errors import EndpointPaused
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.images.lessons.tables import JOBS, PICTURES
from chatbot.quizzes.records.tables import RECENT
from tests.chatbot.images.good_pictures import png
from tests.chatbot.images.illustrating import FakeDescriber, FakeIllustrator, blind
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, Seen
from tests.pages.studio.house import Studio, studio

PROMPT = "A mother drinks a glass of water, flat illustration"
WIDTHS = pytest.mark.parametrize("width", [360, 1_100], ids=["phone", "wide"])


class House:
    """A studio whose pictures are drawn by an illustrator that the test leads."""

    def __init__(self, made: Studio) -> None:
        self.studio = made
        self.service = made.app.extensions["funza"].service
        self.illustrator, self.describer = FakeIllustrator(data=png(width=1_216, height=832)), FakeDescriber()
        self.service.illustrations.close()
        self.service.illustrations = Illustrations(
            self.service.calls, self.service.engine, self.illustrator, self.describer)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with studio(tmp_path_factory.mktemp("house")) as found:
        yield House(found)


@pytest.fixture
def house(made: House) -> Iterator[House]:
    made.illustrator.hold, made.illustrator.fails, made.illustrator.why_not = None, None, ""
    made.describer.fails = None
    made.illustrator.begun.clear()
    with made.service.engine.begin() as connection:
        connection.execute(JOBS.delete())
        connection.execute(PICTURES.delete())
        connection.execute(RECENT.delete())
    yield made
    if made.illustrator.hold:
        made.illustrator.hold.set()


@pytest.fixture
def address(house: House) -> str:
    return house.studio.address


def ask_for(page: Page, prompt: str = PROMPT) -> None:
    page.get_by_label("What should the picture show?").fill(prompt)
    page.get_by_role("button", name="Draw the picture").click()


def fits(page: Page) -> None:
    """Nothing sticks out at the side."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@WIDTHS
@WITH_AND_WITHOUT_SCRIPT
def test_from_the_studio_to_a_picture_with_checked_alt_text_in_a_lesson(
        open_page: OpenPage, house: House, seen: Seen, tmp_path: Path, width: int, script: bool) -> None:
    house.illustrator.hold = threading.Event()
    page = open_page("/studio", width=width, script=script)
    page.get_by_role("link", name="Pictures", exact=True).click()
    fits(page)
    ask_for(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(PROMPT)
    if script:
        expect(page.locator("[role=status] .stage")).to_have_text("The machine that draws is waking up.")
        expect(page.locator("[aria-current=step]")).to_have_text("Waking the machine")
        expect(page.locator(".eta")).to_have_text("About 2 min.")
    else:
        expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "4")
    fits(page)
    house.illustrator.hold.set()
    house.illustrator.hold = None
    expect(page.get_by_text("Your picture is ready.")).to_be_visible(timeout=15_000)
    picture = page.get_by_role("figure").get_by_role("img")
    expect(picture).to_have_attribute("alt", "A teal box stands beside four words.")
    expect(picture).to_have_js_property("naturalWidth", 1_216)
    fits(page)
    page.get_by_label("For a person who cannot see the picture").fill("A teal box [one] stands beside words.")
    page.get_by_role("button", name="Keep this alt text").click()
    expect(page.get_by_text("The alt text is kept.")).to_be_visible()
    expect(page.locator("#alt-tag .tag")).to_have_text("alt text checked")
    pasted = page.get_by_label("Markdown").input_value()
    assert pasted.startswith(r"![A teal box \[one\] stands beside words.](picture-")
    assert 'alt="A teal box [one] stands beside words." width="1216"' in page.get_by_label("HTML").input_value()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the picture").click()
    assert b"trainedAlgorithmicMedia" in Path(started.value.path()).read_bytes()
    page.get_by_role("navigation").get_by_role("link", name="Studio").click()
    page.get_by_role("link", name="Pictures", exact=True).click()
    expect(page.locator(".pictures li")).to_have_count(1)
    assert all(request.url.startswith(house.studio.address) for request in seen.requests)


@WITH_AND_WITHOUT_SCRIPT
def test_a_picture_that_nobody_described_cannot_be_used_until_she_does(open_page: OpenPage, house: House,
                                                                       script: bool) -> None:
    house.describer.fails = blind().fails
    page = open_page("/studio/illustrate", script=script)
    ask_for(page)
    expect(page.get_by_text("Your picture is drawn. Write its alt text; until then it cannot be used.")).to_be_visible(
        timeout=15_000)
    expect(page.get_by_role("link", name="Download the picture")).to_have_count(0)
    page.get_by_role("button", name="Keep this alt text").click()
    expect(page.get_by_role("alert")).to_contain_text("Say in one sentence what the picture tells.")
    page.get_by_label("For a person who cannot see the picture").fill("A teal box stands beside a sign.")
    page.get_by_role("button", name="Keep this alt text").click()
    expect(page.get_by_role("link", name="Download the picture")).to_be_visible()


@WITH_AND_WITHOUT_SCRIPT
def test_a_refused_prompt_stays_in_its_box_with_what_to_do(open_page: OpenPage, house: House, script: bool) -> None:
    page = open_page("/studio/illustrate", script=script)
    ask_for(page, "Photo of a woman giving birth")
    expect(page.get_by_role("alert")).to_contain_text("This picture is not drawn here.")
    expect(page.get_by_role("alert")).to_contain_text("line drawing")
    expect(page.get_by_label("What should the picture show?")).to_have_value("Photo of a woman giving birth")
    expect(page.get_by_label("What should the picture show?")).to_have_attribute("aria-invalid", "true")
    assert house.service.illustrations.jobs.count_open() == 0


def test_stopping_a_picture_says_that_it_was_stopped(open_page: OpenPage, house: House) -> None:
    house.illustrator.hold = threading.Event()
    page = open_page("/studio/illustrate")
    ask_for(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("You stopped this picture.")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="Ask for another picture").click()
    expect(page.get_by_label("What should the picture show?")).to_be_visible()


def test_what_failed_says_why_and_what_to_do(open_page: OpenPage, house: House) -> None:
    house.illustrator.fails = EndpointPaused("The endpoint is paused.", remedy="Resume it at its provider.")
    page = open_page("/studio/illustrate")
    ask_for(page)
    expect(page.get_by_role("alert")).to_contain_text("The machine that draws is paused.", timeout=15_000)
    expect(page.get_by_role("alert")).to_contain_text("Resume it at its provider.")


def test_with_nobody_to_draw_the_page_says_what_to_set(open_page: OpenPage, house: House) -> None:
    house.illustrator.why_not = "Set IMAGE_ENDPOINT_URL to a dedicated endpoint of yours."
    page = open_page("/studio/illustrate")
    expect(page.get_by_role("heading", name="No picture can be drawn here yet")).to_be_visible()
    expect(page.get_by_text("Set IMAGE_ENDPOINT_URL")).to_be_visible()
    expect(page.get_by_role("button", name="Draw the picture")).to_have_count(0)


@WITH_AND_WITHOUT_SCRIPT
def test_a_variation_starts_from_the_picture_and_deleting_takes_it_away(open_page: OpenPage, house: House,
                                                                        script: bool) -> None:
    page = open_page("/studio/illustrate", script=script)
    ask_for(page)
    expect(page.get_by_text("Your picture is ready.")).to_be_visible(timeout=15_000)
    page.get_by_label("What should the picture show?").fill("The same at night")
    page.get_by_label("How different?").select_option("much")
    page.get_by_role("button", name="Draw the variation").click()
    expect(page.get_by_text("Your picture is ready.")).to_be_visible(timeout=15_000)
    assert (house.illustrator.asked[-1].strength, house.illustrator.asked[-1].feature) == (0.8, "illustration-edit")
    page.get_by_role("button", name="Delete the picture").click()
    expect(page.get_by_text("The picture is deleted.")).to_be_visible()
    expect(page.locator(".pictures li")).to_have_count(1)


def test_the_page_is_there_in_swahili(open_page: OpenPage, house: House) -> None:
    page = open_page("/studio/illustrate?lang=sw")
    expect(page.get_by_role("heading", level=1)).to_have_text("Picha")
    page.get_by_label("Picha ionyeshe nini?").fill("mwanamke uchi")
    page.get_by_role("button", name="Chora picha").click()
    expect(page.get_by_role("alert")).to_contain_text("Hakuna mtu anayeonyeshwa uchi")


def test_targets_are_big_enough_for_a_thumb_and_every_field_has_its_label(open_page: OpenPage, house: House) -> None:
    page = open_page("/studio/illustrate")
    ask_for(page)
    expect(page.get_by_text("Your picture is ready.")).to_be_visible(timeout=15_000)
    for part in page.locator("main :is(a, button, select, textarea, input:not([type=hidden], [type=checkbox]))").all():
        box = part.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24, part.evaluate("node => node.outerHTML")
    unlabelled = page.evaluate("""() => [
        ...document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea)')]
        .filter(node => !node.labels.length).map(node => node.outerHTML)""")
    assert unlabelled == []
