"""General text: which turns are looked at for danger signs, and what an emergency gets when nobody answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.calling.completion import CompletionDone, Started, TextDelta
from chatbot.chat.advice import triage_of_messages
from chatbot.chat.general import General, Sampling
from chatbot.errors import NoProvider, Unreachable
from chatbot.providers.interface import Message
from tests.house import call_rows, make_calls
from tests.scripted import Scripted, answer

FITS = Message("user", "I am pregnant and having fits")
THANKS, ANSWERED, SYSTEM = Message("user", "thank you"), Message("assistant", "Go now."), Message("system", "Be kind.")


@pytest.mark.parametrize(("messages", "level"), [
    ([FITS], "emergency"),
    ([SYSTEM, FITS, THANKS], "emergency"),
    ([SYSTEM, FITS, THANKS, THANKS, THANKS, THANKS, THANKS], "emergency"),
    ([FITS, ANSWERED, THANKS], "none"),
    ([THANKS, ANSWERED, FITS], "emergency"),
    ([Message("system", FITS.content), THANKS], "none"),
    ([Message("user", "my face is puffy"), ANSWERED, Message("user", "my head is aching too, 34 weeks")], "emergency"),
    ([], "none"), ([FITS, ANSWERED], "none"),
])
def test_every_user_turn_that_nobody_has_answered_is_looked_at(messages: list[Message], level: str) -> None:
    assert triage_of_messages(messages).level == level


def test_an_emergency_that_no_model_answers_gets_its_fixed_text_and_is_noted(tmp_path: Path) -> None:
    down = Scripted("together", [Unreachable("gone")])
    calls = make_calls(tmp_path, down)
    noted: list[str] = []
    calls.escalate_to(lambda found, call: noted.append(f"{found.level} {call.feature}"))
    done = General(calls).complete((FITS,), "hybrid", Sampling())
    assert (done.provider, done.provenance, done.triage.level, done.fell_back) == (
        "curated", "curated", "emergency", True)
    assert "nearest hospital or health facility now" in done.text
    assert len(down.asked) > 0, "a model is asked first: this is general text"
    assert noted == ["emergency openai"]
    assert [row.triage_level for row in call_rows(calls)] == ["emergency"]


def test_the_same_in_a_stream_has_one_beginning_and_one_end(tmp_path: Path) -> None:
    events = list(General(make_calls(tmp_path)).stream((FITS,), "hybrid", Sampling()))
    assert [type(event) for event in events] == [Started, TextDelta, CompletionDone]
    assert isinstance(events[0], Started)
    assert (events[0].provider, events[0].triage.level) == ("curated", "emergency")


def test_a_model_that_answers_is_not_replaced(tmp_path: Path) -> None:
    done = General(make_calls(tmp_path, Scripted("together", answer("Call for help now.")))).complete(
        (FITS,), "hybrid", Sampling())
    assert (done.text, done.triage.level) == ("Call for help now.", "emergency")


@pytest.mark.parametrize(("message", "sampling"), [
    (THANKS, Sampling()), (Message("user", "i have spotting at 8 weeks"), Sampling()),
    (FITS, Sampling(schema={"type": "object"}))], ids=["none", "urgent", "json"])
def test_any_other_call_that_nobody_answers_fails(tmp_path: Path, message: Message, sampling: Sampling) -> None:
    with pytest.raises(NoProvider):
        General(make_calls(tmp_path)).complete((message,), "hybrid", sampling)
