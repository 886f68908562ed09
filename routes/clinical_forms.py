"""Reads the forms of the clinical lead's pages: what was typed, made into a sign; or what is wrong with it."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from chatbot.errors import InvalidInput
from chatbot.safety.levels import LEVELS
from chatbot.safety.patterns import parse
from chatbot.safety.signs import STAGES, Sign, read_sources
from chatbot.safety.versions_text import sign_from, table_of

MOST_LINES = 200
LONGEST_LINE = 500
TEXTS = ("patterns", "examples", "counter_examples")

Form = MultiDict[str, str]


def typed(form: Form) -> dict[str, Any]:
    """The fields of a sign as they were typed; nothing is checked yet."""
    return {"tier": form.get("tier", ""), "stages": form.getlist("stages"), "sources": form.getlist("sources"),
            **{name: lines(form.get(name, "")) for name in TEXTS}}


def read_sign(form: Form, old: Sign) -> Sign:
    """The sign that a form describes; what the form does not hold stays as it was. Raises InvalidInput."""
    fields = typed(form)
    if fields["tier"] not in LEVELS[1:]:
        raise InvalidInput("There is no such tier.", field="tier")
    if not set(fields["stages"]) <= set(STAGES):
        raise InvalidInput("There is no such stage.", field="stages")
    if not fields["sources"] or not set(fields["sources"]) <= read_sources().keys():
        raise InvalidInput("A sign rests on at least one of the sources.", field="sources")
    for name in TEXTS:
        _check_lines(name, fields[name])
    for rule in fields["patterns"]:
        _check_rule(rule)
    try:
        return sign_from({**table_of(old), **fields})
    except (KeyError, TypeError, ValueError) as fault:
        raise InvalidInput(f"This sign cannot be saved: {fault}.", field="patterns") from fault


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
    try:
        parse(rule)
    except ValueError as fault:
        raise InvalidInput(f"The rule {rule!r} cannot be read ({fault}).", field="patterns") from fault
