"""Emergency numbers go out of date: at start-up the log says so when nobody has called them for half a year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import structlog

CHECK_AFTER_DAYS = 180
log = structlog.get_logger()


def warn_of_old_numbers(numbers: Mapping[str, str], verified_on: date | None, today: date) -> bool:
    """Logs one warning, without the numbers, when they were last verified more than `CHECK_AFTER_DAYS` days ago.

    Returns whether it warned. Without numbers there is nothing to check; numbers without a date are refused by
    `config.py`.
    """
    if not numbers or verified_on is None or (today - verified_on).days <= CHECK_AFTER_DAYS:
        return False
    log.warning("emergency_numbers_old", verified_on=verified_on.isoformat(), days=(today - verified_on).days,
                remedy="call them, then set EMERGENCY_NUMBERS_VERIFIED_ON to today")
    return True
