"""The page's form as an HTTP client sees it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from chatbot.errors import InvalidInput, LedgerUnavailable, NotAllowed, TimedOut
from chatbot.stages import all_stages
from tests.pages.fake_front_door import FakeService

ASK = {"message": "Why iron?"}


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                                     {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_form_on_another_site_cannot_ask(client: FlaskClient, service: FakeService, headers: dict[str, str]) -> None:
    assert client.post("/", data=ASK, headers=headers).status_code == 403
    assert service.asked == []


def test_the_page_sets_no_cookie_and_is_not_stored(client: FlaskClient) -> None:
    for response in (client.get("/"), client.post("/", data=ASK)):
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_page_holds_no_inline_script_or_style(client: FlaskClient) -> None:
    html = client.post("/", data=ASK).get_data(as_text=True)
    assert " style=" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=")


@pytest.mark.parametrize(("error", "status", "says"), [
    (InvalidInput("no", field="message"), 400, "Write your question"),
    (InvalidInput("no", field="stage"), 400, "Choose one of the four stages"),
    (InvalidInput("no"), 400, "Change it a little"), (NotAllowed("no"), 403, "Change it a little"),
    (LedgerUnavailable(), 503, "Wait a minute"), (TimedOut(), 504, "Wait a minute")])
def test_each_failure_says_what_to_do(client: FlaskClient, service: FakeService, error: Exception, status: int,
                                      says: str) -> None:
    service.fails = error
    response = client.post("/", data={**ASK, "stage": "birth"})
    html = response.get_data(as_text=True)
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert says in html
    assert "<title>Error: " in html
    assert ">\nWhy iron?</textarea>" in html
    assert 'value="birth" checked' in html


def test_line_ends_of_a_form_count_once(client: FlaskClient, service: FakeService) -> None:
    client.post("/", data={"message": "a\r\n" * 1_500})
    assert service.asked[-1][0] == ("a\n" * 1_500).strip()


@pytest.mark.parametrize("language", ["fr", "", "EN", "<b>"])
def test_an_unknown_language_falls_back_to_what_the_browser_wants(client: FlaskClient, language: str) -> None:
    response = client.get("/", query_string={"lang": language}, headers={"Accept-Language": "sw,en;q=0.5"})
    html = response.get_data(as_text=True)
    assert '<html lang="sw">' in html
    assert "<b>" not in html


@pytest.mark.parametrize("stage", [stage.id for stage in all_stages()])
@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_stage_can_be_chosen_and_has_questions_to_tap(client: FlaskClient, stage: str, language: str) -> None:
    html = client.get(f"/?stage={stage}&lang={language}").get_data(as_text=True)
    assert f'value="{stage}" checked' in html
    piece = client.get(f"/examples?stage={stage}&lang={language}").get_data(as_text=True)
    assert 2 <= piece.count('class="example"') <= 3
    assert "<html" not in piece


def test_an_unknown_stage_offers_one_question_of_each_stage(client: FlaskClient) -> None:
    response = client.get("/examples?stage=<script>")
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    assert html.count('class="example"') == len(all_stages())
    assert "<script>" not in html
