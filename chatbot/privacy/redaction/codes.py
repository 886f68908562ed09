"""Secrets, money, positions: passwords and PINs, M-PESA codes and accounts, GPS and plus codes, other long numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.reading import Found, Reading

_IS = r"(?:[\s:=-]{0,3}(?:number|no|yangu|yake|ya|langu|is|was|ni|code)\b){0,4}[\s:=-]{0,4}"
_KEY = re.compile(r"(?:sk|pk|hf|tgp|ghp|gho|xox[bp]|api|key|token)[-_][\w-]{12,200}|bearer\s{1,3}[\w.~+/-]{12,300}")
_KEY_WORDS = frozenset("sk pk hf tgp ghp gho xoxb xoxp api key token bearer".split())
_LONG_KEY = re.compile(r"\beyj[\w-]{8,300}\.[\w-]{4,600}\.[\w-]{0,300}|\bakia[0-9a-z]{16}\b|\baiza[\w-]{30,40}")
_SAID = re.compile(rf"\b(?:password|passcode|passwd|pass word|nenosiri|neno siri|nywila)\b{_IS}([^\s\[]\S{{2,63}})")
_PIN = re.compile(rf"\b(?:pin|otp|one[- ]time (?:code|password)|verification code|namba ya siri|nambari ya siri)\b{_IS}"
                  r"(\d[\d -]{2,8}\d)(?!\d)")
_MPESA = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9]{0,9}\d)(?=(?:\d{0,9}[A-Z]){3})[A-Z][A-Z0-9]{9}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<!\d)(?:\d{4}[ -]){3}\d{4}(?!\d)")
_ACCOUNT = re.compile(
    r"\b(?:account|acc|a/c|acct|akaunti|iban|paybill|pay bill|till|lipa na mpesa|bank)\b"
    r"(?:[\s:.#-]{0,3}(?:number|no|namba|nambari|yangu|ya benki|is|ni)\b){0,4}[\s:.#-]{0,3}"
    r"([a-z]{0,4}\d[\d -]{3,22}\d)")
_TRANSACTION = re.compile(
    r"\b(?:transaction|mpesa|m-pesa|confirmation|muamala|ref|reference)\b"
    r"(?:[\s:.#-]{0,3}(?:code|id|number|no|namba|ya|is|ni)\b){1,3}[\s:.#-]{0,3}((?=[a-z]{0,12}\d)[a-z0-9]{6,14})\b")
_DECIMAL = re.compile(r"[-+]?\d{1,3}\.\d{4,12}\s{0,2}[°]?\s{0,2}[nsew]?\s{0,2}[,;/ ]\s{0,3}"
                      r"(?:(?:long?|lng|longitude)[\s:=]{0,3})?[-+]?\d{1,3}\.\d{4,12}\s{0,2}[°]?\s{0,2}[nsew]?(?![\w.])")
_SHORT_DECIMAL = re.compile(r"\b(?:gps|lat|latitude|coordinates|location|pin)\b[\s:=]{0,3}(?:is|ni|at)?[\s:=]{0,3}"
                            r"(-?\d{1,3}\.\d{2,12}\D{1,14}?-?\d{1,3}\.\d{2,12})")
_DEGREES = re.compile(r"\d{1,3}\s?°\s?\d{1,2}(?:\.\d{1,6})?\s?['’′]?\s?(?:\d{1,2}(?:\.\d{1,4})?\s?[\"”″]?)?\s?[nsew]"
                      r"(?:\s?,?\s?\d{1,3}\s?°\s?\d{1,2}(?:\.\d{1,6})?\s?['’′]?\s?(?:\d{1,2}(?:\.\d{1,4})?\s?[\"”″]?)?"
                      r"\s?[nsew])?")
_PLUS_CODE = re.compile(r"(?<![A-Za-z0-9])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?![A-Za-z0-9])")
"""plus.codes: the alphabet without letters that read like others."""
_LONG = re.compile(r"(?<![\d.,])\d{7,40}(?![\d])(?!\s?(?:copies|copy|iu|units?|u/|cells?|cfu|/ml|/mm|/µl|/ul|ksh|kes|"
                   r"ugx|tzs|tsh|ush|shillings?|shilingi|bob|people|women|watu|wanawake|babies|mothers|births|mg|mcg|ml)\b)")


def secrets(reading: Reading) -> Iterator[Found]:
    """Passwords, PINs, one-time codes, API keys."""
    for index in reading.where(_KEY_WORDS):
        if one := _KEY.match(reading.lower, reading.tokens[index].start):
            yield Found(*one.span(), "secret")
    if reading.has("eyj", "akia", "aiza"):
        for one in _LONG_KEY.finditer(reading.lower):
            yield Found(*one.span(), "secret")
    if reading.has("pass", "siri", "nywila"):
        for one in _SAID.finditer(reading.lower):
            if any(char.isdecimal() for char in one[1]) or _is_said(one[0]):
                yield Found(one.start(1), one.start(1) + len(one[1].rstrip(".,;?")), "secret")
    if reading.has("pin", "otp", "code", "siri", "one-time", "one time"):
        for one in _PIN.finditer(reading.lower):
            yield Found(one.start(1), one.end(1), "secret")


def _is_said(said: str) -> bool:
    """Whether a word after "password" is the password: `my password is mango`, not `I forgot my password please`."""
    return any(f" {word} " in f" {' '.join(said.split()[:-1])} " for word in ("is", "ni", "was")) or ":" in said


def accounts(reading: Reading) -> Iterator[Found]:
    """M-PESA codes, cards and bank accounts."""
    for pattern in (_MPESA, _CARD):
        for one in pattern.finditer(reading.text):
            yield Found(one.start(), one.end(), "account")
    if reading.has("acc", "a/c", "akaunti", "iban", "paybill", "pay bill", "till", "bank", "lipa"):
        for one in _ACCOUNT.finditer(reading.lower):
            yield Found(one.start(1), one.end(1), "account")
    if reading.has("transaction", "pesa", "confirmation", "muamala", "ref"):
        for one in _TRANSACTION.finditer(reading.lower):
            yield Found(one.start(1), one.end(1), "account")


def positions(reading: Reading) -> Iterator[Found]:
    """GPS positions, in decimals or degrees, and plus codes."""
    if "." in reading.text:
        for one in _DECIMAL.finditer(reading.lower):
            yield Found(one.start(), one.end(), "position")
        if reading.has("gps", "lat", "coordinates", "location", "pin"):
            for one in _SHORT_DECIMAL.finditer(reading.lower):
                yield Found(one.start(1), one.end(1), "position")
    if "°" in reading.text:
        for one in _DEGREES.finditer(reading.lower):
            yield Found(one.start(), one.end(), "position")
    if "+" in reading.text:
        for one in _PLUS_CODE.finditer(reading.text):
            yield Found(one.start(), one.end(), "position")


def numbers(reading: Reading) -> Iterator[Found]:
    """Seven digits or more in a row that nothing else took: no health fact needs them without a unit."""
    for one in _LONG.finditer(reading.lower):
        yield Found(one.start(), one.end(), "number")
