"""What the danger signs in somebody's words call for, also where nothing answers them: a request that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.chat.general import triage_of_messages
from chatbot.knowledge.language import detect_language
from chatbot.providers.interface import Message
from chatbot.safety.levels import Triage
from chatbot.safety.replies import reply_text
from config import Settings


@dataclass(frozen=True, slots=True)
class Advice:
    """What was found, and the fixed text for it, in the language of the words; empty without a sign."""

    triage: Triage
    text: str


def advice_on(turns: Sequence[Message], settings: Settings) -> Advice:
    """Advice on the user turns that nobody has answered yet. Asks nobody, writes nothing down, raises nothing."""
    found = triage_of_messages(turns)
    said = " ".join(turn.content for turn in turns if turn.role == "user")
    return Advice(found, reply_text(found, detect_language(said), settings.emergency_numbers,
                                    settings.emergency_numbers_verified_on))
