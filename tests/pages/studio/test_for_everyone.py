"""The studio's and the learner's pages on a cheap phone, in the dark, with a screen reader, with big thumbs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import OpenPage, Seen
from tests.pages.studio.house import PAGE, Studio
from tests.pages.test_page_for_everyone import CONTRASTS

PAGES = {
    "home": "/studio", "stages": "/studio/new", "new": "/studio/new?stage=antenatal", "review": "/studio/quiz/{draft}",
    "edit": "/studio/quiz/{draft}/item/{item}/edit", "history": "/studio/quiz/{draft}/item/{item}/history",
    "write": "/studio/quiz/{draft}/add", "bank": "/studio/bank", "export": "/studio/quiz/{draft}/export",
    "print": "/studio/quiz/{draft}/print", "statistics": "/studio/quiz/{live}/statistics",
    "published": "/studio/quiz/{live}", "problem": "/studio/quiz/x", "learn": "/learn", "take": "/learn/quiz/{live}",
    "result": "{result}", "practice": "/learn/practice"}
ALL = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="module")
def places(house: Studio) -> dict[str, str]:
    """Ids of a draft whose first question is blocked and changed, of a published quiz, and a result's address."""
    draft, live = house.made(3), house.published(2)
    item = draft.items[0]
    wrong = {"version": "1", "question": "Which is right? " + "w" * 80, "option.0": "all of the above", "option.1": "b",
             "key": "1", "quote": item.item.evidence.quote, "card_id": item.item.evidence.card_id, "tags": "one, two"}
    for path, sent in ((f"/studio/quiz/{draft.id}/item/{item.id}/edit", wrong),
                       (f"/studio/quiz/{draft.id}/item/{draft.items[1].id}/approve", {"version": "1"}),
                       (f"/studio/quiz/{draft.id}/item/{draft.items[2].id}/reject", {"version": "1", "reason": "No."})):
        assert house.client.post(path, data=sent, headers=PAGE).status_code == 303
    answers = {one.id: str((one.item.answer_index + 1) % 4) for one in live.items}
    taken = house.client.post(f"/learn/quiz/{live.id}", data={"version": str(live.version), **answers}, headers=PAGE)
    return {"draft": draft.id, "item": item.id, "live": live.id, "result": taken.headers["Location"].split("?")[0]}


def _open(open_page: OpenPage, places: dict[str, str], name: str, lang: str = "en", **how: object) -> Page:
    path = PAGES[name].format(**places)
    page = open_page(f"{path}{'&' if '?' in path else '?'}lang={lang}", reduced_motion="reduce", **how)
    page.locator("details").evaluate_all("nodes => nodes.forEach((node) => { node.open = true; })")
    return page


@ALL
def test_every_word_stands_out_from_its_ground_as_wcag_aa_asks(open_page: OpenPage, places: dict[str, str],
                                                               name: str) -> None:
    page = _open(open_page, places, name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) >= 5
        assert [(scheme, words, round(ratio, 2)) for words, ratio in contrasts if ratio < 4.5] == []


@ALL
@pytest.mark.parametrize("lang", ["en", "sw"])
def test_nothing_is_wider_than_the_smallest_phone_and_nothing_is_too_small_to_tap(
        open_page: OpenPage, places: dict[str, str], name: str, lang: str) -> None:
    page = _open(open_page, places, name, lang, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.evaluate("""() => [...document.querySelectorAll(
          "a, button, summary, textarea, select, input:not([type=hidden], [type=radio], [type=checkbox]), "
          + "label:has([type=radio], [type=checkbox])")]
        .filter((node) => node.checkVisibility() && !node.classList.contains("skip"))
        .map((node) => ({node: node.outerHTML.slice(0, 120), box: node.getBoundingClientRect()}))
        .filter((one) => Math.min(one.box.width, one.box.height) < 43.5).map((one) => [one.node, one.box.height])""")
    assert small == []


AXE_LIKE = """() => {
  const wrong = [];
  const say = (rule, node) => wrong.push(`${rule}: ${node.outerHTML.slice(0, 120)}`);
  const seen = (node) => node.checkVisibility();
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (seen(field) && !field.labels.length && !field.ariaLabel) say("label", field);
  for (const node of document.querySelectorAll("a, button, summary"))
    if (seen(node) && !node.textContent.trim() && !node.ariaLabel) say("name", node);
  for (const fieldset of document.querySelectorAll("fieldset"))
    if (!fieldset.querySelector("legend")) say("legend", fieldset);
  for (const name of ["aria-labelledby", "aria-describedby"])
    for (const node of document.querySelectorAll(`[${name}]`))
      for (const id of node.getAttribute(name).split(" ")) if (!document.getElementById(id)) say(name, node);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) wrong.push(`id twice: ${id}`);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((node) => Number(node.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push(`h1: ${levels}`);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) wrong.push(`heading order: ${levels}`); });
  for (const link of document.querySelectorAll("a[href^='#']"))
    if (!document.getElementById(link.hash.slice(1))) say("broken anchor", link);
  if (document.querySelectorAll("main").length !== 1) wrong.push("main");
  if (!document.documentElement.lang || !document.title) wrong.push("lang, title");
  for (const node of document.querySelectorAll("nav, [role=region]"))
    if (!node.ariaLabel && !node.getAttribute("aria-labelledby")) say("landmark name", node);
  return wrong;
}"""


@pytest.mark.parametrize(("name", "script"), [
    *((name, True) for name in PAGES), *((name, False) for name in ("new", "review", "edit", "take"))])
def test_everything_has_a_name_and_headings_come_in_order(open_page: OpenPage, places: dict[str, str], name: str,
                                                          script: bool) -> None:
    path = PAGES[name].format(**places)
    page = open_page(path, script=script)
    assert page.evaluate(AXE_LIKE) == []


@ALL
def test_the_keyboard_sees_where_it_is(open_page: OpenPage, places: dict[str, str], name: str) -> None:
    page = open_page(PAGES[name].format(**places))
    for _ in range(14):
        page.keyboard.press("Tab")
        focus = page.evaluate("""() => {
            const node = document.activeElement;
            const shown = [node, node.closest("label")].filter(Boolean).map((one) => getComputedStyle(one));
            return node === document.body || shown.some((style) => style.outlineStyle !== "none"
                || style.boxShadow !== "none") ? "" : node.outerHTML.slice(0, 120);
        }""")
        assert focus == ""


@ALL
def test_the_first_load_is_under_60_kb_on_the_wire(open_page: OpenPage, seen: Seen, places: dict[str, str],
                                                   name: str) -> None:
    page = open_page(PAGES[name].format(**places))
    page.wait_for_load_state("networkidle")
    sizes = {request.url: request.sizes() for request in seen.requests}
    total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert len(sizes) >= 4
    assert 5_000 < total < 60_000, {url: size["responseBodySize"] for url, size in sizes.items()}


def test_a_review_of_twenty_questions_is_under_60_kb_too(open_page: OpenPage, seen: Seen, house: Studio) -> None:
    quiz = house.made(20, stage="antenatal")
    page = open_page(f"/studio/quiz/{quiz.id}")
    page.wait_for_load_state("networkidle")
    assert page.locator("article.item").count() == 20
    assert sum(request.sizes()["responseBodySize"] for request in seen.requests) < 60_000


def test_no_request_leaves_the_server(open_page: OpenPage, seen: Seen, house: Studio, places: dict[str, str]) -> None:
    for path in PAGES.values():
        open_page(path.format(**places)).wait_for_load_state("networkidle")
    assert [request.url for request in seen.requests if not request.url.startswith(f"{house.address}/")] == []


def test_paper_carries_the_sheet_and_nothing_of_the_site(open_page: OpenPage, places: dict[str, str]) -> None:
    page = open_page(PAGES["print"].format(**places))
    page.emulate_media(media="print")
    shown = page.evaluate("""() => [...document.querySelectorAll("header, footer, nav, .up, .no-print, .sheet")]
        .filter((node) => node.checkVisibility()).map((node) => node.className)""")
    assert shown == ["sheet"]
    assert "Right answer" not in page.locator(".sheet").inner_text()
