"""What each rule says to the editor, in English and Swahili (texts.toml)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Finding


def rule_text(rule_id: str, language: Language) -> tuple[str, str]:
    """Message and remedy of a rule. Raises KeyError for an id that texts.toml does not have."""
    words = _texts()[rule_id]
    return (words["sw"], words["remedy_sw"]) if language == "sw" else (words["en"], words["remedy_en"])


def in_language(finding: Finding, language: Language) -> Finding:
    """A finding in another language; the words it quotes from the item stay as they are."""
    english, _ = rule_text(finding.rule, "en")
    message, remedy = rule_text(finding.rule, language)
    detail = finding.message.removeprefix(english)
    return finding.model_copy(update={"message": message + detail, "remedy": remedy})


@cache
def _texts() -> dict[str, dict[str, str]]:
    """Swahili texts wait for a native reviewer (`review` at the top of the file)."""
    tables = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
    return {name: table for name, table in tables.items() if isinstance(table, dict)}
