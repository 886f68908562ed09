"""Which words of a sentence are denied, in English and Swahili.

A negation denies what follows it in its clause: "tea does not block iron" denies "block iron", not "tea". What stands
before it as far as an "and" or a comma, or behind one that ends no list, may be meant either way. Swahili denies with
the verb itself (haileti, usimpe, isiyo); the forms are those of E. O. Ashton, *Swahili Grammar* (Longmans, 1944).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Polarity = Literal["said", "denied", "either"]
TOKEN = re.compile(r"\d+(?:[.,/]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*|[,;:()]")
NEGATIONS = frozenset("""no not never none nothing nobody without avoid cannot nor neither stop hapana si sio siyo bila
    kamwe hakuna hana hawana hayana haina hazina hauna havina usisahau epuka acha aache""".split())
_NEGATIVE_VERB = re.compile(
    r"^ha(?:i|zi|vi|wa|ya|li|u|tu|m|pa|ku)?(?:ku|ja|ta)\w{3,}$"  # hakuumbika, hayajaota, haitatoa
    r"|^ha(?:i|zi|vi|wa|ya|li|u|tu|m|pa|ku)?\w{2,}i$"  # hauleti, hawezi, haikukingi
    r"|^(?:u|m|wa|a|i|ya|zi|tu|ni|li|ki|vi|pa)si\w{2,}e$"  # usimpe, asipewe
    r"|^\w{1,2}si(?:po|yo|ye|zo|cho|vyo|lo)\w*$"  # usipoijua, isiyo, yasiyo
    r"|^si(?:na|wezi|jui|taki)$")
_NOT_NEGATIVE = frozenset("hali hatari hadi habari hai haki hadithi halisi hospitali hamsini hatimaye hasi".split())
_BREAKS = frozenset("; : ( ) but so because although while lakini ingawa".split())
_LIST_GOES_ON = frozenset("or nor au wala".split())


def is_negation(word: str) -> bool:
    """Whether a lower-case word denies.

    >>> [is_negation(word) for word in ("not", "don't", "usimpe", "haileti", "usiku", "hatari", "asidi")]
    [True, True, True, True, False, False, False]
    """
    if word in NEGATIONS or word.endswith("n't"):
        return True
    return word not in _NOT_NEGATIVE and _NEGATIVE_VERB.match(word) is not None


def read_polarity(text: str) -> list[tuple[str, Polarity]]:
    """The lower-case words of one sentence with their polarity, in order; `not`, `bila` and their like are left out."""
    tokens = TOKEN.findall(text.casefold().replace("’", "'"))
    clauses: list[list[str]] = [[]]
    for place, word in enumerate(tokens):
        follows = tokens[place + 1] if place + 1 < len(tokens) else ""
        if word in _BREAKS or (word == "kwa" and follows in ("hivyo", "sababu")):
            clauses.append([])
        else:
            clauses[-1].append(word)
    return [one for clause in clauses for one in _clause(clause)]


def _clause(tokens: Sequence[str]) -> list[tuple[str, Polarity]]:
    if not any(map(is_negation, tokens)):
        return [(word, "said") for word in tokens if word != ","]
    first = next(place for place, word in enumerate(tokens) if is_negation(word))
    joined = max((place for place in range(first) if tokens[place] in (",", "and", "na")), default=0)
    read: list[tuple[str, Polarity]] = [(word, "said") for word in tokens[:joined] if word != ","]
    tokens = tokens[joined:]
    now: Polarity = "either"
    for place, word in enumerate(tokens):
        if word == ",":
            now = now if _LIST_GOES_ON & set(tokens[place:]) else "either"
        elif word in ("and", "na"):
            now = "either"
        elif is_negation(word):
            now = "said" if now == "denied" else "denied"
            if word not in NEGATIONS and not word.endswith("n't"):
                read.append((word, now))
        else:
            read.append((word, now))
    return read
