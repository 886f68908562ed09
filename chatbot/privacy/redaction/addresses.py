"""Addresses in networks: e-mail (also spelled out), links that tell more than a site, handles, IP addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.reading import Found, Reading

_LABEL = r"[\w-]{1,63}"
_ENDINGS = "com|org|net|ke|ug|tz|edu|gov|info|uk|africa|me|io|co|ac|or|go"
_DOT = r"\s{0,2}(?:\(dot\)|\[dot\]|\bdot\b|\bnukta\b)\s{0,2}"
_SPELLED_DOMAIN = re.compile(
    rf"[)\]]?\s{{0,2}}(?:{_LABEL}(?:(?:{_DOT}|\.){_LABEL}){{0,3}}(?:{_DOT})(?:{_ENDINGS})\b|"
    rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}\.(?:{_ENDINGS})\b)")
_MAIL_HOUSE = re.compile(r"[)\]]?\s{0,2}(?:gmail|yahoo|ymail|hotmail|outlook|icloud)\b(?:(?:\s{0,2}dot\s{0,2}|\.)com)?")
_DOMAIN = re.compile(rf"\s?{_LABEL}(?:\.{_LABEL}){{1,6}}")
_LOCAL = frozenset("._+-%")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']{1,2000}")
_SOCIAL = re.compile(r"\b(?:wa\.me|t\.me|facebook\.com|fb\.com|fb\.me|m\.me|instagram\.com|tiktok\.com|x\.com|"
                     r"twitter\.com|linkedin\.com|chat\.whatsapp\.com|bit\.ly)/[^\s<>\"']{1,500}")
_HANDLE = re.compile(r"(?<![\w.@/])@[a-z_][\w.]{2,30}")
_TELLING = re.compile(r"[?#@=;]|\d{6}|[\w-]{24}|(?:wa|t|fb|m)\.me/|(?:facebook|fb|instagram|tiktok|twitter|x|linkedin)"
                      r"\.com/|bit\.ly/|chat\.whatsapp")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])")
_TRAILING = ".,;:!?)]}'\""


def links(reading: Reading) -> Iterator[Found]:
    """Links that carry a token, an account or a number; a site's plain page may stay."""
    if reading.has("http", "www."):
        for one in _LINK.finditer(reading.lower):
            address = one[0].rstrip(_TRAILING)
            if _TELLING.search(address.partition("//")[2] or address):
                yield Found(one.start(), one.start() + len(address), "link")
    if "/" in reading.text:
        for one in _SOCIAL.finditer(reading.lower):
            yield Found(one.start(), one.start() + len(one[0].rstrip(_TRAILING)), "link")


def handles(reading: Reading) -> Iterator[Found]:
    """Names in social networks: `@mama_njeri`."""
    if "@" in reading.text:
        for one in _HANDLE.finditer(reading.lower):
            yield Found(one.start(), one.start() + len(one[0].rstrip(".")), "link")


def emails(reading: Reading) -> Iterator[Found]:
    """E-mail addresses: `a@b.example`, `a at b dot com`, `a@gmail`."""
    lower = reading.lower
    at = lower.find("@")
    while at >= 0:
        tail = _DOMAIN.match(lower, at + 1) or _MAIL_HOUSE.match(lower, at + 1)
        start = _start_of_local(lower, at)
        if tail and start < at:
            yield Found(start, tail.end(), "email")
        at = lower.find("@", at + 1)
    for index in reading.where(("at",)):
        token = reading.tokens[index]
        bracketed = lower[token.start - 1:token.start] in ("(", "[") and lower[token.end:token.end + 1] in (")", "]")
        tail = _SPELLED_DOMAIN.match(lower, token.end) or _MAIL_HOUSE.match(lower, token.end)
        if bracketed and tail is None:
            tail = _DOMAIN.match(lower, token.end + 1)
        if tail and index:
            yield Found(_start_of_spelled(reading, index), tail.end(), "email")


def _start_of_local(lower: str, at: int) -> int:
    """Where the part before an @ begins."""
    start = at - 1 if lower[at - 1:at] == " " else at
    end = start
    while start and end - start < 100 and (lower[start - 1].isalnum() or lower[start - 1] in _LOCAL):
        start -= 1
    return start if start < end else at


def _start_of_spelled(reading: Reading, index: int) -> int:
    """Where the part before an `at` begins: words joined by dots, spelled or not."""
    first = index - 1
    for _ in range(8):
        if first < 1:
            break
        gap, before = reading.gap(first - 1), reading.tokens[first - 1].lower
        if not gap.strip("._+-%") and len(gap) <= 2:
            first -= 1
        elif before in ("dot", "nukta", "underscore", "dash") and first >= 2:
            first -= 2
        else:
            break
    return reading.tokens[first].start


def ips(reading: Reading) -> Iterator[Found]:
    """IPv4 and IPv6 addresses."""
    for one in _IPV4.finditer(reading.text):
        if all(int(part) <= 255 for part in one[0].split(".")):
            yield Found(one.start(), one.end(), "ip")
    if reading.text.count(":") >= 4:
        for one in _IPV6.finditer(reading.lower):
            yield Found(one.start(), one.end(), "ip")
