"""Errors: one table, one shape, nothing of the inside."""

from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient

from chatbot import errors
from chatbot.errors import FunzaError
from routes.errors import known_problems, problem, status_of
from tests.routes.conftest import AppMaker, FakeService, check_problem

ASK = {"message": "Why iron?"}


def every_error(kind: type[FunzaError] = FunzaError) -> list[type[FunzaError]]:
    return [kind] + [found for child in kind.__subclasses__() for found in every_error(child)]


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind.__module__ == errors.__name__])
def test_every_error_of_the_tree_becomes_a_problem(client: FlaskClient, service: FakeService,
                                                   kind: type[FunzaError]) -> None:
    service.fails = kind("A detail for the client.")
    response = client.post("/api/v1/chat", json=ASK)
    body = check_problem(response, status_of(kind), kind.code)
    assert body["detail"] == "A detail for the client."
    assert ("Retry-After" in response.headers) == kind.retryable


@pytest.mark.parametrize(("error", "status"), [
    (errors.InvalidInput(), 400), (errors.NotAllowed(), 403), (errors.NotFound(), 404), (errors.UnknownModel(), 404),
    (errors.TooLong(), 413), (errors.BadKey(), 503), (errors.Busy(), 503), (errors.EmptyAnswer(), 502),
    (errors.LedgerUnavailable(), 503), (errors.NoProvider(), 503), (errors.TimedOut(), 504), (FunzaError(), 500)])
def test_each_family_has_its_status(error: FunzaError, status: int) -> None:
    assert status_of(type(error)) == status


@pytest.mark.parametrize(("wait", "header"), [
    (7.2, "8"), (0.0, "5"), (-3.0, "5"), (1e9, "3600"), (float("inf"), "3600")])
def test_retry_after_is_whole_seconds_within_reason(client: FlaskClient, service: FakeService, wait: float,
                                                    header: str) -> None:
    service.fails = errors.NoProvider(retry_after=wait)
    assert client.post("/api/v1/chat", json=ASK).headers["Retry-After"] == header


def test_the_field_and_the_remedy_are_told() -> None:
    body = problem(FunzaError("x", field="stage", remedy="Try again."), "id")
    assert (body["field"], body["remedy"]) == ("stage", "Try again.")


@pytest.mark.parametrize("path", ["/api/v1/chat", "/v1/chat/completions"])
def test_a_bug_is_a_500_that_tells_and_logs_no_words(client: FlaskClient, service: FakeService, path: str,
                                                     caplog: pytest.LogCaptureFixture,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    service.fails = RuntimeError("the mother wrote: secret")
    ask = ASK if path == "/api/v1/chat" else {"model": "hybrid", "messages": [{"role": "user", "content": "x"}]}
    with caplog.at_level(logging.DEBUG):
        response = client.post(path, json=ask)
    check_problem(response, 500, "internal_error")
    assert "secret" not in response.get_data(as_text=True)
    assert "secret" not in caplog.text + "".join(capsys.readouterr())


def test_a_bug_shows_no_debugger_even_when_testing(make_app: AppMaker, service: FakeService) -> None:
    app = make_app()
    app.testing = True
    service.fails = ZeroDivisionError()
    check_problem(app.test_client().post("/api/v1/chat", json=ASK), 500)


def test_every_problem_is_explained_where_its_type_points(client: FlaskClient) -> None:
    page = client.get("/docs/problems").get_data(as_text=True)
    for code in known_problems():
        assert f'id="{code}"' in page


def test_openai_routes_add_the_error_object_that_its_clients_read(client: FlaskClient) -> None:
    body = check_problem(client.post("/v1/chat/completions", json={}), 400)
    assert body["error"] == {"message": body["detail"], "type": "invalid_request_error", "param": body["field"],
                             "code": body["code"]}


def test_request_ids_are_ours_and_never_the_clients(client: FlaskClient) -> None:
    ids = {client.get("/livez", headers={"X-Request-Id": "forged"}).headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5
    assert "forged" not in ids
