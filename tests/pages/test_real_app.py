"""The page on the real app, with no model at all: the fact cards answer, and a danger sign comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config import Settings
from run import create_app
from tests.pages.conftest import WITH_AND_WITHOUT_SCRIPT, OpenPage, ask_and_wait, serving


@pytest.fixture
def real(tmp_path: Path) -> Iterator[str]:
    app = create_app(Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/funza.db", local_engine="off"))
    with serving(app) as address:
        yield address
    app.extensions["funza"].service.close()


@WITH_AND_WITHOUT_SCRIPT
def test_a_bare_machine_answers_from_its_cards_and_says_so(open_page: OpenPage, real: str, script: bool) -> None:
    page = open_page(base=real, script=script)
    ask_and_wait(page, "Why are iron and folic acid tablets given?")
    expect(page.locator("#turn .answer")).to_contain_text("blood")
    expect(page.locator("#turn .sources a").first).to_have_attribute("href", re.compile("^https://"))
    expect(page.locator("#turn .who")).to_contain_text("Answered from our own fact cards.")


@pytest.mark.parametrize(("language", "question", "title"), [
    ("en", "I am bleeding heavily and I feel faint", "Get help now. Go to a health facility."),
    ("sw", "Natokwa na damu nyingi sana na nahisi kuzirai", "Pata msaada sasa. Nenda kituo cha afya.")])
def test_a_danger_sign_is_an_emergency_in_both_languages(open_page: OpenPage, real: str, language: str, question: str,
                                                         title: str) -> None:
    page = open_page(f"/?lang={language}", base=real)
    ask_and_wait(page, question)
    expect(page.get_by_role("alert").first.get_by_role("heading", name=title)).to_be_in_viewport()
