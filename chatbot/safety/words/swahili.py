"""Swahili and Sheng verbs, taken apart: `sijatokwa` is si-ja-tokwa, a negated `tokwa`; `hamove` is a negated `move`.

A verb is written as [subject][tense][object]root + ending, and its negation sits in the subject
(si-, ha-, hau-, hai-, hawa-, ...). The lexicon lists roots (`root/tapik`), not conjugations. English verbs take
the same prefixes in code-mixed speech (`nableed`, `amefaint`, `hakick`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OBJECT = r"(?:ni|ki|mw|m|ku|wa|li|zi|ya|vi|u|i|ji)?"
_AFFIRMED = re.compile(
    r"(?=[nuatmwilyzkvph])(?:ni|n|u|a|tu|m|wa|i|li|ya|zi|ki|vi|ku|pa|mw)?"
    r"(?:na|me|li|ta|nge|ngeli|ki|ka|mesha|meku|hu|a)?(?:po|yo|cho|lo|zo|vyo|ye|o)?" + _OBJECT)
_DENIED = re.compile(
    r"(?:si|ha|c|kuto|hatu|ham|hau|hai|hali|haya|hazi|haki|havi|haku|hawa|hapa)(?:ja|ku|ta|na|nge|wezi|ji)?" + _OBJECT)
_ENDINGS = re.compile(r"(?:w|lew|liw|ew|iw|ish|esh|ik|ek|an|i|e|z|li|le)?(?:a|i|e|ni|wa|ka)?(?:ga|ni|je)?")

_CONJUGATED = re.compile(
    r"(?:ni|na|a|u|i|zi|ya|li|ki|tu|wa|ha|si)(?:na|me|li|ta|ka|ki|ja|ku|nge)[a-z]{2,}a?$|nina|naku|kuji")
LONGEST_PREFIX = 9


def splits(token: str) -> Iterator[tuple[str, bool]]:
    """Each way to cut a verb prefix off: (what remains, whether the prefix negates). Longest remainder first."""
    for cut in range(1, min(LONGEST_PREFIX, len(token) - 1)):
        prefix = token[:cut]
        if _DENIED.fullmatch(prefix):
            yield token[cut:], True
        elif _AFFIRMED.fullmatch(prefix):
            yield token[cut:], False


def is_ending(tail: str) -> bool:
    """Whether `tail` can follow a verb root: -a, -i, -e, passives, causatives."""
    return _ENDINGS.fullmatch(tail) is not None


def is_conjugated(word: str) -> bool:
    """Whether a word looks like a verb with its subject and tense: `anakufa`, `nimeanguka`."""
    return _CONJUGATED.match(word) is not None
