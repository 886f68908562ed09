"""The root of a Swahili word, so that its forms are found together: kidonge and vidonge, ninanyonyesha and kunyonyesha.

SQLite has no Swahili stemmer, so affixes are peeled by rule, in the order of the slots of the Swahili verb
(subject, tense, object, stem, derivation, final vowel; the noun-class prefixes share the first slot) as laid out in
E. O. Ashton, *Swahili Grammar* (Longmans, 1944). A root need not be right, only the same for the forms of one word.
"""

from __future__ import annotations

import re

_SUBJECT = re.compile(
    r"^(?:(?:ha)?(?:ni|tu|wa|ya|ki|vi|zi|li|pa|ku|mu|mi|ma|si|hu|ch(?=a)|vy(?=a)|mw|[mauiw](?=[^aeiou]))|ha)"
)
_TENSE = re.compile(
    r"^(?:nge|ngali|takapo|(?:na|li)(?:po|ye|yo|cho|vyo|zo|lo|ko|mo)|sipo|na|li|ta|me|ki|ka|ja|ku|to|si)"
)
_OBJECT = re.compile(r"^(?:ni|ku|mw|tu|wa|ya|ki|vi|zi|li|ji|m(?=[^aeiouw]))")
_OBJECT_WITHOUT_TENSE = re.compile(r"^(?:mw|ji|m(?=[^aeiouw]))")
_FINAL_VOWEL = re.compile(r"[aei](?:je|ni)?$")
_PASSIVE = re.compile(r"w$")
_DERIVED = re.compile(r"(?:l?[ei]w|[ei]k|[ei]shw?|[ei]zw?|zw?)$")
"""Passive, stative and causative endings once the final vowel is gone: pasuliw-, ongezek-, nyonyesh-, punguz-."""


def swahili_root(word: str) -> str:
    """What is left of a Swahili word without its prefixes and final vowel; the word itself when it is too short.

    >>> swahili_root("vidonge") == swahili_root("kidonge"), swahili_root("ninanyonyesha") == swahili_root("kunyonyeshe")
    (True, True)
    """
    root = _peel(_SUBJECT, word)
    after_tense = _peel(_TENSE, root)
    root = _peel(_OBJECT if after_tense != root else _OBJECT_WITHOUT_TENSE, after_tense)
    root = _peel(_FINAL_VOWEL, root, leaving=3)
    while (shorter := _peel(_DERIVED, root)) != root:
        root = shorter
    return _peel(_PASSIVE, root, leaving=3)


def _peel(affix: re.Pattern[str], word: str, leaving: int = 4) -> str:
    shorter = affix.sub("", word, count=1)
    return shorter if len(shorter) >= leaving else word
