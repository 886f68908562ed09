"""English or Swahili? A word list and the shape of words; no model, no download, microseconds.

The lists are the function words that open any frequency list of the two languages, plus what Kenyan mothers write most,
chosen by hand for this project. A word on neither list votes by its shape: Swahili syllables are open, so its words end
in a vowel and have few consonant clusters; most English words break that rule.
"""

from __future__ import annotations

import re

from chatbot.knowledge.cards import Language
from chatbot.knowledge.words import words_of

_ENGLISH = frozenset(
    """
    a about after again all also am an and any are area as ask at baby bad be because been before birth blood breast
    but by can cannot could day delivery did do doctor does don't during eat era every feel fever few first food for
    from get give go going good had has have headache hello her hi him his hospital how i i'm idea if in into is it
    it's its just know labor labour make many me menu milk month months more my need no normal not now of often on
    or our out pain please pregnancy pregnant safe she should sick so some still stop take tell than thank thanks
    that the their them then there these they thing this time to too up us use vaccine very via was water we week
    weeks went were what when where which while who why will with without would year you your
    """.split()
)
_SWAHILI = frozenset(
    """
    ama asante au baada bado basi bila chakula chanjo chupa daktari dalili damu dawa gani habari hadi hakuna hali
    hapa hapana hata haya hii hili hiyo homa hospitali hospitalini huyu ikiwa ile ili ipi ja jambo je jinsi juu
    kabla kama karibu kati kichwa kila kitovu kliniki kuhusu kujifungua kuna kunyonyesha kutoka kuwa kwa kwamba
    kwangu kwani kwanza kweli kwenda kwenye la lakini leba leo lini lishe maji malengelenge mama maumivu maziwa
    mbaya mbona mchana miezi mimba mimi mjamzito mkunga moja mtoto mume mwezi mwili na naam nani naomba nataka
    naweza ndani ndio ndiyo ni nifanye nikiwa niko nina ninaweza nini nyonyesha nzuri pamoja pia pole sana sasa
    shida si sijui siku sina sio tafadhali tangu titi tu tumbo uchungu ujauzito uke unaweza upi usiku vidonge vipi
    wa wakati wako wangu wapi watoto wewe wiki ya yake yako yangu za zaidi zangu zipi ziwa
    """.split()
)
_NEITHER = frozenset("malaria anaemia anemia hiv arv arvs bcg opv kenya nairobi mombasa kisumu polio ok okay".split())
_SWAHILI_SHAPE = re.compile(
    r"^(?:m(?=[^aeiou]))?(?:(?:ng'|[mn]?(?:sh|ch|th|dh|gh|kh|ny|ng|[bdfghjklmnprstvwyz])[wy]?)?[aeiou])+$"
)
_LISTED, _SHAPED = 2, 1
"""Votes of a word on a list, and of one judged by its shape."""


def detect_language(text: str) -> Language:
    """The language most words of `text` speak; English when it cannot be told, and when the two are even."""
    return "sw" if sum(_vote(word) for word in words_of(text)) > 0 else "en"


def _vote(word: str) -> int:
    """Above zero for Swahili, below for English."""
    if word in _NEITHER or word.isdigit():
        return 0
    if (word in _ENGLISH) != (word in _SWAHILI):
        return _LISTED if word in _SWAHILI else -_LISTED
    if not _SWAHILI_SHAPE.match(word):
        return -_SHAPED
    return 0 if word.endswith("e") or len(word) < 4 else _SHAPED
