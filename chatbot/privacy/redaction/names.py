"""Names of people: after the words that announce one, in a signature, and those that are nothing but names.

How much is enough depends on the cue. After `my name is` and `naitwa` any word counts that is no everyday one; after
`I am`, `nurse` or `my husband` it needs a capital letter, or to be on the list of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.reading import Found, Reading, Token, by_first_word
from chatbot.privacy.redaction.vocabulary import Vocabulary, vocabulary

_STRONG = by_first_word("""
    my name is|my name's|my names are|my names is|my full name is|my real name is|name is|names are|her name is
    his name is|name of my husband is|husband's name is|baby's name is|daughter's name is|son's name is|name|names
    full name|patient name|mother's name|client name|they call me|people call me|you can call me|call me
    naitwa|ninaitwa|naitwaa|anaitwa|wanaitwa|aitwaye|aitwae|jina langu ni|jina langu|jina lake ni|jina lake|jina ni
    jina|majina yangu ni|majina yangu|majina|jina la mtoto ni|jina la mtoto|jina la mume wangu ni|naitwanga
    jina langu naitwa|niite|nimepewa jina
    """.replace("\n", "|").replace("    ", "").strip("|").split("|"))
_WEAK = by_first_word("""
    i am|i'm|im|i m|am|this is|it is|it's|its|here is|me is|named|called|by the name|is called|was called
    my husband|my wife|my hubby|my sister|my brother|my mother|my mum|my mom|my father|my dad|my son|my daughter|my baby
    my friend|my partner|my boyfriend|my girlfriend|my neighbour|my neighbor|my cousin|my aunt|my auntie|my uncle
    my firstborn|my first born|my lastborn|my child|my girl|my boy|my fiance|my mother-in-law|my granny|my grandmother
    our baby|our son|our daughter|baby|husband|wife
    mimi ni|mimi|mimi naitwa|mume wangu|mke wangu|mtoto wangu|dada yangu|kaka yangu|rafiki yangu|jirani yangu
    mama yangu|baba yangu|mkwe wangu|binti yangu|mwanangu|mpenzi wangu|ndugu yangu|shangazi yangu|nyanya yangu
    mume wangu anaitwa|huyu ni|ni mimi|it's me|its me|mtoto wetu|mzee wangu|bwana yangu|bibi yangu|wifi yangu
    dr|doctor|daktari|dokta|daktari wa|nurse|nesi|nas|sister|sista|muuguzi|mkunga|midwife|mr|mrs|ms|miss|madam|mama|baba
    bi|bwana|bw|pastor|father|prof|mzee|chv|chw|chp|uncle|aunt|aunty|auntie|shangazi|mjomba|cucu|shosho|mchungaji
    sheikh|imam|teacher|mwalimu|matron|clinician|mhudumu|dada|kaka|mama wa|baba wa|mama ya|baba ya|mamake|babake|bibi
    asked for|ask for|talked to|spoke to|spoke with|contact|attended by|seen by|named her|named him|regards to
    nilimwona|nilimuona|niliongea na|nilipigia|mwambie|muulize|nilihudumiwa na
    """.replace("\n", "|").replace("    ", "").strip("|").split("|"))
_FILLERS = frozenset("is ni are was called named anaitwa naitwa name jina lake langu yangu bwana mr mrs miss dr mwana "
                     "sister dada nurse wa".split())
_ENDS = by_first_word("""
    regards|kind regards|best regards|warm regards|thanks|thank you|many thanks|asante|asante sana|asanteni|wako|yours
    yours sincerely|yours faithfully|sincerely|shukrani|from|signed|ahsante|ni mimi|it's me|cheers|love|with love
    wako mwaminifu|wasalaam
    """.replace("\n", "|").replace("    ", "").strip("|").split("|"))
_MOST_WORDS = 4
_SIGNATURE = re.compile(r"(?:\n|\s[-–—~]{1,2})\s{0,3}([^\W\d_][^\n]{1,40})\s{0,3}$")
_JOINS = re.compile(r" |-|\. ?|['’]")


def names(reading: Reading) -> Iterator[Found]:
    """Names after cues, in a signature, and from the list."""
    words = vocabulary()
    for strong, cues in ((True, _STRONG), (False, _WEAK)):
        for after, phrase in reading.after(cues):
            found = _name_from(reading, words, _past_fillers(reading, after, len(phrase)), strong=strong)
            if found:
                yield found
    yield from _signed(reading, words)
    for index in reading.where(words.names_and_theirs):
        if found := _name_from(reading, words, index, strong=False):
            yield found


def parts_of(name: str) -> Iterator[str]:
    """The parts of a name that give it away wherever else they stand: `Grace Wanjiku` later is only `Grace`."""
    for part in re.split(r"[\s.-]+", name):
        if len(part) >= 3 and part[0].isupper():
            yield part


def _bare(word: str) -> str:
    return word.removesuffix("'s")


def _past_fillers(reading: Reading, index: int, least: int) -> int:
    """The token after a cue and the words that may stand between: `is called`, `ni`. A sentence's end stops it."""
    for _ in range(3):
        if index < least or index >= len(reading.tokens) or not _is_near(reading, index - 1):
            return -1
        if reading.tokens[index].lower not in _FILLERS:
            return index
        index += 1
    return index


def _is_near(reading: Reading, index: int) -> bool:
    """Whether nothing but a space, a colon, a quotation mark or a title's full stop stands after a token."""
    gap = reading.gap(index)
    plain = gap.strip(" \t:=\"'“”‘’*_-")
    return len(gap) <= 4 and (not plain or (plain == "." and reading.tokens[index].lower in ("dr", "mr", "mrs", "ms",
                                                                                              "prof", "bw", "bi")))


def _name_from(reading: Reading, words: Vocabulary, index: int, *, strong: bool) -> Found | None:
    """The name that begins at a token, or None when none does."""
    if not 0 <= index < len(reading.tokens):
        return None
    first = reading.tokens[index]
    if not _may_begin(first, words, strong=strong):
        return None
    last = index
    while last - index < _MOST_WORDS - 1 and last + 1 < len(reading.tokens) and _goes_on(
            reading, words, last, strong=strong and first.text.islower(), length=last - index + 1):
        last += 1
    end = reading.tokens[last].end
    return Found(first.start, end - 2 if reading.tokens[last].lower.endswith("'s") else end, "name")


def _may_begin(token: Token, words: Vocabulary, *, strong: bool) -> bool:
    bare = _bare(token.lower)
    if not bare[0].isalpha() or (len(bare) < 2 and not strong):
        return False
    if bare in words.names:
        return True
    capital = token.text[0].isupper()
    shouted = token.text.isupper() and len(token.text) > 1
    if bare in words.names_and_words:
        return capital or (strong and len(bare) > 3)
    if words.is_common(bare) or bare in words.places:
        return False
    return (strong and len(bare) >= 3) or (capital and not shouted and len(bare) >= 3)


def _goes_on(reading: Reading, words: Vocabulary, last: int, *, strong: bool, length: int) -> bool:
    """Whether the token after `last` is part of the same name."""
    gap, token = reading.gap(last), reading.tokens[last + 1]
    initial = len(token.text) == 1 and token.text.isupper() and token.lower != "i"
    if not _JOINS.fullmatch(gap) or (gap.startswith(".") and len(reading.tokens[last].text) > 2):
        return False
    bare = _bare(token.lower)
    if not bare[0].isalpha():
        return False
    if bare in words.names or initial or (gap == "-" and len(bare) > 2):
        return True
    if strong and length == 1 and bare in words.names_and_words:
        return True
    if token.text[0].isupper():
        return bare in words.names_and_words or not (words.is_common(bare) or bare in words.places)
    return strong and length == 1 and len(bare) >= 4 and not words.is_common(bare) and bare not in words.places


def _signed(reading: Reading, words: Vocabulary) -> Iterator[Found]:
    """The last words of a message after a farewell, or alone on its last line."""
    for after, phrase in reading.after(_ENDS):
        rest = len(reading.tokens) - after
        if 1 <= rest <= 3 and after >= len(phrase) and len(reading.gap(after - 1)) <= 4 and (
                found := _name_from(reading, words, after, strong=False)):
            yield found
    line = _SIGNATURE.search(reading.text[-60:])
    if line:
        start = max(0, len(reading.text) - 60) + line.start(1)
        last = [index for index, token in enumerate(reading.tokens[-6:], max(0, len(reading.tokens) - 6))
                if token.start >= start]
        if 1 <= len(last) <= 3 and (found := _name_from(reading, words, last[0], strong=False)):
            yield found
