from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatbot.local_model.engines.rows import Stream


class Bytes:
    """A tokenizer whose tokens are bytes, so a letter may need several."""

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        return bytes(token_ids).decode("utf-8", "replace")


def stream(text: str, *stop: str) -> tuple[list[str], bool]:
    written: list[str] = []
    out = Stream(Bytes(), stop, written.append)
    for token in text.encode():
        out.push(token)
        if out.stopped:
            break
    out.flush()
    return [piece for piece in written if piece], out.stopped


def test_a_letter_of_several_tokens_comes_whole() -> None:
    assert stream("mtoto wa ñandú 👶 ok")[0] == [*"mtoto wa ñandú 👶 ok"]


def test_a_stop_string_never_shows_even_in_part() -> None:
    written, stopped = stream("The answer.\nQuestion: more", "\nQuestion:")
    assert ("".join(written), stopped) == ("The answer.", True)


def test_the_beginning_of_a_stop_string_that_is_none_is_shown() -> None:
    written, stopped = stream("One\nQuiet day", "\nQuestion:")
    assert ("".join(written), stopped) == ("One\nQuiet day", False)


@pytest.mark.parametrize("ending", ["\nQuest", "\n"])
def test_what_was_held_back_comes_at_the_end(ending: str) -> None:
    assert "".join(stream("One" + ending, "\nQuestion:")[0]) == "One" + ending
