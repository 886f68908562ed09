"""What a person or a model wrote, without the marks that mean something to a machine.

In: a message becomes data before it stands in a prompt. The tokens that chat templates give turns with (ChatML, Llama,
Mistral, Gemma, Phi) and lines that play a role ("system: ...") lose their meaning; characters that nobody sees go.
Out: a model's sentence may hold no link, picture, HTML or address, whatever it says: what is cited, the cards cite.
"""

from __future__ import annotations

import re
import unicodedata

from chatbot.knowledge.turn_tokens import TURN_TOKEN

_ROLE_LINE = re.compile(
    r"^([\s>#*_\-\[(]*)(system|assistant|developer|user|tool|function|human|ai)(\s*[\])*_]*\s*):",
    re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}:/{1,2}\S|\b(?:javascript|vbscript|data|mailto|tel|sms|file)\s*:\s*\S|\bwww\.\S"
    r"|\]\s*\(|!\[|\]\s*\[|\[[^\]\n]{1,80}\]\s*:|(?<![\w/])//\w"
    r"|\b[\w-]+\.(?:com|org|net|io|co|ke|info|app|xyz|ru|cn|dev|me|link|site|online|html?|php|png|jpe?g|gif|svg)\b",
    re.IGNORECASE | re.MULTILINE)
_MARKUP = re.compile(r"<\s*[/?]?\s*[a-z]|<!|&(?:#\w{1,8}|[a-z]{2,8});|\burl\s*\(|\bon\w{3,20}\s*=", re.IGNORECASE)
_KEPT = frozenset("\n\t")


def without_invisible(text: str) -> str:
    """`text` without control, bidi, zero-width, tag and private characters (line breaks and tabs stay)."""
    return "".join(one for one in text if one in _KEPT or unicodedata.category(one) not in ("Cc", "Cf", "Co", "Cs"))


def as_data(message: str) -> str:
    """A person's message as it may stand in a prompt: all words kept, no turn or role begun or ended."""
    seen = without_invisible(message)
    while (plain := TURN_TOKEN.sub(" ", seen)) != seen:
        seen = plain  # what is left after a token is cut out may be a token again
    return _ROLE_LINE.sub(r"\1\2\3 -", seen).strip()


def has_link_or_markup(text: str) -> bool:
    """Whether a sentence holds what loads, links or runs somewhere: an address, markdown link or picture, or HTML."""
    return bool(_LINK.search(text) or _MARKUP.search(text) or TURN_TOKEN.search(text))
