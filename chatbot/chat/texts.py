"""The fixed sentences of the chat, in English and Swahili (the Swahili awaits native review)."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "sw"]

NOT_IN_SOURCES: dict[Language, str] = {
    "en": "This is not in my sources, so I will not guess. Please ask at your clinic. "
          "I can answer questions about planning a pregnancy, pregnancy, birth, and caring for yourself and your baby.",
    "sw": "Jambo hili halimo katika vyanzo vyangu, kwa hivyo sitakisia. Tafadhali uliza kwenye kliniki yako. "
          "Ninaweza kujibu maswali kuhusu kupanga mimba, ujauzito, kujifungua, na kujitunza pamoja na mtoto wako.",
}
"""Said when no card fits the question."""
ASK_BACK: dict[Language, str] = {
    "en": "Thank you for writing. What would you like to know? You can ask, for example:",
    "sw": "Asante kwa kuandika. Ungependa kujua nini? Unaweza kuuliza, kwa mfano:",
}
"""Said to a message that asks nothing yet."""
