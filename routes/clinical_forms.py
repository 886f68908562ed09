"""Reads the forms of the clinical lead's pages: what was typed, made into a sign or a reply; or what is wrong."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from werkzeug.datastructures import MultiDict

from chatbot.errors import InvalidInput
from chatbot.safety.levels import LEVELS
from chatbot.safety.patterns import parse
from chatbot.safety.signs import STAGES, Sign, known_concepts, read_sources
from chatbot.safety.versions.text import sign_from, table_of
from chatbot.safety.wordings import Wording, reply_kinds

MOST_LINES = 200
LONGEST_LINE = 500
LONGEST_TITLE = 80
GROUPS = ("obstetric", "postpartum", "newborn", "mind_and_violence")
TEXTS = ("patterns", "examples", "counter_examples")

Form = MultiDict[str, str]


def typed(form: Form) -> dict[str, Any]:
    """The fields of a sign as they were typed; nothing is checked yet. What the form does not hold is left out."""
    found: dict[str, Any] = {
        "tier": form.get("tier", ""), "stages": form.getlist("stages"), "sources": form.getlist("sources"),
        **{name: lines(form.get(name, "")) for name in TEXTS}}
    if "title_en" in form:
        found["title"] = {language: " ".join(form.get(f"title_{language}", "").split()) for language in ("en", "sw")}
    return found | {name: form[name].strip() for name in ("id", "group", "reply") if name in form}


def read_sign(form: Form, old: Sign) -> Sign:
    """The sign that a form describes; what the form does not hold stays as it was. Raises InvalidInput."""
    return _sign({**table_of(old), **typed(form), "id": old.id, "group": old.group})


def read_new_sign(form: Form) -> Sign:
    """The new sign that a form describes. Raises InvalidInput."""
    return _sign({"id": "", "group": "", "title": {"en": "", "sw": ""}, **typed(form)})


def read_wording(form: Form) -> Wording:
    """The texts of a reply, as they were typed."""
    return {language: form.get(language, "").replace("\r\n", "\n").strip() for language in ("en", "sw")}


def _sign(fields: dict[str, Any]) -> Sign:
    _check(fields)
    if not fields.get("reply"):
        fields.pop("reply", None)
    try:
        return sign_from(fields)
    except (KeyError, TypeError, ValueError) as fault:
        raise InvalidInput(f"This sign cannot be saved: {fault}.", field="patterns") from fault


def _check(fields: dict[str, Any]) -> None:
    """Raises InvalidInput naming the first field that is wrong, in the order of the form."""
    if fields["group"] not in GROUPS:
        raise InvalidInput("Choose where this sign stands.", field="group")
    for language, title in fields["title"].items():
        if not (3 <= len(title) <= LONGEST_TITLE and title.isprintable()):
            raise InvalidInput(f"A title has 3 to {LONGEST_TITLE} characters, in both languages.",
                               field=f"title_{language}")
    if fields["tier"] not in LEVELS[1:]:
        raise InvalidInput("There is no such tier.", field="tier")
    if fields.get("reply", "") not in ("", *reply_kinds()):
        raise InvalidInput("There is no such reply.", field="reply")
    if not fields["stages"] or not set(fields["stages"]) <= set(STAGES):
        raise InvalidInput("Choose at least one of the stages.", field="stages")
    for name in TEXTS:
        _check_lines(name, fields[name])
    for rule in fields["patterns"]:
        _check_rule(rule)
    if not fields["sources"] or not set(fields["sources"]) <= read_sources().keys():
        raise InvalidInput("A sign rests on at least one of the sources.", field="sources")


def lines(text: str) -> list[str]:
    """One entry a line; empty lines do not count, and of two that are the same one."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def number(form: Form, name: str) -> int:
    """A whole number that our own page put into its form. Raises InvalidInput."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput("This form is not whole. Open the page again.", field=name)
    return int(text)


def _check_lines(name: str, found: list[str]) -> None:
    if not found:
        raise InvalidInput("At least one line is needed.", field=name)
    if len(found) > MOST_LINES:
        raise InvalidInput(f"These are more than {MOST_LINES} lines.", field=name)
    if any(len(line) > LONGEST_LINE for line in found):
        raise InvalidInput(f"A line is longer than {LONGEST_LINE} characters.", field=name)


def _check_rule(rule: str) -> None:
    """Raises InvalidInput naming the rule, and for a meaning that is none the ones that look like it."""
    try:
        concepts = parse(rule).concepts()
    except ValueError as fault:
        raise InvalidInput(f"The rule {rule!r} cannot be read ({fault}).", field="patterns") from fault
    for strange in sorted(concepts - known_concepts()):
        alike = get_close_matches(strange, known_concepts(), n=3)
        raise InvalidInput(f"The rule {rule!r} names {strange!r}, which is not a meaning that is known.",
                           field="patterns", remedy=f"Did you mean {' or '.join(alike)}?" if alike else
                           "Choose from the meanings below.")
