"""An amount of medicine that the source does not give: the flaw that can hurt somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.quizzes.lint.quantities import Found, quantities, unknown
from chatbot.quizzes.lint.rule import Flaw, Judged
from chatbot.quizzes.numerals import in_digits

_TAKING = re.compile(r"\b(?:take|give|swallow|inject|meza|kimeze|vimeze|mpe|kunywa|tumia)\b", re.IGNORECASE)


def dose_not_in_source(judged: Judged) -> Iterator[Flaw]:
    """In the stem, the key and the rationale. A distractor is wrong on purpose; its rationale may repeat its amount."""
    if not judged.evidence.strip():
        return
    source = f"{judged.evidence}\n{judged.item.evidence.quote}"
    for field, text, excused in _places(judged):
        known = frozenset(found.quantity for found in quantities(excused))
        strange = [found.words for found in unknown(text, source)
                   if _is_dose(found, text) and found.quantity not in known and not _is_denied(found, text)]
        if strange:
            yield Flaw(field, ", ".join(strange))


def _places(judged: Judged) -> Iterator[tuple[str, str, str]]:
    """Field, text, and the option whose amounts it may repeat though the source does not give them."""
    yield "stem", judged.item.stem, ""
    if judged.place is not None:
        yield f"options.{judged.place}", judged.key, ""
    for place, text in enumerate(judged.item.rationale):
        is_wrong = place != judged.place and place < len(judged.item.options)
        yield f"rationale.{place}", text, judged.item.options[place] if is_wrong else ""


def _is_denied(found: Found, text: str) -> bool:
    """`It is 60 mg, not 20 mg` names a distractor's amount to turn it down."""
    return re.search(rf"\b(?:not|si|sio|siyo|rather than|instead of|badala ya) {re.escape(found.words)}",
                     in_digits(text)) is not None


def _is_dose(found: Found, text: str) -> bool:
    """Amounts of medicine and how often. `Daily` alone is a frequency only where something is to be taken."""
    if found.bare_period:
        return _TAKING.search(text) is not None or any(other.quantity.is_dose for other in quantities(text))
    if found.quantity.is_rate:
        return True
    return found.quantity.is_dose
