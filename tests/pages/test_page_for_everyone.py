"""The page on a cheap phone, a slow network, with a keyboard, a screen reader, weak eyes or big thumbs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chatbot.errors import NoProvider
from tests.pages.conftest import OpenPage, Seen, ask, ask_and_wait
from tests.pages.fake_front_door import ANSWER, EMERGENCY, SOON, URGENT, FakeService

STATES = {"empty": None, "answer": ANSWER, "emergency": EMERGENCY, "urgent": URGENT, "soon": SOON,
          "problem": NoProvider()}


def _show(page: Page, service: FakeService, state: Any) -> None:
    if isinstance(state, NoProvider):
        service.fails = state
        ask(page, "w" * 300)
        page.locator(".errors").wait_for()
    elif state is not None:
        service.reply = replace(state, answer=state.answer + " " + "w" * 300)
        ask_and_wait(page, "w" * 300)
        page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")


def test_the_first_load_is_under_60_kb_on_the_wire(open_page: OpenPage, seen: Seen) -> None:
    page = open_page()
    page.wait_for_load_state("networkidle")
    sizes = {request.url: request.sizes() for request in seen.requests}
    total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert len(sizes) >= 5
    assert 10_000 < total < 60_000, {url: size["responseBodySize"] for url, size in sizes.items()}
    for request in seen.requests:
        response = request.response()
        assert response is not None
        if not request.url.endswith(".svg") and request.resource_type in {"document", "script", "stylesheet"}:
            assert response.headers["content-encoding"] == "gzip", request.url


def test_no_request_leaves_the_server(open_page: OpenPage, address: str, seen: Seen) -> None:
    page = open_page()
    page.get_by_label("Labour and birth").check()
    ask_and_wait(page, "Why iron?")
    page.wait_for_load_state("networkidle")
    assert len(seen.requests) >= 7
    assert [request.url for request in seen.requests if not request.url.startswith(f"{address}/")] == []


def test_everything_to_fill_in_or_press_has_a_name_and_a_role(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_accessible_description(
        "Write in English or Swahili. Leave out names and phone numbers.")
    stages = page.get_by_role("group", name="Where are you now?").get_by_role("radio")
    expect(stages).to_have_count(4)
    for radio in stages.all():
        expect(radio).to_have_accessible_name(re.compile(r"\w+"))
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("contentinfo")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_the_page_can_be_used_with_a_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the question")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.id") != "message":
        page.locator("#message").focus()
    page.keyboard.type("Why iron?")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.locator("#turn .who").wait_for()
    expect(page.locator("#turn h1")).to_be_focused()


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize("language", ["en", "sw"])
def test_nothing_is_wider_than_the_smallest_phone(reuse_page: OpenPage, service: FakeService, state: Any,
                                                  language: str) -> None:
    page = reuse_page(f"/?lang={language}", width=320)
    _show(page, service, state)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_everything_to_tap_is_at_least_44_pixels_high_and_wide(reuse_page: OpenPage, service: FakeService,
                                                               state: Any) -> None:
    page = reuse_page()
    _show(page, service, state)
    boxes = page.evaluate("""() => [...document.querySelectorAll("a, button, summary, textarea, .stages label")]
        .filter((node) => node.checkVisibility() && !node.classList.contains("skip"))
        .map((node) => ({node: node.outerHTML.slice(0, 80), box: node.getBoundingClientRect()}))""")
    assert len(boxes) >= 8
    assert [one for one in boxes if min(one["box"]["width"], one["box"]["height"]) < 44] == []


CONTRASTS = """() => {
  const channels = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(node).color)), light(ground(node))];
    found.push([walker.currentNode.data.trim().slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
}"""


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground_as_wcag_aa_asks(reuse_page: OpenPage, service: FakeService, state: Any,
                                                               scheme: str) -> None:
    page = reuse_page(color_scheme=scheme, reduced_motion="reduce")
    _show(page, service, state)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) >= 8
    assert [(words, round(ratio, 2)) for words, ratio in contrasts if ratio < 4.5] == []
