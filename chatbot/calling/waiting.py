"""Whether the same provider is tried again, after how long, and with what. faults.md 1.1, the retry rule.

Never sleep unless another try at the same target follows; never longer than the deadline leaves.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace

from chatbot.calling.completion import Pulse
from chatbot.calling.health import LONGEST_WAIT, Health
from chatbot.errors import EmptyAnswer, FunzaError, Looping, ModelRetired, ProviderError, SchemaBroken
from chatbot.providers.interface import ChatRequest

WARMER = 0.3
"""Added to the temperature after a worthless answer: the same throw of the dice would give the same answer."""


def wait_before_again(error: FunzaError, tries_here: int, deadline: float, health: Health) -> float | None:
    """Seconds to wait before the same provider is tried again; None to go on to the next one at once.

    Args:
        error: how the last try failed.
        tries_here: tries made at this provider, 1 or more.
        deadline: the moment (`time.monotonic`) when the call must be over.
        health: whose bucket pays for the retry.
    """
    if isinstance(error, ModelRetired):
        return 0.0  # its successor is asked
    if not isinstance(error, ProviderError) or not error.same_again:
        return None
    wait = error.retry_after
    if wait is None:
        wait = random.uniform(0, min(8.0, 0.25 * 2 ** (tries_here - 1)))  # noqa: S311 - jitter, not a secret
    if wait > LONGEST_WAIT or wait >= deadline - time.monotonic():
        return None
    return wait if health.pay_for_retry(error) else None


def asked_again(request: ChatRequest, error: FunzaError) -> ChatRequest:
    """What a second try asks: the same, and after a worthless answer with another temperature and seed.

    Where the answer's judge says what to mend, that is put after the last turn's words: a turn of its own would break
    the chat templates that want user and assistant in turn.
    """
    if not isinstance(error, EmptyAnswer | Looping | SchemaBroken):
        return request
    *before, last = request.messages
    if error.repair:
        last = replace(last, content=f"{last.content}\n\n{error.repair}")
    return replace(request, messages=(*before, last), temperature=min(1.0, request.temperature + WARMER),
                   seed=(request.seed or 0) + 1)


def sleep(seconds: float) -> Iterator[Pulse]:
    """Wait, with a `Pulse` for each whole second."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(1.0, left))
        if left > 1.0:
            yield Pulse()
