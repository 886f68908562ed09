"""Places that narrow down where somebody lives: after `I live in`, `naishi`, `near`, before `estate` and `hospital`.

A country may stay: it tells nothing about a person, and much about malaria.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.reading import Found, Reading, Token, by_first_word
from chatbot.privacy.redaction.vocabulary import Vocabulary, vocabulary

_COUNTRIES = frozenset("kenya uganda tanzania rwanda burundi ethiopia somalia sudan congo africa".split())
_STRONG = by_first_word("""
    i live in|i live at|i live near|living in|lives in|live in|we live in|i stay in|i stay at|staying in|staying at
    i reside in|reside in|residing in|resident of|i'm from|i am from|am from|im from|i come from|come from|comes from
    i was born in|my village is|village called|a village called|my estate is|estate called|my home is in|based in
    my address is|address is|address|location is|my location is|my location|moved to|shifted to|we are in
    naishi|ninaishi|tunaishi|anaishi|naishi huko|naishi hapa|ninaishi huko|nakaa|ninakaa|tunakaa|anakaa|kijiji cha
    kijiji changu ni|mtaa wa|mtaa wangu ni|mji wa|kata ya|wilaya ya|kaunti ya|eneo la|kitongoji cha|nimetoka|nimehamia
    nilizaliwa|nyumbani ni|kwetu ni|mkoa wa|tarafa ya|kwa anwani|makao yangu ni|naishi mtaa wa|naishi kijiji cha
    """.replace("\n", "|").replace("    ", "").strip("|").split("|"))
_WEAK = by_first_word("""
    near|next to|behind|opposite|close to|beside|around|past|adjacent to|from|at|in|to|karibu na|nyuma ya|kando ya
    mkabala na|jirani na|natoka|natokea|ninatoka|tunatoka|niko|nipo|tuko|huko|hapa|kutoka|kule|kwa|kituo cha afya cha
    hospitali ya|zahanati ya|kliniki ya|shule ya|kanisa la|soko la|msikiti wa|stage ya|mkoani|wilayani|kaunti
    """.replace("\n", "|").replace("    ", "").strip("|").split("|"))
_NEEDS_LIST = frozenset("from at in to hapa kwa kule huko kutoka around past near".split())
"""After these, a word must be on the list of places, unless a landmark's word follows. `near` takes capitals too."""
_TAKES_CAPITAL = frozenset(("near", "huko", "kutoka", "kule"))
_LANDMARKS = frozenset("""
    estate village market location sublocation ward constituency road street avenue lane drive close court
    apartments flats plaza stage primary secondary academy school church cathedral mosque hospital clinic
    dispensary maternity centre center health nursing bridge slum slums settlement camp junction roundabout mall
    supermarket station barracks farm polyclinic medical town county sub-county subcounty parish phase
    university college polytechnic petrol
    """.split())
_PARTS = frozenset("North South East West Central Upper Lower Kaskazini Kusini Mashariki Magharibi".split())
_FILLERS = frozenset("the a an in at my our ya cha wa la kwa called named huko hapa mtaa kijiji eneo kata estate "
                     "village town mji slums slum county ni st saint".split())
_BOX = re.compile(r"\bp\.?\s?o\.?\s?box\s{0,2}[\d -]{1,14}|\b(?:plot|house|hse|door|room|flat|apartment|block|nyumba|"
                  r"shamba)\s{0,2}(?:no|number|namba|nambari)\.?\s{0,2}[:#]?\s{0,2}([a-z]{0,2}\d{1,5}[a-z]?)\b")
_MOST_WORDS = 4


def places(reading: Reading) -> Iterator[Found]:
    """Places after cues, before landmarks' words, and postal boxes and house numbers."""
    words = vocabulary()
    for after, _ in reading.after(_STRONG):
        yield from _chain(reading, words, _past_fillers(reading, after), needs="nothing")
    for after, phrase in reading.after(_WEAK):
        needs = "capital" if phrase[0] in _TAKES_CAPITAL or phrase[0] not in _NEEDS_LIST else "list"
        yield from _chain(reading, words, _past_fillers(reading, after), needs=needs)
    for index in reading.where(_LANDMARKS):
        yield from _before(reading, words, index)
    if reading.has("box", "plot", "house", "hse", "door", "room", "flat", "apartment", "block", "nyumba", "shamba"):
        for one in _BOX.finditer(reading.lower):
            yield Found(*(one.span(1) if one[1] else one.span()), "place")


def _past_fillers(reading: Reading, index: int) -> int:
    for _ in range(3):
        if index < len(reading.tokens) and reading.tokens[index].lower in _FILLERS and len(reading.gap(index - 1)) <= 2:
            index += 1
    return index


def _chain(reading: Reading, words: Vocabulary, index: int, *, needs: str) -> Iterator[Found]:
    """The place at a token and those that follow after a comma: `Kibera, Nairobi`."""
    for _ in range(3):
        end = _place_from(reading, words, index, needs=needs)
        if not end:
            return
        yield Found(reading.tokens[index].start, reading.tokens[end - 1].end, "place")
        if end >= len(reading.tokens) or reading.gap(end - 1) not in (", ", ",", " in ", " "):
            return
        index, needs = end, "capital"
        if reading.tokens[index].lower in ("in", "near", "ya", "kaunti", "county"):
            index += 1


def _place_from(reading: Reading, words: Vocabulary, index: int, *, needs: str) -> int:
    """The token after the place that begins at `index`; 0 when none does."""
    tokens = reading.tokens
    if index >= len(tokens) or index < 1 or len(reading.gap(index - 1)) > 3 or "." in reading.gap(index - 1)[1:]:
        return 0
    if "\n" in reading.gap(index - 1) or not _is_place(tokens[index], words, needs):
        return 0
    end = index + 1
    while end < len(tokens) and end - index < _MOST_WORDS and reading.gap(end - 1) in (" ", "-", "'", ". ") and (
            _is_place(tokens[end], words, "capital") or tokens[end].text in _PARTS):
        end += 1
    return end


def _is_place(token: Token, words: Vocabulary, needs: str) -> bool:
    bare = token.lower.removesuffix("'s")
    if not bare[0].isalpha() or bare in _COUNTRIES:
        return False
    if bare in words.places:
        return True
    if bare in words.places_and_words:
        return token.text[0].isupper()
    if words.is_common(bare) or len(bare) < 3 or (token.text.isupper() and len(bare) < 5) or needs == "list":
        return False
    return needs == "nothing" or token.text[0].isupper()


def _before(reading: Reading, words: Vocabulary, index: int) -> Iterator[Found]:
    """The capitalised words right before a landmark's word: `Pumwani` of `Pumwani hospital`."""
    start = index
    while start > 0 and index - start < _MOST_WORDS and reading.gap(start - 1) in (" ", "-", ". ", "'s ") and _may_name(
            reading.tokens[start - 1], words):
        start -= 1
    while start < index and reading.tokens[start].lower in words.names_and_words and start == 0:
        start += 1
    if start < index:
        yield Found(reading.tokens[start].start, reading.tokens[index - 1].end, "place")


def _may_name(token: Token, words: Vocabulary) -> bool:
    bare = token.lower.removesuffix("'s")
    if bare in words.places:
        return True
    known = bare in words.names or bare in words.names_and_words
    shouted = token.text.isupper() and len(bare) < 5
    return token.text[0].isupper() and bare[0].isalpha() and len(bare) > 1 and not shouted and (
        known or not words.is_common(bare)) and bare not in _COUNTRIES
