"""Signing in with a real browser, over plain http on loopback: the cookies must hold there too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, ask, serving
from tests.routes.accounts import PASSWORD, House, build


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = build(tmp_path)
    house.people.add("amina@example.org", PASSWORD, "learner")
    return house


@pytest.fixture
def door(house: House) -> Iterator[str]:
    with serving(house.app) as address:
        yield address


@WITH_AND_WITHOUT_SCRIPT
def test_she_signs_in_asks_and_signs_out(open_page: OpenPage, house: House, door: str, script: bool) -> None:
    page = open_page(base=door, script=script)
    expect(page).to_have_url(f"{door}/login?next=/")
    page.get_by_label("User name or e-mail").fill("Amina@example.org")
    page.get_by_label("Password").fill("not her password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask about pregnancy, birth and your baby")
    ask(page, "Why iron?")
    expect(page.locator("#turn .who")).to_be_visible()
    assert house.service.asked[0][1]["principal"] == house.people.all()[0].id
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(door)
    expect(page).to_have_url(f"{door}/login?next=/")


def test_a_script_of_the_page_cannot_read_the_session(open_page: OpenPage, door: str) -> None:
    page = open_page(base=door)
    page.get_by_label("User name or e-mail").fill("amina@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    assert {cookie["name"] for cookie in page.context.cookies()} == {"__Host-funza", "__Host-funza-device"}


def test_the_form_fits_a_small_phone_and_speaks_swahili(open_page: OpenPage, door: str) -> None:
    page = open_page("/login?lang=sw", base=door, width=320)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingia")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for field in ("#name", "#password", "main button"):
        box = page.locator(field).bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
