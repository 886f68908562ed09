"""What has no place in an item, whoever wrote it: links, markup, phone numbers, orders to a machine.

A document may hold any of them; as long as they stay in the document they are quoted content. Source: OWASP's
LLM01:2025, indirect prompt injection.
"""

from __future__ import annotations

import re

_LINK = re.compile(
    r"https?:|www\.|\bjavascript:|[\w.+-]+@[\w-]+\.\w|\b[\w-]+\.(?:com|net|org|info|io|ru|xyz|ke)\b", re.I)
_MARKUP = re.compile(
    r"</?[a-z!][^>]*>|&(?:#\d+|[a-z]+);|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]|```|\{\{", re.I)
_PHONE = re.compile(r"\+\s?\d|\d(?:[\s-]?\d){6,}")
_TO_A_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|prompts?|rules?|above|previous)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b|\bas an? (?:ai|language model)\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai|chatgpt|assistant)\b"
    r"|\b(?:tell|reply to|answer) the (?:reader|user)\b|\b(?:puuza|sahau)\b.{0,40}\bmaagizo\b", re.I)
_CATCH_ALL = re.compile(r"\b(?:all|none|both|neither) (?:of )?(?:the above|these|them)\b|\bboth a and b\b"
                        r"|\bhapo juu\b|\b(?:zote|yote|vyote) hizi\b", re.I)


def is_hostile(text: str) -> bool:
    """Whether a model's words hold what no stem and no option may hold."""
    return any(pattern.search(text) for pattern in (_LINK, _MARKUP, _PHONE, _TO_A_MACHINE))


def is_not_a_fact(sentence: str) -> bool:
    """Whether a sentence of a document is no fact to ask about: a link, a number to dial, an order to a machine."""
    return is_hostile(sentence)


def catches_all(option: str) -> bool:
    """`All of the above` and its kin (Haladyna, Downing and Rodriguez 2002, guidelines 24 and 25)."""
    return _CATCH_ALL.search(option) is not None
