"""Every failure of the fault table, at every cloud of the index, streamed and not: each becomes one of our errors."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from chatbot.errors import (
    BadKey,
    ColdStart,
    ContextTooLong,
    Filtered,
    FunzaError,
    Malformed,
    ModelRetired,
    NotText,
    OutOfCredit,
    ProviderError,
    RateLimited,
    Redirected,
    Refused,
    ServerFailed,
    TimedOut,
    UnknownHost,
    Unreachable,
)
from chatbot.providers import PROVIDERS
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.failures import from_status
from chatbot.providers.patience import CONNECT_LIMIT, MAX_ANSWER_BYTES
from chatbot.providers.retry_after import retry_after
from tests.chatbot.providers.asking import MODEL, Ask, pointed_at
from tests.loopback import (
    Answer,
    Behaviour,
    Body,
    Hang,
    LoopbackProvider,
    Reset,
    Status,
    Stream,
    redirect,
    retired_model,
    wire,
)


def said(code: object = None, message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, **more}}


TGI_TOO_LONG = {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.",
                "error_type": "validation"}
GEMINI_KEY = [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                         "status": "INVALID_ARGUMENT"}}]
GEMINI_RATE = [{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}]

FAILURES: dict[str, tuple[Behaviour, type[FunzaError], str]] = {
    "F01 429": (Status(429, {"retry-after": "2"}), RateLimited, "released"),
    "F01 429 of Gemini, in a list": (Status(429, body=GEMINI_RATE), RateLimited, "released"),
    "F01 429 for tokens": (Status(429, body=said(message="too many tokens a minute")), RateLimited, "released"),
    "F03 429 insufficient_quota": (Status(429, body=said("insufficient_quota")), OutOfCredit, "released"),
    "F03 400 billing limit": (Status(400, body=said("billing_hard_limit_reached")), OutOfCredit, "released"),
    "F03 402": (Status(402), OutOfCredit, "released"),
    "F04 500": (Status(500), ServerFailed, "released"),
    "F04 502 with HTML": (Status(502, {"content-type": "text/html"}, "<h1>Bad gateway</h1>"), ServerFailed, "released"),
    "F04 503": (Status(503), ServerFailed, "released"),
    "F04 529": (Status(529), ServerFailed, "released"),
    "F04 504": (Status(504), ServerFailed, "unknown"),
    "F04 520": (Status(520), ServerFailed, "unknown"),
    "F04 524": (Status(524), ServerFailed, "unknown"),
    "F05 reset after the request": (Reset(), ServerFailed, "unknown"),
    "F08 redirect": (redirect("http://127.0.0.1:1/v1/chat/completions"), Redirected, "released"),
    "F14 half a JSON": (Body(b'{"choices": ['), Malformed, "unknown"),
    "F14 no JSON": (Body(b"Yes."), Malformed, "unknown"),
    "F14 JSON of another shape": (Body(b'["a", "b"]'), Malformed, "unknown"),
    "F14 brackets without end": (Body(b"[" * 200_000), Malformed, "unknown"),
    "F14 not UTF-8": (Body(b'{"choices": "\xff\xfe"}'), Malformed, "unknown"),
    "F16 a captive portal": (Body(b"<html>Sign in</html>", "text/html; charset=utf-8"), NotText, "released"),
    "F16 plain text": (Body(b"upstream connect error", "text/plain"), NotText, "released"),
    "F17 rate limit in a 200": (Body(b'{"error": {"code": "rate_limit_exceeded"}}'), RateLimited, "released"),
    "F17 key in a 200": (Body(b'{"error": {"code": 401, "message": "no"}}'), BadKey, "released"),
    "F17 unnamed in a 200": (Body(b'{"error": "something"}'), ServerFailed, "unknown"),
    "F17 list in a 200": (Body(b'[{"error": {"code": 503, "status": "UNAVAILABLE"}}]'), ServerFailed, "unknown"),
    "F22 OpenAI": (Status(400, body=said("context_length_exceeded")), ContextTooLong, ""),
    "F22 Together, a 403": (Status(403, body=said(message="Input token count + max_tokens must be ...")),
                            ContextTooLong, ""),
    "F22 text-generation-inference, a 422": (Status(422, body=TGI_TOO_LONG), ContextTooLong, ""),
    "F22 413": (Status(413, body="too large"), ContextTooLong, ""),
    "F23 filter": (Status(400, body=said("content_filter")), Filtered, "released"),
    "F24 401": (Status(401), BadKey, "released"),
    "F24 403": (Status(403), BadKey, "released"),
    "F24 Gemini, a 400": (Status(400, body=GEMINI_KEY), BadKey, "released"),
    "F25 404": (Status(404), ModelRetired, "released"),
    "F25 410": (Status(410), ModelRetired, "released"),
    "F25 Together, a 400": (retired_model(), ModelRetired, "released"),
    "F25 router, a 400": (Status(400, body=said("model_not_supported")), ModelRetired, "released"),
    "400": (Status(400, body=said("invalid_request_error", "temperature must be below 2")), Refused, "released"),
    "408": (Status(408), TimedOut, "unknown"),
    "409": (Status(409), Refused, "released"),
    "422": (Status(422, body=said(message="bad field")), Refused, "released"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_becomes_one_of_ours(ask: Ask, upstream: LoopbackProvider, name: str) -> None:
    behaviour, kind, ends = FAILURES[name]
    if name == "F04 503" and ask.provider.row.sleeps:
        kind = ColdStart  # F26
    upstream.will(behaviour)
    outcome = ask()
    error = outcome.failed_with(kind)
    assert outcome.pieces == []
    assert getattr(error, "ends", "") == ends
    assert len(upstream.requests) == 1, "an adapter makes one try"


def test_a_body_cut_short_of_its_length_is_a_broken_connection(ask: Ask, upstream: LoopbackProvider) -> None:
    upstream.will(Body(b'{"choices": [{"index": 0', cut=True))
    assert ask().failed_with(ServerFailed).ends == "unknown"


def test_a_hang_before_the_headers_ends_at_the_first_token_limit(ask: Ask, upstream: LoopbackProvider) -> None:
    upstream.will(Hang())
    outcome = ask(first_token_timeout=0.3, idle_timeout=30.0)
    assert outcome.failed_with(TimedOut).ends == "unknown"
    assert 0.3 <= outcome.seconds < 10.0


def test_a_hang_after_the_headers_ends_at_the_first_token_limit(ask: Ask, upstream: LoopbackProvider) -> None:
    upstream.will(Hang(after_headers=True))
    outcome = ask(first_token_timeout=0.3, idle_timeout=30.0)
    outcome.failed_with(TimedOut)
    assert outcome.seconds < 10.0


def test_dripping_comments_do_not_buy_time(ask: Ask, upstream: LoopbackProvider) -> None:
    upstream.will(Stream((b":", 0.05), repeat_forever=True))
    outcome = ask(first_token_timeout=0.4, idle_timeout=30.0)
    outcome.failed_with(TimedOut)
    assert outcome.seconds < 10.0


def test_a_refused_connection_is_unreachable_before_any_limit(provider: ChatCompletionsProvider, stream: bool) -> None:
    with LoopbackProvider() as gone:
        target = pointed_at(gone, provider.row)
    outcome = Ask(target, stream)()
    assert outcome.failed_with(Unreachable).ends == "released"
    assert outcome.seconds < CONNECT_LIMIT


@pytest.mark.parametrize("row", ["together", "openai"])
@pytest.mark.parametrize("address", ["http://no-such-host.invalid", "https://no-such-host.invalid"])
def test_a_name_that_does_not_resolve_is_unreachable_in_time(row: str, address: str) -> None:
    provider = ChatCompletionsProvider(PROVIDERS[row], key="k", base_url=address, models=(MODEL,))
    outcome = Ask(provider, False)(first_token_timeout=30.0)
    assert outcome.failed_with(UnknownHost).ends == "released"
    assert outcome.seconds < 15.0


@pytest.mark.parametrize("row", ["together", "openai"])
def test_a_resolver_that_hangs_is_left_after_its_own_limit(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: woken.wait(20))  # the system's resolver, gone silent
    provider = ChatCompletionsProvider(PROVIDERS[row], key="k", base_url="http://some-host.invalid", models=(MODEL,))
    outcome = Ask(provider, False)(first_token_timeout=30.0)
    woken.set()
    assert outcome.failed_with(Unreachable).ends == "released"
    assert CONNECT_LIMIT - 0.2 < outcome.seconds < 15.0


def test_an_answer_that_never_stops_is_cut(sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    chunk = wire.event(wire.chunk("m", "x", {"content": "la " * 30_000}))
    upstream.will(Stream((chunk,), repeat_forever=True))
    outcome = Ask(sdk_provider, True)()
    assert outcome.finish.finish_reason is None
    assert 0 < len(outcome.text) < MAX_ANSWER_BYTES


def test_an_error_page_that_never_stops_is_cut(ask: Ask, upstream: LoopbackProvider) -> None:
    upstream.will(Status(500, body="x" * (MAX_ANSWER_BYTES + 1)))
    ask().failed_with(ServerFailed)


class TestInTheMiddleOfAStream:
    """After the first words: the text stays, and what went wrong is still said."""

    @pytest.mark.parametrize("abort", [False, True], ids=["silently", "visibly"])
    def test_a_cut_stream_keeps_its_text_and_has_no_finish_reason(
            self, sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider, abort: bool) -> None:
        upstream.will(Answer("one two three four", cut_after=3, abort=abort))
        outcome = Ask(sdk_provider, True)()
        assert outcome.text == "one two three"
        assert outcome.finish.finish_reason is None

    def test_a_stream_cut_silently_before_its_first_word_has_no_finish_reason(
            self, sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two", cut_after=0))
        outcome = Ask(sdk_provider, True)()
        assert (outcome.text, outcome.finish.finish_reason) == ("", None)

    def test_a_stream_reset_before_its_first_word_failed(
            self, sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two", cut_after=0, abort=True))
        assert Ask(sdk_provider, True)().failed_with(ServerFailed).ends == "unknown"

    def test_a_stream_that_falls_silent_times_out_and_its_words_were_given(
            self, sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two three", hang_after=2))
        outcome = Ask(sdk_provider, True)(idle_timeout=0.3)
        assert outcome.failed_with(TimedOut).ends == "unknown"
        assert outcome.text == "one two"
        assert outcome.seconds < 10.0

    def test_slow_but_steady_is_no_hang(self, sdk_provider: ChatCompletionsProvider,
                                        upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two three four", pause=0.6))
        outcome = Ask(sdk_provider, True)(first_token_timeout=2.0, idle_timeout=2.0)
        assert outcome.text == "one two three four"
        assert outcome.seconds > 2.0

    def test_an_error_event_is_the_named_error_and_the_words_may_be_billed(
            self, sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two three", extra_events=(wire.event(said("rate_limit_exceeded")),)))
        outcome = Ask(sdk_provider, True)()
        assert outcome.failed_with(RateLimited).ends == "unknown"
        assert outcome.text == "one two"

    def test_a_broken_event_is_malformed(self, sdk_provider: ChatCompletionsProvider,
                                         upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two three", extra_events=(b'data: {"choices": [\n\n',)))
        assert Ask(sdk_provider, True)().failed_with(Malformed).ends == "unknown"

    def test_a_line_of_two_megabytes_is_malformed(self, sdk_provider: ChatCompletionsProvider,
                                                  upstream: LoopbackProvider) -> None:
        upstream.will(Answer("one two", extra_events=(b"data: " + b"x" * 2_000_000 + b"\n\n",)))
        Ask(sdk_provider, True)().failed_with(Malformed)


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"retry-after": "2"}, 2.0), ({"retry-after": "0"}, 0.0), ({"retry-after": "1.5"}, 1.5),
    ({"retry-after": "9999999"}, 9_999_999.0), ({"retry-after-ms": "250"}, 0.25),
    ({"retry-after-ms": "250", "retry-after": "9"}, 0.25), ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
    ({"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30.0),
    ({"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 0.0),
    ({"retry-after": "-5"}, None), ({"retry-after": "nan"}, None), ({"retry-after": "inf"}, None),
    ({"retry-after": "1e400"}, None), ({"retry-after": "later"}, None), ({"retry-after": ""}, None),
    ({"retry-after": "Sat, 99 Nov 2026 99:99:99 GMT"}, None), ({}, None)])
def test_the_wait_that_a_provider_asks_for_is_read_in_all_its_forms(
        headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, ServerFailed)])
def test_the_wait_arrives_with_the_error(ask: Ask, upstream: LoopbackProvider, status: int,
                                         error: type[FunzaError]) -> None:
    upstream.will(Status(status, {"retry-after-ms": "1500"}))
    asleep = status == 503 and ask.provider.row.sleeps
    failure = ask().failed_with(ColdStart if asleep else error)
    assert (failure.retry_after, failure.status) == (1.5, status)


@pytest.mark.parametrize("body", [None, "", "<html>", [], {}, {"error": None}, {"error": []}, 7, [[]], {"error": 7}])
def test_whatever_the_body_each_status_has_its_error(body: object) -> None:
    for status in range(300, 600):
        error = from_status("Somebody", status, {}, body)
        assert isinstance(error, ContextTooLong if status == 413 else ProviderError), status
        assert getattr(error, "status", status) == status
