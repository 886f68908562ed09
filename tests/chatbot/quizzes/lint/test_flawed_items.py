"""The lint against hand-written flawed items: what it must catch, what it must leave alone."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot.knowledge.cards import Language, Wording, all_cards
from chatbot.knowledge.support import sentences
from chatbot.quizzes.item import Evidence, Finding, Item
from chatbot.quizzes.lint import RULES, blocking, lint_item
from tests.chatbot.quizzes.lint.flawed import Case, cases
from tests.chatbot.quizzes.lint.score import BLOCKING, scored

UNSUPPORTED = {"key-not-in-evidence", "key-contradicts-evidence"}
LANGUAGES: tuple[Language, ...] = ("en", "sw")
LEAST_CAUGHT = 0.95
MOST_FALSE_BLOCKS = 0.05


@pytest.mark.parametrize("held_out", [False, True], ids=["dev", "held out"])
def test_at_least_95_percent_of_blocking_flaws_are_caught(held_out: bool) -> None:
    score = scored(case for case in cases() if case.held_out is held_out)
    assert score.recall(BLOCKING) >= LEAST_CAUGHT, "\n".join(score.errors)


@pytest.mark.parametrize("held_out", [False, True], ids=["dev", "held out"])
def test_at_most_5_percent_of_sound_items_are_blocked(held_out: bool) -> None:
    score = scored(case for case in cases() if case.held_out is held_out)
    assert score.false_blocks <= MOST_FALSE_BLOCKS, "\n".join(score.errors)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_each_rule_catches_at_least_three_quarters_of_its_own_flaws(rule: str) -> None:
    score = scored(case for case in cases() if rule in case.fires | case.quiet)
    assert score.caught[rule] >= 0.75 * score.flaws[rule]
    assert score.false_alarms[rule] <= 0.25 * score.near_misses[rule]


def test_the_flawed_items_are_enough_to_judge_each_rule_by() -> None:
    fires = Counter(rule for case in cases() for rule in case.fires)
    quiet = Counter(rule for case in cases() for rule in case.quiet)
    ids = {rule.id for rule in RULES}
    assert sum(bool(case.fires) for case in cases()) >= 120
    assert set(fires) == set(quiet) == ids
    assert min(fires.values()) >= 4
    assert min(quiet.values()) >= 4
    assert sum(case.held_out for case in cases()) >= len(cases()) // 4


def test_no_rule_is_written_for_one_language_alone() -> None:
    def languages(case: Case) -> set[str]:
        return {item.language for item in case.items}

    for rule in RULES:
        told = [languages(case) for case in cases() if rule.id in case.fires]
        assert {"en"} in told, rule.id
        assert {"sw"} in told, rule.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_fact_card_makes_an_item_that_is_blocked(language: Language) -> None:
    blocked = {card.id: found for card in all_cards()
               if (found := blocking(_findings(card.wording(language), language, 0)))}
    assert blocked == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_misconception_that_is_marked_as_the_key_is_blocked(language: Language) -> None:
    wordings = [card.wording(language) for card in all_cards()]
    missed = [wording.misconceptions[place] for wording in wordings for place in range(len(wording.misconceptions))
              if not UNSUPPORTED & {finding.rule for finding in _findings(wording, language, 1 + place)}]
    assert len(missed) <= 0.01 * sum(len(wording.misconceptions) for wording in wordings), missed


def _findings(wording: Wording, language: Language, key: int) -> tuple[Finding, ...]:
    """Of a card's own item, with the key in its first place; `key` says which option is marked as right."""
    quote = next((one for one in sentences(wording.text) if wording.key in one), wording.text)
    item = Item(stem=wording.question, options=(wording.key, *wording.misconceptions), keys=(key,), language=language,
                evidence=Evidence(quote=quote, card_id="card"))
    return lint_item(item, source_text=wording.text)
