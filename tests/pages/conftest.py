"""The pages on a real loopback socket with a fake front door, and a real browser to look at them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright
from sqlalchemy import Table
from werkzeug.serving import WSGIRequestHandler, make_server

from chatbot.database import db, open_engine
from chatbot.usage.replay_tables import Replay
from config import Settings
from routes import register_routes
from routes.installation import Installation
from tests.pages.fake_front_door import FakeService

CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                 "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"]


PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def service(tmp_path: Path) -> FakeService:
    engine = open_engine(f"sqlite:///{tmp_path}/pages.db")
    db.metadata.create_all(engine, tables=[cast(Table, Replay.__table__)])
    return FakeService(engine=engine)


@pytest.fixture
def app(service: FakeService) -> APIFlask:
    app = APIFlask("funza_test", enable_openapi=False)
    settings = Settings(_env_file=None, emergency_numbers={"Test ward": "000"},
                        emergency_numbers_verified_on=date(2026, 11, 1))
    app.extensions["funza"] = Installation(settings, service)  # type: ignore[arg-type]
    register_routes(app)
    return app


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


class Silent(WSGIRequestHandler):
    """Serves without a line on stderr for each request."""

    def log(self, type: str, message: str, *args: Any) -> None: ...


@contextmanager
def serving(app: APIFlask) -> Iterator[str]:
    """`app` on a free loopback port; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(30)


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    with serving(app) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium: the machine's own, else the one that `playwright install chromium` puts there."""
    own = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=own, args=CHROMIUM_ARGS)
        except Error as error:
            pytest.skip(f"no browser: {error.message.splitlines()[0]} (remedy: playwright install chromium)")
        yield found
        found.close()


@dataclass
class Seen:
    """What a page did behind its face."""

    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings in the console (a broken Content-Security-Policy is one) and exceptions of scripts."""

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(error.message))

    def _note(self, message: ConsoleMessage) -> None:
        # Chromium itself complains about every answer that is not 2xx; the tests look at those on the page.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)


WITH_AND_WITHOUT_SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
OpenPage = Callable[..., Page]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def open_page(browser: Browser, address: str, seen: Seen) -> Iterator[OpenPage]:
    """Opens a page of the app on a phone of 360 by 740; any complaint of the browser fails the test."""
    contexts = []

    def opened(path: str = "/", *, width: int = 360, script: bool = True, base: str = address, **context: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 740}, java_script_enabled=script,
                                            **({"locale": "en-GB"} | context)))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        seen.watch(page)
        page.goto(base + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert seen.complaints == []


@pytest.fixture(scope="module")
def kept_pages(browser: Browser) -> Iterator[Callable[[bool], Page]]:
    """One page with scripts and one without, for the tests of a file: to open a new one costs more than most tests."""
    pages: dict[bool, Page] = {}

    def kept(script: bool) -> Page:
        if script not in pages:
            pages[script] = browser.new_context(java_script_enabled=script, locale="en-GB").new_page()
            pages[script].set_default_timeout(PATIENCE_MS)
        return pages[script]

    yield kept
    for page in pages.values():
        page.context.close()


@pytest.fixture
def reuse_page(kept_pages: Callable[[bool], Page], address: str, seen: Seen) -> Iterator[OpenPage]:
    """Opens a page as `open_page` does, but in a window that earlier tests used, without their cookies.

    Every test has an address of its own, so nothing is cached or stored from the one before.
    """
    def opened(path: str = "/", *, width: int = 360, script: bool = True, base: str = address, **media: Any) -> Page:
        page = kept_pages(script)
        page.context.clear_cookies()
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | media)
        seen.watch(page)
        page.goto(base + path)
        return page

    yield opened
    assert seen.complaints == []


def ask(page: Page, question: str) -> None:
    """Type a question, and press Ask."""
    page.locator("#message").fill(question)
    page.locator("#ask button:not(.example)").click()


def ask_and_wait(page: Page, question: str) -> None:
    """Ask, and wait until the whole answer stands there."""
    ask(page, question)
    page.locator("#turn .who").wait_for()
