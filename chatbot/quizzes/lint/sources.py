"""Does the key stand in its source, and do the distractors not? The heart of the lint: a key never rests on memory."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from chatbot.quizzes.lint.meaning import clauses, denies, missing, same, shared, words
from chatbot.quizzes.lint.quantities import unknown, without_quantities
from chatbot.quizzes.lint.rule import Flaw, Judged

_MONTHS = {name: number for number, names in enumerate((
    "january januari jan", "february februari feb", "march machi mar", "april aprili apr", "may mei", "june juni jun",
    "july julai jul", "august agosti aug", "september septemba sep sept", "october oktoba oct", "november novemba nov",
    "december desemba dec"), 1) for name in names.split()}
_UNTIL = re.compile(
    r"\b(?:valid (?:until|to|through)|expires?(?: on)?|expiry date|review (?:by|before|due)|(?:next )?review date"
    r"|withdrawn(?: on)?|superseded(?: on)?|inatumika hadi|halali hadi|mwisho wa kutumika|inaisha muda"
    r"|itapitiwa upya)\s*:?\s*"
    r"(?:(?P<day>[0-3]?[0-9])\s+)?(?:(?P<month>[a-z]{3,9})\s+)?(?P<year>(?:19|20)[0-9]{2})"
    r"(?:-(?P<iso_month>[01][0-9])(?:-(?P<iso_day>[0-3][0-9]))?)?")
_YES = frozenset("yes true correct ndiyo ndio naam kweli".split())
_NO = frozenset("no false incorrect hapana uongo".split())


def no_evidence(judged: Judged) -> Iterator[Flaw]:
    evidence = judged.item.evidence
    named = evidence.card_id or evidence.document_id or evidence.title or evidence.url or judged.source_text
    if not evidence.quote.strip() or not named:
        yield Flaw("evidence")


def quote_not_verbatim(judged: Judged) -> Iterator[Flaw]:
    quote = _spaced(judged.item.evidence.quote)
    if quote and judged.source_text is not None and quote not in _spaced(judged.source_text):
        yield Flaw("evidence")


def key_not_in_evidence(judged: Judged) -> Iterator[Flaw]:
    """Each meaningful word and number of the key must stand in the quote; a bare yes or no is judged with its stem."""
    quote, key = judged.item.evidence.quote, judged.key
    if not quote.strip() or not key.strip() or _stands(key, quote):
        return
    claim = judged.item.stem if _yes_or_no(key) else key
    absent = [*missing(words(without_quantities(claim)), words(quote)),
              *(found.words for found in unknown(claim, quote))]
    if absent:
        yield Flaw(_key_field(judged), ", ".join(dict.fromkeys(absent)))


def key_contradicts_evidence(judged: Judged) -> Iterator[Flaw]:
    """The evidence denies what the key says, or says what the key denies.

    A stem that itself says no turns the sense of its key in ways that only a person can follow: not judged here.
    """
    quote, key, stem = judged.item.evidence.quote, judged.key, judged.item.stem
    if not quote.strip() or not key.strip():
        return
    if _yes_or_no(key):
        yes = bool(_YES & set(same(key).split()))
        agrees = denies(stem) == denies(_closest(stem, quote))
        if agrees != yes and not missing(words(stem), words(quote)):
            yield Flaw(_key_field(judged))
    elif not denies(stem) and _says_the_opposite(key, quote):
        yield Flaw(_key_field(judged))


def expired_source(judged: Judged) -> Iterator[Flaw]:
    ends = [judged.expires_on] if judged.expires_on else list(_stated_ends(judged.source_text or ""))
    if ends and max(ends) < judged.today:
        yield Flaw("evidence", max(ends).isoformat())


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u00ad", "").split())


def _key_field(judged: Judged) -> str:
    return f"options.{judged.place}"


def _yes_or_no(key: str) -> bool:
    said = set(same(key).split())
    return bool(said) and said <= _YES | _NO


def _stands(part: str, whole: str) -> bool:
    return f" {same(part)} " in f" {same(whole)} "


def _says_the_opposite(key: str, quote: str) -> bool:
    """Judged by the clause nearest to the key. A key that runs over clauses word for word says the same as they do."""
    holding = [clause for clause in clauses(quote) if _stands(key, clause)]
    if holding:
        return all(denies(_without(key, clause)) for clause in holding)
    if _stands(key, quote):
        return any(denies(before) for before in _just_before(key, quote))
    nearest, said = _closest(key, quote), words(key)
    return 2 * shared(said, words(nearest)) >= max(1, len(said)) and denies(key) != denies(nearest)


def _without(key: str, clause: str) -> str:
    """The words that lead to the key: a `not` behind it reaches no further back."""
    return f" {same(clause)} ".split(f" {same(key)} ")[0]


def _just_before(key: str, quote: str) -> Iterator[str]:
    """The beginning of the clause that the key begins in."""
    first = next((clause for clause in clauses(key)), key)
    for clause in clauses(quote):
        if _stands(first, clause):
            yield _without(first, clause)


def _closest(text: str, quote: str) -> str:
    said = words(text)
    return max(clauses(quote), key=lambda clause: shared(said, words(clause)), default="")


def _stated_ends(text: str) -> Iterator[date]:
    """The last good days that a source itself states; without a day or a month, the last of its month or year."""
    for found in _UNTIL.finditer(text.casefold()):
        month = int(found["iso_month"] or _MONTHS.get(found["month"] or "", 12))
        day = int(found["iso_day"] or found["day"] or monthrange(int(found["year"]), min(max(month, 1), 12))[1])
        try:
            yield date(int(found["year"]), month, day)
        except ValueError:
            continue
