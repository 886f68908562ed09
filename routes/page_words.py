"""What every page's template needs: its language, its words, the other language's words, where else one can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from chatbot.accounts.principal import Role
from routes.assets import asset
from routes.auth import current_principal, is_known
from routes.permissions import needed
from routes.words import LANGUAGES, Language, words_in


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the site, as the top of each page links to it."""

    name: str
    """Its entry in `[sections]`."""
    address: str
    here: bool


SECTIONS: tuple[tuple[str, Role, str, tuple[str, ...]], ...] = (
    ("ask", "learner", "pages.chat", ("pages", "sent")),
    ("learn", "learner", "take.home", ("take",)),
    ("studio", "educator", "studio.home", ("studio", "studio_new", "studio_items", "studio_bank", "studio_files",
                                            "studio_illustrate")),
    ("usage", "admin", "dashboard.dashboard", ("dashboard",)),
    ("clinical", "admin", "clinical.overview",
     ("clinical", "clinical_new", "clinical_replies", "clinical_versions", "clinical_queue")))
"""Name, least role, first page, blueprints."""


def page_words() -> dict[str, Any]:
    """`language`, `other`, `words`, `other_words`, `sections` and `asset`, for the current request."""
    language = page_language()
    other: Language = "sw" if language == "en" else "en"
    return {"language": language, "other": other, "words": words_in(language), "other_words": words_in(other),
            "sections": _sections(language), "asset": asset}


def page_language() -> Language:
    """What the address or the form asks for, else what the phone is set to, else English."""
    asked = request.values.get("lang")
    wanted = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES)
    return next((language for language in LANGUAGES if language == wanted), "en")


def _sections(language: Language) -> list[Section]:
    """Where whoever looks may go; nowhere before she has signed in."""
    if needed(request.endpoint or "") == "public" or not is_known():
        return []
    principal = current_principal()
    return [Section(name, url_for(endpoint, lang=language), request.blueprint in blueprints)
            for name, role, endpoint, blueprints in SECTIONS if principal.may(role)]
