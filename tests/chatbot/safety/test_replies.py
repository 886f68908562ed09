"""The fixed replies: what they say, what they never say, and the numbers and sources they carry."""

import tomllib
from datetime import date

import pytest

from chatbot.safety.levels import Triage
from chatbot.safety.replies import REPLIES_FILE, reply_text, review_state, sources
from chatbot.safety.signs import all_signs
from chatbot.safety.triage import triage

WORDS = tomllib.loads(REPLIES_FILE.read_text(encoding="utf-8"))
TEXTS = [(level, kind, language, text) for level in ("emergency", "urgent", "soon")
         for kind, by_language in WORDS[level].items() for language, text in by_language.items()]


def test_a_haemorrhage_is_never_greeted_with_small_talk():
    found = triage("I am pregnant and bleeding heavily")
    text = reply_text(found, "en")
    assert found.level == "emergency"
    assert "beautiful journey" not in text.casefold()
    assert "congratulations" not in text.casefold()
    assert "now" in text
    assert "health facility" in text


@pytest.mark.parametrize("sign", all_signs(), ids=lambda sign: sign.id)
@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_sign_has_words_in_both_languages_that_name_it(sign, language):
    text = reply_text(Triage(sign.tier, (sign.id,)), language)
    assert sign.title[language] in text
    assert len(text) > 150


@pytest.mark.parametrize(("level", "kind", "language", "text"), TEXTS)
def test_fixed_words_hold_no_number_and_no_link(level, kind, language, text):
    assert not any(character.isdigit() for character in text), (level, kind, language)
    assert "http" not in text


def test_numbers_of_the_deployer_come_with_the_day_they_were_verified():
    text = reply_text(triage("nataka kujiua"), "sw", {"Ambulance": "<number>"}, date(2026, 10, 1))
    assert "Ambulance: <number>" in text
    assert "2026-10-01" in text
    assert "2026" not in reply_text(triage("nataka kujiua"), "sw", {"Ambulance": "<number>"})


def test_without_numbers_none_are_promised():
    assert WORDS["numbers"]["en"] not in reply_text(triage("i fainted"), "en")


@pytest.mark.parametrize(("message", "kind"), [
    ("I want to kill myself", "self-harm"), ("my husband beats me", "violence"), ("mtoto mchanga hapumui", "newborn"),
    ("i drank poison", "poisoning"), ("I fainted", "general"),
])
def test_special_signs_have_their_own_words(message, kind):
    assert WORDS["emergency"][kind]["en"].strip() in reply_text(triage(message), "en")


def test_a_message_with_two_kinds_of_sign_gets_both_wordings():
    text = reply_text(triage("my husband beat me and now i am bleeding, 5 months pregnant"), "en")
    assert WORDS["emergency"]["violence"]["en"].strip() in text
    assert WORDS["emergency"]["general"]["en"].strip() in text


def test_violence_that_is_over_keeps_the_words_about_safety():
    assert WORDS["emergency"]["violence"]["en"].strip() in reply_text(Triage("urgent", ("violence",)), "en")


def test_no_sign_no_reply():
    assert reply_text(Triage(), "en") == ""
    assert sources(Triage()) == ()


def test_sources_are_cited_once_each():
    cited = sources(triage("I am pregnant and bleeding heavily with severe headache"))
    assert cited
    assert len({one.url for one in cited}) == len(cited)
    assert {one.authority for one in cited} <= {"WHO", "CDC", "NIH", "Kenya MoH"}


def test_unreviewed_words_say_so():
    assert review_state("en") == "awaiting clinical review"
    assert review_state("sw") == "awaiting native review"


@pytest.mark.parametrize(("language", "named"), [
    ("en", ["bleeding", "fits", "headache", "severe pain", "breathe", "move less", "not feeding", "harming yourself"]),
    ("sw", ["damu", "degedege", "maumivu makali ya kichwa", "maumivu makali ya tumbo", "unapumua kwa shida",
            "anacheza kidogo", "hanyonyi", "kujidhuru"])])
def test_a_message_that_no_rule_names_gets_the_questions_that_decide(language, named):
    text = reply_text(Triage("urgent", ("may-be-danger",)), language)
    questions = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(questions) == 7
    assert all(line.endswith("?") for line in questions)
    assert all(any(word in line for line in questions) for word in named)


@pytest.mark.parametrize("kind", sorted(WORDS["urgent"]))
@pytest.mark.parametrize(("language", "at_once", "today"), [("en", ("at once", "now"), "today"),
                                                            ("sw", ("mara moja", "sasa"), "leo")])
def test_whoever_is_sent_today_is_told_when_to_go_at_once(kind, language, at_once, today):
    text = WORDS["urgent"][kind][language]
    assert today in text
    assert any(word in text for word in at_once)
