"""A reply as a learner reads it: who answered and why, where it comes from, and what its review state means.

`static/chat.js` says the same of a streamed reply, from the same words; a browser test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from chatbot.chat.reply import ChatReply, Citation
from routes.words import Words


@dataclass(frozen=True, slots=True)
class Source:
    """One thing an answer rests on, ready to show."""

    title: str
    host: str
    """The authority's host name without `www.`; empty when `url` is no web address."""
    url: str
    quote: str
    review: str


def who_answered(reply: ChatReply, words: Words) -> str:
    """One or two sentences on who wrote the answer."""
    said = str(words["who"][_author(reply)]).format(provider=reply.provider, model=reply.model)
    return f"{said} {words['who']['fell_back']}" if reply.fell_back else said


def sources(reply: ChatReply, words: Words) -> list[Source]:
    """What the answer rests on, in its own order."""
    return [_source(citation, words) for citation in reply.citations]


def _author(reply: ChatReply) -> str:
    """The entry of `[who]` that fits."""
    if reply.provenance != "curated":
        return reply.provenance
    if reply.triage.level == "emergency":
        return "emergency"
    return "curated" if any(citation.quote for citation in reply.citations) else "no_card"


def _source(citation: Citation, words: Words) -> Source:
    parts = urlsplit(citation.url)
    host = (parts.hostname or "").removeprefix("www.") if parts.scheme in {"http", "https"} else ""
    return Source(citation.title, host, citation.url if host else "", citation.quote,
                  words["review"].get(citation.review, citation.review))
