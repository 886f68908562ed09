"""Server-sent events in every legal form, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.errors import Malformed
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.event_stream import MAX_EVENT_BYTES, event_data
from tests.chatbot.providers.asking import Ask
from tests.loopback import LoopbackProvider, Stream, wire

TEXT = "chuma — 🌿 é"
EVENTS = [wire.event(wire.chunk("m", "x", {"content": TEXT})), wire.event(wire.chunk("m", "x", {}, "stop")), wire.DONE]
LEGAL = {
    "as they come": b"".join(EVENTS),
    "CRLF": b"".join(EVENTS).replace(b"\n", b"\r\n"),
    "CR": b"".join(EVENTS).replace(b"\n", b"\r"),
    "a byte order mark": b"\xef\xbb\xbf" + b"".join(EVENTS),
    "comments": b": hello\n\n" + b": ping\n\n".join(EVENTS),
    "no space after the colon": b"".join(EVENTS).replace(b"data: ", b"data:"),
    "named events, ids and retries": b"".join(b"event: message\nid: 7\nretry: 10\n" + event for event in EVENTS),
    "an unknown field": b"".join(b"colour: blue\nnoise\n" + event for event in EVENTS),
    "data in several lines": EVENTS[0].replace(b', "model"', b',\ndata: "model"') + EVENTS[1] + EVENTS[2],
    "empty events": b"\n\n\nevent: ping\n\n" + b"".join(EVENTS),
}


@pytest.mark.parametrize("form", LEGAL)
@pytest.mark.parametrize("packet", [1, 7, 100_000], ids=lambda size: f"packets of {size}")
def test_every_legal_form_gives_the_same_answer(
        sdk_provider: ChatCompletionsProvider, upstream: LoopbackProvider, form: str, packet: int) -> None:
    raw = LEGAL[form]
    upstream.will(Stream(tuple(raw[at:at + packet] for at in range(0, len(raw), packet))))
    outcome = Ask(sdk_provider, True)()
    assert (outcome.text, outcome.finish.finish_reason) == (TEXT, "stop")


@given(st.sampled_from(sorted(LEGAL)), st.lists(st.integers(0, 900), max_size=12))
def test_where_the_packets_are_cut_makes_no_difference(form: str, cuts: list[int]) -> None:
    raw = LEGAL[form]
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    packets = [raw[start:end] for start, end in pairwise(edges)]
    assert list(event_data(packets)) == list(event_data([raw]))


def test_an_event_that_is_cut_off_is_dropped() -> None:
    assert list(event_data([b"data: one\n\n", b"data: tw"])) == [b"one"]


def test_lines_of_data_are_joined_by_a_line_end() -> None:
    assert list(event_data([b"data: a\ndata\ndata:  b\n\n"])) == [b"a\n\n b"]


@pytest.mark.parametrize("packets", [
    [b"data: " + b"x" * (MAX_EVENT_BYTES + 1)], [b"x" * 600_000] * 2, [b"data: " + b"x" * 400_000 + b"\n"] * 3])
def test_an_event_without_end_is_refused(packets: list[bytes]) -> None:
    with pytest.raises(Malformed):
        list(event_data(packets))
