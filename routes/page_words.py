"""What every page's template needs: its language, its words, the other language's words, and how to address a file."""

from __future__ import annotations

from typing import Any

from flask import request

from routes.assets import asset
from routes.words import LANGUAGES, Language, words_in


def page_words() -> dict[str, Any]:
    """`language`, `other`, `words`, `other_words` and `asset`, for the current request."""
    language = page_language()
    other: Language = "sw" if language == "en" else "en"
    return {"language": language, "other": other, "words": words_in(language), "other_words": words_in(other),
            "asset": asset}


def page_language() -> Language:
    """What the address or the form asks for, else what the phone is set to, else English."""
    asked = request.values.get("lang")
    wanted = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES)
    return next((language for language in LANGUAGES if language == wanted), "en")
