"""Numbers written as words, in English and Swahili, as digits: `twenty-four` and `ishirini na nne` are 24.

Swahili numerals agree with their noun (watoto wawili, miezi miwili, siku mbili), so each has several forms.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNITS = {form: value for value, forms in enumerate((
    "zero sifuri", "one moja mmoja", "two mbili wawili miwili mawili", "three tatu watatu mitatu matatu vitatu",
    "four nne wanne minne manne vinne", "five tano watano mitano matano vitano", "six sita", "seven saba",
    "eight nane wanane minane manane vinane", "nine tisa")) for form in forms.split()} | {"vitatu": 3, "viwili": 2}
_TEENS = {form: value for value, form in enumerate(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10)}
_TENS = {form: 10 * value for value, forms in enumerate((
    "kumi", "twenty ishirini", "thirty thelathini", "forty arobaini arubaini", "fifty hamsini", "sixty sitini",
    "seventy sabini", "eighty themanini", "ninety tisini"), 1) for form in forms.split()}
_HUNDREDS = re.compile(r"\b(?:([0-9]{1,3}) hundred|mia ([0-9]{1,3}))\b")
_TWO = re.compile(rf"\b({'|'.join(_TENS)})(?:(?:-| na | )({'|'.join(_UNITS)}))?\b")
_ONE = re.compile(rf"\b({'|'.join([*_UNITS, *_TEENS])})\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}\b)")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@lru_cache(maxsize=2048)
def in_digits(text: str) -> str:
    """The text in lower case with its numerals as digits, `1,000` as `1000` and `0,4` as `0.4`.

    >>> in_digits("Wiki ishirini na nne, or twenty-four"), in_digits("1,000 mg")
    ('wiki 24, or 24', '1000 mg')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = _DECIMAL_COMMA.sub(".", _THOUSANDS.sub("", plain))
    plain = _TWO.sub(lambda found: str(_TENS[found[1]] + _UNITS.get(found[2] or "", 0)), plain)
    plain = _ONE.sub(lambda found: str(_UNITS.get(found[1], _TEENS.get(found[1]))), plain)
    return _HUNDREDS.sub(lambda found: str(100 * int(found[1] or found[2])), plain)
