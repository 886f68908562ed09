"""The lint's own promises: it never raises, repeats itself, is fast, and explains each finding in two languages."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.item import Evidence, Finding, Item
from chatbot.quizzes.lint import RULES, blocking, in_language, lint_item, lint_set, rows, rule_text

_WORDS = st.sampled_from(
    """the a not no never 400 mcg 0.4 mg two weeks 14 days every 6 hours once daily twice kila siku wiki mbili mara tatu
    kwa siku yote ya hapo juu A na B all of above both and or , . ; : ? ! ( ) miligramu 60 hadi 1/2 ½ ٣ valid until
    31 February 2025 iron tablets wanawake usitumie haipaswi which is an ___ <b> &amp; 999999999999999999999999
    """.split())
_TEXT = st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=25).map(" ".join))
_ITEMS = st.builds(
    Item, stem=_TEXT, options=st.lists(_TEXT, max_size=6).map(tuple),
    keys=st.lists(st.integers(-3, 9), max_size=3).map(tuple), rationale=st.lists(_TEXT, max_size=6).map(tuple),
    evidence=st.builds(Evidence, quote=_TEXT, card_id=st.sampled_from(["", "x"])),
    language=st.sampled_from(["en", "sw"]))
SOUND = Item(stem="When should the first visit be?", keys=(0,), language="en",
             options=("in the first 12 weeks", "in the last month", "on the day of birth"),
             evidence=Evidence(quote="Your first visit should be in the first 12 weeks.", card_id="first-visit"))


@settings(max_examples=300, deadline=None)
@given(item=_ITEMS, source=st.none() | _TEXT, bank=st.lists(_TEXT, max_size=3), expires=st.none() | st.dates())
@example(item=SOUND, source="", bank=[""], expires=date.min)
def test_no_item_makes_the_lint_raise_and_the_same_item_gets_the_same_findings(
        item: Item, source: str | None, bank: list[str], expires: date | None) -> None:
    asked: dict[str, Any] = {
        "source_text": source, "bank_stems": bank, "today": date(2026, 11, 21), "source_expires_on": expires}
    findings = lint_item(item, **asked)
    assert findings == lint_item(item, **asked)
    assert all(_is_whole(finding, item) for finding in findings)


@settings(max_examples=100, deadline=None)
@given(items=st.lists(_ITEMS, max_size=6), topics=st.lists(_TEXT, max_size=3))
def test_no_set_of_items_makes_the_lint_raise(items: list[Item], topics: list[str]) -> None:
    findings = lint_set(items, topics=topics)
    assert findings == lint_set(items, topics=topics)


@settings(max_examples=60, deadline=None)
@given(item=_ITEMS)
def test_an_item_without_exactly_one_key_is_always_blocked(item: Item) -> None:
    has_one = len(item.keys) == 1 and 0 <= item.keys[0] < len(item.options)
    assert ("not-one-key" in {finding.rule for finding in blocking(lint_item(item))}) is not has_one


def test_an_item_is_judged_fast_enough_to_lint_while_somebody_types() -> None:
    times = []
    for card in all_cards():
        words = card.en
        item = Item(stem=words.question, options=(words.key, *words.misconceptions), keys=(0,),
                    rationale=(words.text,) * 4, evidence=Evidence(quote=words.text, card_id=card.id))
        before = time.process_time()
        lint_item(item, source_text=words.text, bank_stems=("another stem",))
        times.append(time.process_time() - before)
    assert sorted(times)[int(0.98 * len(times))] < 0.05, "20 ms on a quiet machine; this one may be busy"


def test_long_hostile_text_does_not_hang_the_lint() -> None:
    for text in ("a" * 20_000, "1 to " * 4_000, "<" * 20_000, "A and " * 3_000, "na " * 6_000, "every 6 " * 2_000):
        before = time.process_time()
        lint_item(SOUND.model_copy(update={"stem": text, "options": (text, "b", "c")}), source_text=text)
        assert time.process_time() - before < 5


def test_blocking_findings_come_first_and_are_the_ones_that_block() -> None:
    findings = lint_item(SOUND.model_copy(update={"stem": "Which is NOT so", "keys": ()}))
    assert findings[0].rule == "not-one-key"
    assert blocking(findings) == tuple(finding for finding in findings if finding.severity == "block")


def test_a_sound_item_has_no_findings() -> None:
    assert lint_item(SOUND, source_text=SOUND.evidence.quote) == ()


def test_a_bank_can_be_asked_for_a_stem_instead_of_listing_all() -> None:
    asked = []

    def in_bank(key: str) -> bool:
        asked.append(key)
        return True

    assert [finding.rule for finding in lint_item(SOUND, in_bank=in_bank)] == ["duplicate-in-bank"]
    assert asked == ["when should first visit be"]


def test_a_finding_says_the_same_in_swahili_with_the_item_s_own_words_kept() -> None:
    finding, = lint_item(SOUND.model_copy(update={
        "options": ("in the first 12 weeks", "all of the above", "on the day of birth")}))
    swahili = in_language(finding, "sw")
    assert swahili.message == f"{rule_text('complex-options', 'sw')[0]} (“all of the above”)"
    assert swahili.remedy == rule_text("complex-options", "sw")[1]
    assert in_language(swahili, "sw").rule == "complex-options"


def test_each_rule_has_its_words_in_both_languages_and_each_text_its_rule() -> None:
    for rule in RULES:
        for language in ("en", "sw"):
            message, remedy = rule_text(rule.id, language)  # type: ignore[arg-type]
            assert message.endswith(".")
            assert remedy.endswith(".")
    assert len({rule.id for rule in RULES}) == len(RULES) == len(rows())
    assert all(rule.source and rule.about.endswith(".") for rule in RULES)


def _is_whole(finding: Finding, item: Item) -> bool:
    part, _, place = finding.field.partition(".")
    last = {"options": len(item.options), "rationale": len(item.rationale)}.get(part, 0)
    return bool(finding.message and finding.remedy) and (not place or int(place) < last)
