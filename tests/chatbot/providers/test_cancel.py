"""Cancelling a try from another thread: it must end soon, wherever it is, and let go of the provider."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Cancel, Finish
from tests.chatbot.providers.asking import MODEL, Ask, Outcome, request_for
from tests.loopback import Answer, Behaviour, Hang, LoopbackProvider, Stream

SOON = 0.6
"""Seconds: 0.2 until the cancel, the rest for it to be noticed on a busy machine."""


@pytest.mark.parametrize("behaviour", [
    Hang(), Hang(after_headers=True), Stream((b":", 0.03), repeat_forever=True)],
    ids=["before the headers", "after the headers", "while dripping"])
def test_a_waiting_try_ends_soon_after_its_cancel(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider, behaviour: Behaviour, stream: bool) -> None:
    upstream.always(Answer())
    Ask(sdk_provider, stream)()  # the SDK is imported and the connection open
    upstream.will(behaviour)
    outcome = _cancelled_after(0.2, Ask(sdk_provider, stream))
    assert outcome.pieces == [Finish(None, None, "", outcome.pieces[0].upstream_id)]
    assert outcome.seconds < SOON
    assert upstream.requests[-1].client_left.wait(10), "the provider must see that we left"


def test_a_streaming_try_keeps_the_words_it_had(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    upstream.will(Answer(), Answer("one two three", hang_after=2))
    Ask(sdk_provider, True)()
    outcome = _cancelled_after(0.2, Ask(sdk_provider, True))
    assert outcome.text == "one two"
    assert outcome.finish.finish_reason is None
    assert outcome.seconds < SOON


def test_a_try_cancelled_before_it_began_sends_nothing(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    cancel = Cancel()
    cancel()
    assert Ask(sdk_provider, True)(cancel).pieces == [Finish(None, None)]
    assert upstream.requests == []


def test_a_try_that_nobody_reads_on_lets_go_of_the_provider(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    upstream.will(Answer("one two three", hang_after=2))
    pieces = sdk_provider.answer(request_for(sdk_provider.name, stream=True), MODEL, Cancel())
    next(pieces)
    pieces.close()
    assert upstream.requests[-1].client_left.wait(10)


def test_a_late_cancel_does_not_hurt_the_next_question_on_that_connection(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    first = Cancel()
    Ask(sdk_provider, True)(first)
    upstream.will(Answer("one two three", pause=0.1))
    outcome = _with_timer(0.1, first, lambda: Ask(sdk_provider, True)())
    assert outcome.text == "one two three"
    assert upstream.requests[0].connection == upstream.requests[1].connection


def test_sixteen_threads_share_one_client_and_its_pool(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider) -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(Ask(sdk_provider, True)().text)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(texts) == 16
    assert len(set(texts)) == 1
    assert len({sent.connection for sent in upstream.requests}) <= 16


def _cancelled_after(seconds: float, ask: Ask) -> Outcome:
    cancel = Cancel()
    return _with_timer(seconds, cancel, lambda: ask(cancel, first_token_timeout=20.0, idle_timeout=20.0))


def _with_timer(seconds: float, call: Callable[[], None], work: Callable[[], Outcome]) -> Outcome:
    timer = threading.Timer(seconds, call)
    timer.start()
    try:
        return work()
    finally:
        timer.join()
