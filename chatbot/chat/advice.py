"""What the danger signs in somebody's words call for, also where no model answers them, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.knowledge.language import detect_language
from chatbot.providers.interface import Message
from chatbot.safety.levels import NO_SIGNS, Triage
from chatbot.safety.replies import reply_text
from chatbot.safety.talk import triage_of_turns
from config import Settings


@dataclass(frozen=True, slots=True)
class Advice:
    """What was found, and the fixed text for it, in the language of the last words; empty without a sign."""

    triage: Triage
    text: str


def advice_on(turns: Sequence[Message], settings: Settings) -> Advice:
    """Advice on the user turns that nobody has answered yet. Asks nobody, writes nothing down, raises nothing."""
    found = triage_of_messages(turns)
    last = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
    return Advice(found, reply_text(found, detect_language(last), settings.emergency_numbers,
                                    settings.emergency_numbers_verified_on))


def triage_of_messages(messages: Sequence[Message]) -> Triage:
    """What the user turns since the assistant's last say, each in the light of the user turns before it."""
    turns = [one.content for one in messages if one.role == "user"]
    answered = max((at for at, one in enumerate(messages) if one.role == "assistant"), default=-1)
    new = sum(one.role == "user" for one in messages[answered + 1:])
    return triage_of_turns(turns, new) if new else NO_SIGNS
