"""From what was typed to plain lower-case words: invisible marks, look-alike letters, emoji, leet, s p a c e d words.

Everything here is linear in the length of the message: single-character classes only, no nested repetition.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 12_000
"""Longer messages are read at both ends: what matters is said first or last."""

_LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһԛԝкмтвнαορνικτυßøłıđ’‘ʼ`´", "aeopcyxijsdhqwkmtbhaopviktusolid'''''")
_EMOJI = {"🩸": " blood ", "🤮": " vomiting ", "🤒": " fever ", "🥵": " hot ", "🤕": " headache ", "💔": " sad ",
          "😵": " dizzy ", "🤰": " pregnant ", "🤱": " breastfeeding ", "👶": " baby ", "🍼": " milk "}
_LEET = str.maketrans("013457@$", "oieastas")

_SPLIT_UNIT = re.compile(r"(\d)([a-z])")
_MIXED = re.compile(r"[a-z0-9@$]+")
_SPACED = re.compile(r"(?<![a-z0-9])[a-z](?:[ .\-_*]{1,2}[a-z](?![a-z0-9'])){3,}")
_WORD_INSIDE = re.compile(r"(?<=[a-z])[*_.](?=[a-z]{2})(?<=[a-z]{2}[*_.])")


def normalise(text: str) -> str:
    """Lower-case text of letters, digits and stops, in which a word looks the way the lexicon spells it."""
    if len(text) > MAX_CHARACTERS:
        text = text[: MAX_CHARACTERS * 2 // 3] + "\n" + text[-MAX_CHARACTERS // 3 :]
    for emoji, word in _EMOJI.items():
        text = text.replace(emoji, word)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(character for character in text if _visible(character)).translate(_LOOK_ALIKES)
    text = _MIXED.sub(_unleet, text.replace("'", "").replace("º", "°"))
    text = _SPACED.sub(lambda found: re.sub(r"[^a-z]", "", found.group()), text)
    return _WORD_INSIDE.sub(" ", text)


def _visible(character: str) -> bool:
    """False for combining marks, zero-width, bidi, tag and variation characters, and control characters."""
    return character in "\n\t " or unicodedata.category(character) not in {"Mn", "Me", "Cf", "Cc", "Cs", "Co"}


def _unleet(found: re.Match[str]) -> str:
    """`bl33ding` -> `bleeding`, but `38c`, `32wks` and `2pads` are a number and its unit."""
    token = found.group()
    if token.isalpha() or token.isdigit():
        return token
    if token[0].isdigit():
        return _SPLIT_UNIT.sub(r"\1 \2", token, count=1)
    bare = token.rstrip("0123456789")
    if bare.isalpha():
        return f"{bare} {token[len(bare):]}"
    return token.translate(_LEET)
