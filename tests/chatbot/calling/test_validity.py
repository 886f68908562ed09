"""The gate: what of a try's text may be shown, and when an answer is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.calling.validity import JsonGate, TextGate, is_looping
from chatbot.errors import EmptyAnswer, Filtered, Looping, NotText, SchemaBroken, Truncated

SCHEMA = {"type": "object", "properties": {"stem": {"type": "string"}}, "required": ["stem"]}


def test_good_text_passes_whole_and_in_order() -> None:
    gate = TextGate()
    pieces = ["Iron ", "helps to make ", "healthy blood ", "for you both."]
    assert "".join([*(gate.feed(piece) for piece in pieces), gate.end("stop")]) == "".join(pieces)


PROSE = st.text(alphabet="abc .,\n", min_size=25, max_size=200).filter(
    lambda text: bool(text.strip()) and not is_looping(text))


@given(PROSE, st.integers(1, 9))
def test_however_it_is_cut_nothing_is_lost_or_doubled(text: str, size: int) -> None:
    gate = TextGate()
    shown = [gate.feed(text[at:at + size]) for at in range(0, len(text), size)]
    assert "".join([*shown, gate.end("stop")]) == text


def test_a_web_page_is_never_shown_not_even_its_first_letters() -> None:
    gate = TextGate()
    assert [gate.feed(letter) for letter in "  <!DOCTYPE html>"] == [""] * 17
    with pytest.raises(NotText):
        gate.feed("<html><head><title>502 Bad Gateway</title>")


@pytest.mark.parametrize(("text", "reason", "error"), [
    ("", "stop", EmptyAnswer), (" \n ", "stop", EmptyAnswer), ("Half a sen", None, Truncated),
    ("I can not say.", "content_filter", Filtered), ("<html></html>", "stop", NotText),
    ("ha " * 100, "stop", Looping)])
def test_a_worthless_end_has_its_own_error(text: str, reason: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        _whole(text, reason)


def _whole(text: str, reason: str | None) -> None:
    gate = TextGate()
    gate.feed(text)
    gate.end(reason)  # type: ignore[arg-type]


def test_a_long_honest_list_is_no_loop() -> None:
    assert not is_looping("".join(f"{day}. Take one tablet with food on day {day}.\n" for day in range(1, 40)))


@pytest.mark.parametrize("bad", ["not json", '{"stem": 1}', "{}", '{"stem": "cut'])
def test_json_that_breaks_its_schema_is_refused(bad: str) -> None:
    gate = JsonGate(SCHEMA)
    assert gate.feed(bad) == ""
    with pytest.raises(SchemaBroken):
        gate.end("stop")


def test_json_is_shown_only_when_it_is_whole_and_right() -> None:
    gate = JsonGate(SCHEMA)
    assert gate.feed('{"stem": ') + gate.feed('"Why iron?"}') == ""
    assert gate.end("stop") == '{"stem": "Why iron?"}'


def test_json_cut_at_the_token_limit_is_refused_even_when_it_parses() -> None:
    gate = JsonGate(SCHEMA)
    gate.feed('{"stem": "Why?"}')
    with pytest.raises(SchemaBroken):
        gate.end("length")
