"""When an endpoint is kept awake: `Mon-Fri 07:30-16:00; Sat 08:00-12:00`, in the installation's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?P<first>[a-z]{3})(?:\s*-\s*(?P<last>[a-z]{3}))?\s+"
                   r"(?P<begin>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class WarmHours:
    """Some days, from a minute of the day to another; an end before the beginning lies on the next day."""

    days: frozenset[int]
    """0 is Monday."""
    begin: time
    end: time

    def hold_at(self, local: datetime) -> bool:
        """Whether it is to be awake at that local time."""
        today, moment = local.weekday(), local.time()
        if self.begin < self.end:
            return today in self.days and self.begin <= moment < self.end
        return (today in self.days and moment >= self.begin) or ((today - 1) % 7 in self.days and moment < self.end)


def parse_warm_hours(text: str) -> tuple[WarmHours, ...]:
    """The hours of IMAGE_ENDPOINT_WARM. Raises ValueError that says how to write them."""
    return tuple(_parsed(part.strip().lower()) for part in text.split(";") if part.strip())


def _parsed(part: str) -> WarmHours:
    match = _FORM.fullmatch(part)
    try:
        if match is None:
            raise ValueError
        first = DAYS.index(match["first"])
        last = DAYS.index(match["last"] or match["first"])
        begin, end = (time.fromisoformat(match[side].zfill(5)) for side in ("begin", "end"))
    except ValueError:
        raise ValueError("write it as Mon-Fri 07:30-16:00; Sat 08:00-12:00") from None
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    return WarmHours(frozenset(days), begin, end)
