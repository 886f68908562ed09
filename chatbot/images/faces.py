"""Pictures with people on them stay on this machine; who says that there are none.

There is no face detector here, on purpose. The light ones (OpenCV's Haar cascades, some 60 MB of wheel) miss faces from
the side, behind a cloth or in poor light, and dark faces more often than light ones (Buolamwini and Gebru, Gender
Shades, 2018): they would let through just the pictures that this rule is for. "No face found" is no leave to send a
mother's photo to a stranger.

So a person answers for it: `people=none` means that no real person can be seen (nobody, or only drawn figures), and the
picture may then go wherever CLOUD_POLICY lets words go. Said otherwise, or not said, it may show people.
"""

from __future__ import annotations

from typing import Literal

from chatbot.privacy.permit import PICTURES_STAY

People = Literal["none", "some", "unknown"]

SET_UP = ("Set ALT_TEXT_MODEL to a model that sees (a GPU is needed), or ALT_TEXT_BASE_URL to a server of yours; or, "
          "for pictures without people, set the key of a provider that sees (OPENAI_API_KEY, GEMINI_API_KEY).")
DECLARE = ("If no real person can be seen on it (nobody, or only drawn figures), send people=none. Otherwise set "
           "ALT_TEXT_MODEL (a GPU is needed) or ALT_TEXT_BASE_URL, or write the alt text yourself.")


def may_leave(people: People) -> bool:
    """Whether somebody answered for it that the picture shows no real person."""
    return people == "none"


def why_it_stays(people: People) -> str:
    """Why a picture may not leave this machine; empty when it may."""
    return "" if may_leave(people) else PICTURES_STAY
