"""What triage can say about a message: four levels and the signs that led there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["none", "soon", "urgent", "emergency"]
"""emergency: go now. urgent: be seen today. soon: be seen within days. none: no sign was found."""
LEVELS: tuple[Level, ...] = ("none", "soon", "urgent", "emergency")


@dataclass(frozen=True, slots=True)
class Triage:
    """The outcome for one message. Holds ids only, never the words that matched."""

    level: Level = "none"
    signs: tuple[str, ...] = ()
    """Ids of the danger signs found, gravest first: `heavy-bleeding`, `fits`, ..."""


NO_SIGNS = Triage()
