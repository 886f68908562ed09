"""A conversation that does not fit loses its oldest turns, never its system turn or its last question."""

from __future__ import annotations

import pytest

from chatbot.calling.trimming import TURN, trimmed
from chatbot.providers.interface import ChatRequest, Message


def talk(turns: int, system: bool = True) -> ChatRequest:
    """A conversation in which each text is one token of the counter below."""
    said = [Message("user" if index % 2 == 0 else "assistant", f"t{index}") for index in range(turns)]
    head = [Message("system", "s")] if system else []
    return ChatRequest((*head, *said, Message("user", "last")), max_tokens=10)


def words(text: str) -> int:
    return len(text.split())


def texts(request: ChatRequest | None) -> list[str]:
    assert request is not None
    return [turn.content for turn in request.messages]


def test_without_a_known_limit_the_older_half_goes() -> None:
    assert texts(trimmed(talk(8), None, words)) == ["s", "t4", "t5", "t6", "t7", "last"]


def test_what_stays_begins_with_a_question() -> None:
    assert texts(trimmed(talk(6), None, words)) == ["s", "t4", "t5", "last"]


def test_with_a_known_limit_as_much_stays_as_fits() -> None:
    room = 10 + 4 * (1 + TURN)  # the answer, the system turn, the question, and two turns
    assert texts(trimmed(talk(8), room, words)) == ["s", "t6", "t7", "last"]


def test_a_conversation_without_a_system_turn_is_trimmed_too() -> None:
    assert texts(trimmed(talk(2, system=False), None, words)) == ["last"]


@pytest.mark.parametrize(("turns", "limit"), [(0, None), (0, 5), (4, 11), (4, 10_000)],
                         ids=["one question", "a long one", "the question alone is too long", "it would fit"])
def test_where_leaving_turns_out_is_no_help_nothing_is_changed(turns: int, limit: int | None) -> None:
    assert trimmed(talk(turns), limit, words) is None
