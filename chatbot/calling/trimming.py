"""Shortens a conversation that does not fit a model, by one rule: the oldest turns go first.

The system turn and the last question always stay. With the model's limit known, turns go until the rest fits; without
it, the older half goes. What stays begins with a turn of the user, as chat templates want it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chatbot.providers.interface import ChatRequest, Message

TURN = 4
"""Tokens that a chat template adds to a turn, about."""


def trimmed(request: ChatRequest, limit: int | None, count: Callable[[str], int]) -> ChatRequest | None:
    """The same request with fewer turns, or None when there is nothing to leave out or the rest cannot fit.

    Args:
        request: what did not fit.
        limit: tokens of prompt and answer together, or None when nobody knows.
        count: tokens of a text.
    """
    first = next((index for index, turn in enumerate(request.messages) if turn.role != "system"), 0)
    head, middle, last = request.messages[:first], request.messages[first:-1], request.messages[-1:]
    if not middle:
        return None
    room = None if limit is None else limit - request.max_tokens - _tokens(head + last, count)
    kept = _newer_half(middle) if room is None else _newest_that_fit(middle, room, count)
    if (room is not None and room < 0) or len(kept) == len(middle):
        return None
    return replace(request, messages=head + kept + last)


def _newer_half(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    return _from_a_question(turns[(len(turns) + 1) // 2:])


def _newest_that_fit(turns: tuple[Message, ...], room: int, count: Callable[[str], int]) -> tuple[Message, ...]:
    while turns and _tokens(turns, count) > room:
        turns = _from_a_question(turns[1:])
    return turns


def _from_a_question(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    start = next((index for index, turn in enumerate(turns) if turn.role == "user"), len(turns))
    return turns[start:]


def _tokens(turns: tuple[Message, ...], count: Callable[[str], int]) -> int:
    return sum(count(turn.content) + TURN for turn in turns)
