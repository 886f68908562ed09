"""Runs the rules over an item or a set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime

from chatbot.quizzes.item import Finding, Item
from chatbot.quizzes.lint.rule import Flaw, Judged, Rule, SetRule
from chatbot.quizzes.lint.rules import ITEM_RULES, SET_RULES
from chatbot.quizzes.lint.structure import MOST_RATIONALE
from chatbot.quizzes.lint.texts import rule_text
from chatbot.quizzes.stems import stem_key

_MOST_READ = 2 * MOST_RATIONALE


def lint_item(item: Item, *, source_text: str | None = None, bank_stems: Collection[str] = (),
              in_bank: Callable[[str], bool] | None = None, today: date | None = None,
              source_expires_on: date | None = None) -> tuple[Finding, ...]:
    """All flaws of an item, blocking ones first. Never raises on any item; the same for the same arguments.

    `source_text` is the whole card text or page that the evidence quotes; without it the item is judged by its quote.
    `bank_stems` are the stems, or stem keys, of the *other* items in the bank; `in_bank` asks a bank that is too big
    to list whether it holds a stem key. `source_expires_on` is the source's last good day, judged by `today` (UTC).
    """
    keys = frozenset(stem_key(stem) for stem in bank_stems)
    judged = Judged(item=_bounded(item), source_text=source_text, today=today or datetime.now(UTC).date(),
                    expires_on=source_expires_on,
                    taken=lambda key: key in keys or (in_bank is not None and in_bank(key)))
    return _worst_first(_finding(rule, flaw) for rule in ITEM_RULES for flaw in rule.check(judged))


def lint_set(items: Sequence[Item], *, topics: Collection[str] = ()) -> tuple[Finding, ...]:
    """The flaws that show only when the items of a quiz are seen together; `topics` are those it was to cover."""
    return _worst_first(_finding(rule, flaw) for rule in SET_RULES for flaw in rule.check(items, topics))


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that keep an item from being approved."""
    return tuple(finding for finding in findings if finding.severity == "block")


def _bounded(item: Item) -> Item:
    """The item with texts that are far too long cut: `too-long` speaks all the same, and no rule runs for seconds."""
    texts = (item.stem, *item.options, *item.rationale)
    if max(map(len, texts)) <= _MOST_READ:
        return item
    return item.model_copy(update={
        "stem": item.stem[:_MOST_READ], "options": tuple(text[:_MOST_READ] for text in item.options),
        "rationale": tuple(text[:_MOST_READ] for text in item.rationale)})


def _finding(rule: Rule | SetRule, flaw: Flaw) -> Finding:
    message, remedy = rule_text(rule.id, "en")
    return Finding(rule=rule.id, severity=rule.severity, remedy=remedy, field=flaw.field,
                   message=f"{message} ({flaw.detail})" if flaw.detail else message)


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.severity != "block"))
