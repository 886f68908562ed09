"""What is not drawn: every example of the rules' own file, and what people try around them."""

from __future__ import annotations

import pytest

from chatbot.images.lessons.errors import PromptRefused
from chatbot.images.lessons.prompt_safety import Rule, check_prompt, rules

REFUSED = [(rule, text) for rule in rules() for text in rule.refuses]
ALLOWED = [(rule, text) for rule in rules() for text in rule.allows]


@pytest.mark.parametrize(("rule", "text"), REFUSED, ids=lambda value: getattr(value, "id", value))
def test_what_a_rule_refuses_is_refused_with_its_name_and_a_remedy(rule: Rule, text: str) -> None:
    with pytest.raises(PromptRefused) as caught:
        check_prompt(text, real_people=rule.edits)
    assert caught.value.field == "prompt"
    assert caught.value.remedy
    assert "(rule: " in caught.value.detail


@pytest.mark.parametrize(("rule", "text"), REFUSED, ids=lambda value: getattr(value, "id", value))
def test_each_refused_example_breaks_its_own_rule(rule: Rule, text: str) -> None:
    from chatbot.images.lessons.prompt_safety import Prompt

    assert rule.is_broken_by(Prompt.of(text))


@pytest.mark.parametrize(("rule", "text"), ALLOWED, ids=lambda value: getattr(value, "id", value))
def test_what_is_near_a_rule_and_harmless_breaks_no_rule_at_all(rule: Rule, text: str) -> None:
    check_prompt(text, real_people=rule.edits)


def test_every_rule_has_examples_in_both_languages_and_words_for_people() -> None:
    swahili = {"mama", "mtoto", "mwanamke", "mchoro", "picha", "msichana", "muuguzi", "bango", "mhudumu", "vyakula",
               "fanya", "andika", "mweke"}
    for rule in rules():
        for examples in (rule.refuses, rule.allows):
            said_in_swahili = [text for text in examples if swahili & set(text.casefold().replace(",", "").split())]
            if rule.id != "recognisable-procedure" or examples is rule.refuses:
                assert said_in_swahili, rule.id
        assert rule.says.en
        assert rule.says.sw
        assert rule.remedy.en
        assert rule.remedy.sw


@pytest.mark.parametrize("text", [
    "a N\u200ba\u200bked woman", "ｎａｋｅｄ woman", "NAKED WOMAN", "nakéd woman", "n.a.k.e.d woman", "a woman, n4k3d"])
def test_hiding_a_word_does_not_get_it_through(text: str) -> None:
    with pytest.raises(PromptRefused, match="nudity"):
        check_prompt(text)


def test_a_refusal_speaks_swahili_where_the_alt_text_would() -> None:
    with pytest.raises(PromptRefused, match="Damu, majeraha") as caught:
        check_prompt("mama akivuja damu", "sw")
    assert caught.value.remedy
    assert "Onyesha njia" in caught.value.remedy


def test_the_refusal_does_not_repeat_the_prompt() -> None:
    with pytest.raises(PromptRefused) as caught:
        check_prompt("A portrait of Asha Wanjiru in a clinic")
    assert "Asha" not in f"{caught.value.detail} {caught.value.remedy}"


def test_a_picture_that_shows_nobody_real_may_be_moved_into_a_clinic() -> None:
    check_prompt("Put it in a hospital corridor")
    with pytest.raises(PromptRefused, match="real-person-edited"):
        check_prompt("Put it in a hospital corridor", real_people=True)
