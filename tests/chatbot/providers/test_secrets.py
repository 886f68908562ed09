"""What must stay in: the key, the learner's words, the address; and what must stay out: the environment."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from chatbot.errors import FunzaError, Malformed, Refused
from chatbot.providers import PROVIDERS
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Cancel, Message
from tests.chatbot.providers.asking import KEY, MODEL, WORDS, Ask, pointed_at, request_for
from tests.loopback import Body, LoopbackProvider, Reset, Status, redirect

ECHO = f"you sent {KEY} and {WORDS} from https://user:hunter2@host"
ECHOES = [Status(code, body={"error": {"message": ECHO, "code": ECHO, "type": ECHO}}) for code in (400, 401, 429, 500)]
ECHOES += [Status(400, body=ECHO), Body(ECHO.encode()), Body(b'{"error": {"message": "' + ECHO.encode() + b'"}}'),
           Body(ECHO.encode(), "text/html"), redirect(f"http://127.0.0.1:1/?{KEY}"), Reset()]


@pytest.mark.parametrize("number", range(len(ECHOES)))
def test_an_error_holds_no_key_no_words_and_no_vendor_exception(
        ask: Ask, upstream: LoopbackProvider, caplog: pytest.LogCaptureFixture, number: int) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.will(ECHOES[number])
    error = ask().error
    assert isinstance(error, FunzaError)
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join([*traceback.format_exception(error), repr(vars(error)), repr(ask.provider), caplog.text])
    for secret in (KEY, WORDS, "hunter2", "you sent"):
        assert secret not in shown


def test_the_vendors_logs_hold_no_words_even_at_debug(
        upstream: LoopbackProvider, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    monkeypatch.setenv("TOGETHER_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    for name in ("together", "openai"):
        Ask(pointed_at(upstream, PROVIDERS[name]), True)()
    assert WORDS not in caplog.text
    assert KEY not in caplog.text


def test_a_redirect_is_not_followed_and_the_key_stays_home(ask: Ask, upstream: LoopbackProvider) -> None:
    with LoopbackProvider() as elsewhere:
        upstream.will(redirect(f"{elsewhere.url_v1}/chat/completions"))
        assert ask().error is not None
        assert elsewhere.requests == []


@pytest.fixture
def _hostile_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password eve\n")
    for name, value in {
        "HOME": str(tmp_path), "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "sk-eve",
        "TOGETHER_BASE_URL": "http://127.0.0.1:1", "TOGETHER_API_KEY": "eve", "OPENAI_ORG_ID": "org-eve",
        "OPENAI_PROJECT_ID": "proj-eve", "OPENAI_CUSTOM_HEADERS": "x-eve: eve", "TOGETHER_CUSTOM_HEADERS": "x-eve: eve",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_hostile_environment")
@pytest.mark.parametrize("name", ["together", "openai", "huggingface"])
def test_the_environment_neither_redirects_a_request_nor_adds_to_it(upstream: LoopbackProvider, name: str) -> None:
    assert Ask(pointed_at(upstream, PROVIDERS[name]), False)().finish.finish_reason == "stop"
    headers = upstream.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "eve" not in str(headers)


def test_an_open_endpoint_gets_no_made_up_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-eve")
    with LoopbackProvider() as upstream:
        Ask(pointed_at(upstream, PROVIDERS["hf_endpoint"], key=""), False)()
        assert "authorization" not in upstream.requests[0].headers


@pytest.mark.parametrize("key", ["sk-…", "sk one", "sk\nx-evil: 1"])
def test_a_key_that_cannot_be_sent_is_not_tried(upstream: LoopbackProvider, key: str) -> None:
    provider = pointed_at(upstream, PROVIDERS["openai"], key=key)
    assert provider.readiness().state == "not_configured"
    assert key not in provider.readiness().reason
    with pytest.raises(FunzaError) as caught:
        list(provider.answer(request_for("openai"), MODEL, Cancel()))
    assert key not in str(caught.value)
    assert upstream.requests == []


def test_words_that_are_not_unicode_are_refused_and_not_quoted(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    error = Ask(sdk_provider, False)(messages=(Message("user", f"{WORDS} \ud800"),)).failed_with(Refused)
    assert WORDS not in repr(vars(error))
    assert error.__context__ is None
    assert upstream.requests == []


def test_a_gzip_that_was_not_asked_for_is_an_error_and_no_crash(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    upstream.will(Status(200, {"content-encoding": "gzip"}, "not gzip"))
    assert Ask(sdk_provider, False)().failed_with(Malformed).ends == "unknown"
