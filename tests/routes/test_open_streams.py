"""One principal may hold only so many streams open (B65)."""

from __future__ import annotations

import pytest

from routes.errors import status_of
from routes.open_streams import OpenStreams, TooManyStreams


def test_the_fourth_stream_of_three_is_refused_with_429_and_others_are_not() -> None:
    streams = OpenStreams()
    for _ in range(3):
        streams.enter("amina", 3)
    with pytest.raises(TooManyStreams):
        streams.enter("amina", 3)
    streams.enter("wanjiru", 3)
    assert status_of(TooManyStreams) == 429


def test_an_ended_stream_makes_room() -> None:
    streams = OpenStreams()
    streams.enter("amina", 1)
    streams.leave("amina")
    streams.enter("amina", 1)


def test_zero_is_no_limit() -> None:
    streams = OpenStreams()
    for _ in range(50):
        streams.enter("owner", 0)
