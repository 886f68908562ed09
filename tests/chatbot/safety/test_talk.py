"""A danger sign told over several turns is found, and a talk raises no alarm that a single message would not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chatbot.safety.levels import LEVELS, Triage
from chatbot.safety.talk import MOST_CHARACTERS, TURNS, merged, triage_in_talk, triage_of_turns
from chatbot.safety.triage import triage
from tests.effort import effort

DEV = Path(__file__).parents[2] / "data" / "safety"
FACE, HEAD = "my face is puffy", "my head is aching too, 34 weeks"


def messages(tier: str) -> list[str]:
    """The dev half's messages of a tier, both languages."""
    tables = [tomllib.loads((DEV / name).read_text())["message"] for name in ("dev_en.toml", "dev_sw.toml")]
    return [one["text"] for table in tables for one in table if one["tier"] == tier]


@pytest.mark.parametrize(("first", "then", "sign"), [
    (FACE, HEAD, "severe-headache"),
    ("I have a headache", "it is so severe since yesterday", "severe-headache"),
    ("naumwa na kichwa", "ni kali sana tangu jana", "severe-headache"),
])
def test_a_sign_told_over_two_turns_is_found_by_their_combination(first: str, then: str, sign: str) -> None:
    assert triage(first).level != "emergency"
    assert triage(then).level != "emergency"
    found = triage_in_talk(then, [first])
    assert found.level == "emergency"
    assert found.signs[0] == sign


def test_what_was_found_once_is_not_found_again_at_every_later_turn() -> None:
    assert triage_in_talk("thank you", [FACE, HEAD]).level == "none"
    assert triage_in_talk("thank you", ["I am bleeding heavily and I am pregnant"]).level == "none"


def test_a_message_that_is_sent_again_gets_the_same_answer_again() -> None:
    assert triage_in_talk(HEAD, [FACE, HEAD]) == triage_in_talk(HEAD, [FACE])


def test_a_talk_never_lowers_what_a_message_says_alone() -> None:
    for message in messages("urgent")[:40]:
        alone = triage(message)
        found = triage_in_talk(message, ["no bleeding, no fever, no headache, i am fine", "nilikuwa natania tu"])
        assert LEVELS.index(found.level) >= LEVELS.index(alone.level)
        assert set(alone.signs) <= set(found.signs)


def test_a_first_message_is_read_as_ever() -> None:
    for message in [*messages("none")[:30], *messages("emergency")[:30]]:
        assert triage_in_talk(message, []) == triage(message)


def test_everyday_talks_raise_hardly_any_alarm_that_their_messages_do_not() -> None:
    calm = [one for one in messages("none") if triage(one).level in ("none", "soon")]
    raised = sum(triage_in_talk(calm[at], [calm[at - 2], calm[at - 1]]).level in ("urgent", "emergency")
                 for at in range(2, len(calm)))
    assert raised <= 0.03 * len(calm), f"{raised} of {len(calm)} talks of unrelated calm messages"


def test_turns_too_far_back_or_too_long_are_left_out() -> None:
    assert triage_in_talk(HEAD, [FACE, *["hello"] * TURNS]).level != "emergency"
    assert triage_in_talk(HEAD, [FACE, "hello " * MOST_CHARACTERS]).level != "emergency"


def test_a_reading_of_the_longest_talk_is_quick() -> None:
    turn = "nina maumivu ya kichwa na tumbo linauma kidogo, "
    earlier = [turn * (MOST_CHARACTERS // TURNS // len(turn))] * TURNS
    message = (turn * 99)[:MOST_CHARACTERS]
    assert effort(lambda: triage_in_talk(message, earlier), 5) < 0.1


def test_every_new_turn_counts_and_the_answered_ones_only_together_with_it() -> None:
    fits = "i am having fits"
    assert triage_of_turns([fits, "hello", "are you there", "hello", "hello", "please"], 6).level == "emergency"
    assert triage_of_turns([fits, "thank you"], 1).level == "none"
    assert triage_of_turns([FACE, HEAD], 1).level == "emergency"
    assert triage_of_turns([FACE, HEAD, "please help"], 3).level == "emergency"


def test_merging_keeps_the_gravest_level_first_and_every_sign_once() -> None:
    found = merged(Triage("soon", ("headache",)), Triage("emergency", ("fits", "headache")), Triage())
    assert found == Triage("emergency", ("fits", "headache"))
    assert merged() == Triage()
