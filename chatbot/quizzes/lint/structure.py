"""Is it an item at all? One key, enough options, all of them different, text that can be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chatbot.quizzes.lint.quantities import canonical
from chatbot.quizzes.lint.rule import Flaw, Judged
from chatbot.quizzes.stems import stem_key

FEWEST_OPTIONS = 3
MOST_STEM, MOST_OPTION, MOST_RATIONALE = 500, 250, 1000
"""Characters. A card's question has at most 160 and its key 200; an imported vignette needs more."""
_MARKUP = re.compile(r"</?[a-z][^<>]{0,300}>|<!--|&(?:[a-z]{2,8}|#x?[0-9a-f]{2,6});", re.IGNORECASE)
_ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|svg|img|link|style|meta|form|base)\b|\bjavascript:|\bdata:text/html"
    r"|<[^<>]{0,300}\bon[a-z]{3,20}\s*=", re.IGNORECASE)
_PLAIN_CONTROLS = "\n\r\t"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINERS = "\u200c\u200d\u00ad"
"""Zero-width joiners hold emoji together, soft hyphens come with text from PDF files: neither hides a word."""
_LETTERS = r"[a-e1-5]"
_NAMED = "answers? |options? |choices? |majibu |jibu |chaguo "
_POINT = rf"(?:\(?{_LETTERS}\)?\.?)"
_ABOVE_ENGLISH = (
    r"(?:all|none|any|both|neither|each|most|two)(?: of| the| other)*(?: above| these| those| following| options"
    r"| answers| choices| others)+(?: (?:is|are)(?: all)? (?:correct|true|right|wrong|false))?"
    r"|(?:all|none|both|neither)(?: of them| options| answers)?(?: are| is)(?: not)? (?:correct|true|right|wrong|false)"
    r"|all of them|none of them|both of them|neither of them|all of it|all|both|all (?:two|three|four|[2-4])")
_ABOVE_SWAHILI = (
    r"(?:majibu |chaguo )?(?:yote|zote|vyote|wote|haya yote|hizi zote|hivi vyote)(?: mawili| mbili| matatu)?"
    r"(?: yaliyo| zilizo| yaliyotajwa| zilizotajwa| ya| za| vya)?(?: hapo| hapa)?(?: juu)?"
    r"(?: (?:ni|yako|ziko) sahihi)?"
    r"|(?:hakuna|si|sio)(?: jibu| majibu| lolote| yoyote| hata moja| hata 1)*(?: kati| katika| miongoni)?(?: ya| mwa)?"
    r"(?: majibu)?(?: haya| hizi| hayo| hizo| yaliyo| zilizo| yaliyotajwa| zilizotajwa)(?: ya)?(?: hapo)?(?: juu)?"
    r"|hakuna(?: jibu| lililo| iliyo| kilicho)?(?: lililo)?(?: sahihi)(?: kati ya (?:haya|hizi))?"
    r"|hakuna (?:jibu|hata moja)|yote mawili|zote mbili|vyote viwili|yote 2|zote 2")
_LETTER_PAIRS = (
    rf"(?:both |neither |either |only |si |{_NAMED})*{_POINT}"
    rf"(?:(?:,|,? (?:and|or|nor|na|au|wala)|,? &) ?(?:{_NAMED})?{_POINT})+"
    r"(?: (?:only|above|pekee|tu|are correct|ni sahihi))*")
_COMPLEX = re.compile(rf"(?:{_ABOVE_ENGLISH}|{_ABOVE_SWAHILI}|{_LETTER_PAIRS})", re.IGNORECASE)


def not_one_key(judged: Judged) -> Iterator[Flaw]:
    if judged.place is None:
        yield Flaw("keys")


def too_few_options(judged: Judged) -> Iterator[Flaw]:
    if len(judged.item.options) < FEWEST_OPTIONS:
        yield Flaw("options")


def duplicate_options(judged: Judged) -> Iterator[Flaw]:
    seen: dict[str, str] = {}
    for place, option in enumerate(judged.item.options):
        same = canonical(option)
        if same in seen and same:
            yield Flaw(f"options.{place}", f"“{seen[same]}” and “{option}”")
        seen.setdefault(same, option)


def empty_text(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts(with_rationale=False):
        if not any(mark.isalnum() for mark in text):
            yield Flaw(field)


def too_long(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts():
        most = {"stem": MOST_STEM, "options": MOST_OPTION}.get(field.split(".")[0], MOST_RATIONALE)
        if len(text) > most:
            yield Flaw(field, f"> {most}")


def complex_options(judged: Judged) -> Iterator[Flaw]:
    for place, option in enumerate(judged.item.options):
        if _COMPLEX.fullmatch(_bare(option)):
            yield Flaw(f"options.{place}", f"“{option}”")


def active_markup(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts():
        if _ACTIVE.search(text):
            yield Flaw(field)


def markup(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts():
        if (found := _MARKUP.search(text)) and not _ACTIVE.search(text):
            yield Flaw(field, found[0])


def hidden_characters(judged: Judged) -> Iterator[Flaw]:
    for field, text in judged.texts():
        hidden = [mark for mark in text if _is_hidden(mark)]
        if hidden:
            yield Flaw(field, ", ".join(dict.fromkeys(f"U+{ord(mark):04X}" for mark in hidden[:5])))


def duplicate_in_bank(judged: Judged) -> Iterator[Flaw]:
    key = stem_key(judged.item.stem)
    if key and judged.taken(key):
        yield Flaw("stem")


def _is_hidden(mark: str) -> bool:
    return unicodedata.category(mark) in _HIDDEN and mark not in _PLAIN_CONTROLS and mark not in _JOINERS


def _bare(option: str) -> str:
    """An option in lower case, without its letter's point or closing mark."""
    return " ".join(option.casefold().split()).strip(" .:;!*\"'“”")
