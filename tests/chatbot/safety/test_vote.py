"""The learned vote: it raises, never lowers; it is small, quick, linear, and the same at every training."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from chatbot.safety.levels import LEVELS, Level
from chatbot.safety.patterns import parse
from chatbot.safety.signs import shipped_signs
from chatbot.safety.triage import matches, triage, understood
from chatbot.safety.vote import WEIGHTS, WEIGHTS_FILE, Evidence, Vote, the_emergency_vote, the_vote
from chatbot.safety.words.reading import Reading
from tests.chatbot.safety.measuring import by_rules_alone, messages
from training.danger_votes import danger_vote
from training.examples import Example, written

DEV = [one.text for one in messages("dev")]


def test_the_vote_raises_a_level_and_never_lowers_one():
    pairs = [(LEVELS.index(by_rules_alone(text).level), LEVELS.index(triage(text).level)) for text in DEV]
    assert all(with_vote >= alone for alone, with_vote in pairs)
    assert sum(with_vote > alone for alone, with_vote in pairs) > 20


def test_a_doubtful_rule_says_soon_by_itself_and_its_tier_when_the_vote_agrees():
    pattern = parse("? fit ^asks-about")
    doubtful = replace(next(sign for sign in shipped_signs() if sign.id == "fits"), patterns=(pattern,))
    story, event = "the toddler throws fits when he wants sweets", "she had a fit this morning and is confused"
    assert [(one.level, one.doubted) for one in matches(story, signs=[doubtful])] == [("soon", "emergency")]
    assert [one.level for one in matches(event, signs=[doubtful])] == ["emergency"]
    assert [one.level for one in matches(event, signs=[doubtful], with_vote=False)] == ["soon"]


@pytest.mark.parametrize("message", ["i have fits", "lol i am having fits again", "nina degedege"])
def test_what_is_told_outright_needs_no_vote(message: str):
    doubtful = replace(next(sign for sign in shipped_signs() if sign.id == "fits"), patterns=(parse("? fit"),))
    assert [one.level for one in matches(message, signs=[doubtful], with_vote=False)] == ["emergency"]


def test_a_dangerous_number_needs_no_vote():
    sign = replace(next(one for one in shipped_signs() if one.id == "newborn-temperature"),
                   patterns=(parse("? fever|temp-high young-baby @10"),))
    message = "baby wa 10 days ako na fever 38.9, naweza mpea calpol?"
    assert [one.level for one in matches(message, signs=[sign], with_vote=False)] == ["emergency"]


def test_the_vote_is_not_asked_when_a_rule_already_says_urgent():
    assert "may-be-danger" not in triage("I am pregnant and bleeding heavily").signs


def test_a_raised_message_names_the_rule_that_asked_for_the_vote():
    raised = [one for text in DEV for one in matches(text) if one.sign.id == "may-be-danger"]
    assert {one.rule for one in raised} == {"learned-vote"}
    assert {one.level for one in raised} == {"urgent"}


class Always:
    """A vote that raises everything."""

    @staticmethod
    def raises(_: Evidence) -> bool:
        return True


@pytest.mark.parametrize(("message", "level"), [
    ("can i eat mango", "none"), ("my nipples are so sore and cracked after birth", "soon"),
    ("my face is swollen since morning", "emergency")])
def test_the_emergency_vote_is_asked_about_what_is_urgent_alone(
        monkeypatch: pytest.MonkeyPatch, message: str, level: Level):
    assert triage(message).level == ("urgent" if level == "emergency" else level)
    monkeypatch.setattr("chatbot.safety.triage.the_emergency_vote", Always)
    assert triage(message).level == level


def test_without_its_sign_the_emergency_vote_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("chatbot.safety.triage.the_emergency_vote", Always)
    others = [sign for sign in shipped_signs() if sign.id != "may-be-emergency"]
    assert matches("my face is swollen since morning", signs=others)[0].level == "urgent"


@pytest.mark.parametrize("message", ["headache", "swollen face", "homa", "kichwa kinauma"])
def test_a_word_or_two_are_too_little_to_vote_for_an_emergency(message: str):
    assert triage(message).level in {"soon", "urgent"}


def test_weights_are_small_and_whole():
    assert WEIGHTS_FILE.stat().st_size < 1_500_000
    assert len(the_vote().weights) == len(the_emergency_vote().weights) == WEIGHTS


@pytest.mark.parametrize("message", ["", "?!", "1234", "👍"])
def test_a_message_without_words_is_not_voted_on(message):
    assert Evidence(understood(message)).windows == []
    assert not the_vote().raises(Evidence(understood(message)))


def test_a_grave_sentence_counts_alike_at_either_end_of_a_long_message():
    vote, calm = the_vote(), "the garden is green and the tea is good. " * 60
    grave = "i wrote a goodbye letter and i have a rope"
    alone = vote.score(Evidence(understood(grave)))
    assert vote.score(Evidence(understood(f"{grave}. {calm}"))) > alone - 3
    assert vote.score(Evidence(understood(f"{calm}{grave}"))) > alone - 3


def test_what_is_scored_grows_no_faster_than_the_message():
    short, long = (sum(map(len, Evidence(understood("i feel strange and cold " * count)).windows))
                   for count in (100, 400))
    assert 3 * short < long < 5 * short


def test_training_learns_and_gives_the_same_weights_twice():
    told: list[tuple[str, Level]] = [
        ("blood is coming", "urgent"), ("she is jerking", "emergency"), ("baby is cold", "urgent"),
        ("can i eat mango", "none"), ("thank you", "none"), ("when is my clinic", "none")]
    examples = [Example(text, tier) for text, tier in told] * 5
    first, second = danger_vote(examples), danger_vote(examples)
    assert first == second
    grave, calm = (Evidence(understood(text)) for text in ("blood is coming", "can i eat mango"))
    assert first.score(grave) > 0 > first.score(calm)


def test_training_has_at_least_fifteen_hundred_written_messages_and_none_of_them_twice():
    texts = [one.text.casefold() for one in written()]
    assert len(texts) >= 1_500
    assert len(texts) - len(set(texts)) <= 0.01 * len(texts)


def test_no_training_message_is_in_the_sets_that_measure():
    frozen = {one.text.casefold() for half in ("test", "audit", "third_audit") for one in messages(half)}
    shared = sum(one.text.casefold() in frozen for one in written())
    assert shared == 0


def test_voting_needs_the_standard_library_only():
    code = ("import sys, chatbot.safety.vote as v; v.the_vote();"
            "assert not {'numpy', 'sklearn', 'torch'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_vote_of_no_weights_says_its_bias():
    empty = Vote(bias=-1.5, threshold=0.0, scale=0.1, weights=bytes(WEIGHTS))
    assert empty.score(Evidence(understood("anything at all"))) == -1.5
    assert empty.score(Evidence(Reading([], []))) == float("-inf")
