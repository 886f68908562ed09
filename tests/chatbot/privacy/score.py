"""Recall of the redaction for each kind, on the planted corpus: `python -m tests.chatbot.privacy.score [--misses]`.

A value counts as found when nothing of it is left; a name or place of several words, when no word of it is. The last
third of the table counts what was redacted in messages that hold nothing.
"""

from __future__ import annotations

import sys
from collections import Counter

from chatbot.privacy.redaction import redact_text
from tests.chatbot.privacy.corpus import Planted, clean, is_gone, parts_left, planted

WORDY = ("name", "place")


def found(message: Planted, kind: str, value: str, redacted: str) -> bool:
    return is_gone(value, redacted) and not (kind in WORDY and any(parts_left(value, redacted)))


def score(*, held_out: bool) -> tuple[dict[str, tuple[int, int]], list[tuple[str, str, str]]]:
    """(found, planted) by kind, and the misses as (kind, value, redacted message)."""
    hits: Counter[str] = Counter()
    of: Counter[str] = Counter()
    misses = []
    for message in planted():
        if message.held_out is not held_out:
            continue
        redacted = redact_text(message.text)
        for kind, value in message.values:
            of[kind] += 1
            if found(message, kind, value, redacted):
                hits[kind] += 1
            else:
                misses.append((kind, value, redacted))
    return {kind: (hits[kind], of[kind]) for kind in sorted(of)}, misses


def false_redactions() -> list[tuple[str, str]]:
    """(message, what became of it) of each clean message that was changed."""
    return [(text, redacted) for _, text in clean() if (redacted := redact_text(text)) != text]


def main(show: bool) -> None:
    (tuned, missed), (held, _) = score(held_out=False), score(held_out=True)
    print(f"{'kind':<12}{'tuned on':>16}{'held out':>16}{'all':>16}")
    for kind in sorted(tuned.keys() | held.keys()):
        rows = [tuned.get(kind, (0, 0)), held.get(kind, (0, 0))]
        rows.append((rows[0][0] + rows[1][0], rows[0][1] + rows[1][1]))
        print(f"{kind:<12}" + "".join(f"{_share(*row):>16}" for row in rows))
    changed = false_redactions()
    print(f"{len(planted())} messages with identifiers; {len(changed)} of {len(clean())} without any were changed")
    if show:
        for kind, value, redacted in missed:
            print(f"missed {kind} {value!r}: {redacted!r}")
        for text, redacted in changed:
            print(f"changed {text!r}: {redacted!r}")


def _share(hits: int, of: int) -> str:
    return f"{hits}/{of} {hits / of:.0%}" if of else "-"


if __name__ == "__main__":
    main("--misses" in sys.argv)
