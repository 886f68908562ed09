"""The fixed words for a triage, in the user's language, with the deployer's emergency numbers and the sources.

The words are data (`wordings.py`) and carry their review state; no model writes or changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from chatbot.safety.levels import LEVELS, Level, Triage
from chatbot.safety.signs import Sign, all_signs, shipped_signs
from chatbot.safety.wordings import REPLIES_FILE, Language, Wordings, all_wordings, reply_words

__all__ = ["REPLIES_FILE", "Cited", "Language", "filtered_text", "reply_text", "review_state", "sources", "stages_of"]
_FIRST = ("self-harm", "violence", "poisoning", "newborn", "general", "may-be-danger")
"""When signs of one level ask for different words: words about safety and dignity come before the general ones."""


class Cited(NamedTuple):
    """A published source of a sign that was found."""

    id: str
    """The sign's id."""
    title: str
    url: str
    authority: str


def _signs_by_id(more: Iterable[Sign] = ()) -> dict[str, Sign]:
    """Those in force, and the shipped ones: a sign that was found a moment ago has its words still."""
    return {sign.id: sign for sign in (*shipped_signs(), *all_signs(), *more)}


def stages_of(triage: Triage) -> tuple[str, ...]:
    """The stages that the gravest sign concerns; empty when there is no sign."""
    found = [_signs_by_id()[id_] for id_ in triage.signs if id_ in _signs_by_id()]
    return found[0].stages if found else ()


def reply_text(triage: Triage, language: Language, emergency_numbers: Mapping[str, str] | None = None,
               verified_on: date | None = None, *, signs: Iterable[Sign] = (), wordings: Wordings | None = None) -> str:
    """What to show for a triage; empty for level `none`.

    `emergency_numbers` maps a service's name to its number; they come from the deployer's settings with the day they
    were last verified. Several kinds of sign bring several paragraphs, the gravest first. `signs` and `wordings`: those
    of a draft, in place of what is in force.
    """
    if triage.level == "none":
        return ""
    words, by_id = reply_words(), _signs_by_id(signs)
    titles = "; ".join(by_id[id_].title[language] for id_ in triage.signs if id_ in by_id)
    parts = [_wording(triage.level, kind, wordings or all_wordings())[language].strip()
             for kind in _kinds(triage, by_id)]
    if titles:
        parts.append(f"{words['signs'][language]} {titles}.")
    if numbers := _numbers(language, emergency_numbers or {}, verified_on):
        parts.insert(1, numbers)
    return "\n\n".join(parts)


def filtered_text(language: Language, emergency_numbers: Mapping[str, str] | None = None,
                  verified_on: date | None = None) -> str:
    """What is said when a provider's content filter stopped an answer: never a dead end. Arguments as `reply_text`."""
    parts = [reply_words()["filtered"][language].strip(), _numbers(language, emergency_numbers or {}, verified_on)]
    return "\n\n".join(part for part in parts if part)


def review_state(language: Language) -> str:
    """Who still has to sign for the words of a language."""
    return str(reply_words()["review"][language])


def sources(triage: Triage) -> tuple[Cited, ...]:
    """The published sources of the signs found, each page once, gravest sign first."""
    cited: dict[str, Cited] = {}
    for id_ in triage.signs:
        for source in _signs_by_id()[id_].sources if id_ in _signs_by_id() else ():
            cited.setdefault(source.url, Cited(id_, source.title, source.url, source.authority))
    return tuple(cited.values())


def _kinds(triage: Triage, by_id: Mapping[str, Sign]) -> list[str]:
    """The wordings to show: those of the signs at least as grave as the triage itself, at most two."""
    wanted = {by_id[id_].reply or "general" for id_ in triage.signs
              if id_ in by_id and LEVELS.index(by_id[id_].tier) >= LEVELS.index(triage.level)} or {"general"}
    return [kind for kind in _FIRST if kind in wanted][:2]


def _wording(level: Level, kind: str, words: Wordings) -> Mapping[str, str]:
    """The words for a kind of sign; a kind without words of its own at this level keeps those for an emergency."""
    fallback = f"{level}.general" if kind in {"newborn", "may-be-danger"} else f"emergency.{kind}"
    return words.get(f"{level}.{kind}") or words.get(fallback) or words[f"{level}.general"]


def _numbers(language: Language, numbers: Mapping[str, str], verified_on: date | None) -> str:
    if not numbers:
        return ""
    words = reply_words()
    listed = ", ".join(f"{service}: {number}" for service, number in numbers.items())
    when = f" ({words['verified'][language]} {verified_on.isoformat()})" if verified_on else ""
    return f"{words['numbers'][language]} {listed}{when}"
