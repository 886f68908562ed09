"""Negation, framing, spelling, numbers and speed of triage."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.safety.levels import LEVELS, Triage
from chatbot.safety.triage import triage
from tests.effort import effort


def level(message, stage=None):
    return triage(message, stage).level


def test_a_haemorrhage_in_pregnancy_is_an_emergency():
    found = triage("I am pregnant and bleeding heavily")
    assert found.level == "emergency"
    assert found.signs[0] == "bleeding-in-pregnancy"


@pytest.mark.parametrize("message", [
    "no bleeding", "not bleeding now", "without fever", "haven't had any bleeding or fever", "I don't have a headache",
    "sina damu", "hakuna homa", "sijatokwa na damu", "homa hakuna", "sina damu wala homa", "no fever, bleeding or pain",
])
def test_what_is_denied_raises_nothing(message):
    assert triage(message) == Triage()


@pytest.mark.parametrize(("message", "sign"), [
    ("no bleeding but severe headache", "severe-headache"),
    ("it won't stop bleeding", "bleeding-in-pregnancy"),
    ("hasn't stopped bleeding", "bleeding-in-pregnancy"),
    ("damu haikomi", "bleeding-after-birth"),
    ("baby not moving", "baby-not-moving"),
    ("she is not breathing", "trouble-breathing"),
    ("mtoto hanyonyi", "newborn-not-feeding"),
    ("mtoto hachezi", "baby-not-moving"),
    ("I am not sure if I am bleeding", "bleeding-in-pregnancy"),
    ("not only headache, I also see stars", "vision-trouble"),
    ("sina homa lakini damu inatoka nyingi", "bleeding-in-pregnancy"),
    ("my sister had fits last year and now I have fits", "fits"),
])
def test_a_negative_that_is_the_sign_and_what_follows_a_denial_count(message, sign):
    found = triage(message)
    assert sign in found.signs
    assert found.level == "emergency"


@pytest.mark.parametrize("message", [
    "my sister had fits last year", "what are the danger signs?", "is bleeding normal after birth?",
    "what causes convulsions in pregnancy", "dada yangu alikuwa na kifafa mwaka jana",
    "dalili za kifafa cha mimba ni zipi",
    "when should i call the doctor about bleeding", "tell me about severe headache in pregnancy",
    "in my last pregnancy i had bleeding", "what should i do in case my water breaks",
])
def test_questions_for_information_and_the_past_of_others_raise_nothing(message):
    assert level(message) == "none"


@pytest.mark.parametrize("message", [
    "i am bleeding, is it normal?", "is it normal to bleed heavily like this since morning",
    "what causes my bleeding today",
    "my sister is having fits now", "am leaking something since morning is it ok",
])
def test_a_question_about_a_present_sign_still_counts(message):
    assert level(message) == "emergency"


def test_a_sign_that_is_over_weighs_one_level_less():
    assert level("I had bleeding yesterday 20 weeks but it has stopped") in {"urgent", "emergency"}
    assert level("the fever is gone") == "soon"


@pytest.mark.parametrize("message", [
    "am bl33ding and pregnant", "am bleeeeeding and pregnant", "am b l e e d i n g and pregnant",
    "am ｂｌｅｅｄｉｎｇ and pregnant", "am ble\u200beding and pregnant", "am bleedin\u202eg\u202c and pregnant",
    "am blееding and pregnant", "am blding and pregnant", "am BLEEDING and pregnant", "am bleding nd prgnant",
    "pregnant and 🩸 coming out", "am b.l.e.e.d.i.n.g and pregnant", "am blëeding and pregnant",
    "am bleed\U000e0069ing and pregnant", "niko preg na nableed",
])
def test_spelling_and_disguises_do_not_hide_a_sign(message):
    assert level(message) == "emergency"


@pytest.mark.parametrize(("message", "expected"), [
    ("bp 120/80", "none"), ("bp is 142/88", "urgent"), ("bp 138/92", "urgent"), ("presha 165/100", "emergency"),
    ("bp 150 over 112", "emergency"), ("temp 37.2", "none"), ("temp 38", "urgent"),
    ("my temperature is 100.4 F", "urgent"),
    ("baby temp 35.1", "emergency"), ("I use 2 pads a day after birth", "none"),
    ("I gave birth and use 2 pads an hour", "emergency"), ("a pad every 4 hours since birth", "none"),
    ("nimezaa na najaza pad kila saa", "emergency"), ("open 24/7 clinic", "none"),
    ("contractions every 5 minutes at 30 weeks", "emergency"), ("contractions every 5 minutes at 39 weeks", "urgent"),
    ("cant feel baby move at 12 weeks", "none"), ("cant feel baby move at 28 weeks", "emergency"),
])
def test_readings_meet_their_limits(message, expected):
    assert level(message) == expected


def test_light_bleeding_after_birth_is_not_an_emergency_and_heavy_is():
    assert level("I gave birth a week ago, light bleeding") in {"none", "soon"}
    assert level("bleeding a lot", "postnatal") == "emergency"
    assert level("bleeding", "antenatal") == "emergency"


@pytest.mark.parametrize("message", ["", " ", "?!", "\u200b", "hello", "1234", "👍"])
def test_messages_without_words_raise_nothing(message):
    assert triage(message) == Triage()


@pytest.mark.parametrize("message", [
    "a" * 4000, "bleeding severe no " * 220, "b l e e d " * 400, "150/90 38.5 " * 340, "pad 3 hour " * 370,
    "no pain and my baby not moving head hurts blood water leak " * 68, "-_. " * 1000, "haijahawasi" * 360,
])
def test_four_thousand_characters_take_less_than_fifty_milliseconds(message):
    triage("warm up")
    assert effort(lambda: triage(message[:4000]), 5) < 0.05


def test_rules_and_lexicon_load_quickly():
    code = ("import time; from chatbot.safety.triage import triage; start = time.thread_time(); triage('hello');"
            "spent = time.thread_time() - start; assert spent < 0.4, spent")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_sign_at_either_end_of_a_very_long_message_is_found():
    filler = "the garden is green " * 2000
    assert level("I am pregnant and bleeding. " + filler) == "emergency"
    assert level(filler + ". I am pregnant and bleeding") == "emergency"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, "antenatal", "postnatal", "unknown"]))
def test_any_text_gets_a_level_and_known_signs(message, stage):
    found = triage(message, stage)
    assert found.level in LEVELS
    assert bool(found.signs) == (found.level != "none")


def test_importing_triage_reads_no_data_and_no_heavy_library():
    code = ("import sys, chatbot.safety.triage as t; from chatbot.safety.signs import shipped_signs;"
            "assert shipped_signs.cache_info().currsize == 0;"
            "assert not {'torch', 'transformers', 'openai', 'together', 'flask'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("message", [
    "i am bleeding, my sister had it too last year", "we are stuck in traffic and she is bleeding a lot, 8 months",
    "blood is running into my shoes, i gave birth yesterday", "haha i am bleeding at 20 weeks",
    "he said he will kill me lol", "i fainted in class today, 20 weeks",
    "maji kama damu yanatoka nifanye nini, nina mimba",
    "when i cough blood comes out what is it, i am pregnant", "if i stand i faint what should i do",
    "this is my first pregnancy and i noticed blood on my panties", "first time mum, i bled a lot this week, 5 months",
    "what if i am bleeding at 5 months", "the baby no longer moves, 34 weeks",
    "scan was fine but bleeding started again, 12 weeks", "alianguka akatetemeka na kutoa povu, mchungaji anaomba",
    "mume wangu hushinda akinipiga", "i had fits this morning, now i am fine",
    "nikikojoa damu inatoka nifanye nini, nina mimba", "mtoto hutapika kila kitu akinyonya, wiki mbili",
])
def test_what_happens_now_is_never_set_aside_for_the_words_around_it(message):
    assert level(message) in {"urgent", "emergency"}


@pytest.mark.parametrize("message", [
    "i dreamt that i was bleeding", "my boss will kill me if i am late haha", "this heat is killing me",
    "if my water breaks at night what should i carry first", "chupa ikipasuka usiku nifanye nini",
    "nikianza kutoka damu niende wapi kwanza", "can stress cause bleeding", "nakufa na hamu ya maembe",
    "in my first pregnancy i bled a lot, how will they prevent it this time", "mtoto akizaliwa na manjano huwekwa wapi",
    "baby had jaundice and was treated, now fine", "i bled at six weeks last year but the scan was fine",
    "for my nursing assignment: list five causes of antepartum haemorrhage", "moja, mbili, tatu",
    "mume wangu hunipiga picha na mtoto", "mtoto wangu anakua vizuri",
])
def test_stories_plans_and_figures_of_speech_are_no_alarm(message):
    assert level(message) in {"none", "soon"}


@pytest.mark.parametrize(("message", "expected"), [
    ("sugar is 16.3 after food, 26 weeks", "urgent"), ("sugar was 5.1", "none"), ("hb 6.4", "urgent"), ("hb 11.9",
    "none"),
    ("nimehesabu pumzi 68 kwa dakika, siku tisa", "emergency"), ("wiki kumi na saba mtoto hachezi, huanza lini",
    "none"),
    ("wiki thelathini na nne, mtoto hachezi", "emergency"), ("i am 42 weeks and nothing is happening", "urgent"),
    ("presha 154 kwa 99", "urgent"), ("pampers za usiku zinakaa masaa mangapi", "none"),
    ("mtoto wa miezi kumi ameanguka akijifunza kutembea", "none"),
])
def test_further_readings_meet_their_limits(message, expected):
    assert level(message) == expected


@pytest.mark.parametrize("message", [
    "a" * 20_000, "bleeding no " * 1_700, "b l e e d " * 2_000, "150/90 38.5 " * 1_700, "mtoto hachezi, sasa " * 1_000,
    "if it bleeds, now what " * 870, "pad 3 hour " * 1_800, "haijahawasi" * 1_800, "nilitoka damu na sasa " * 900,
    "wiki ya ya ya " * 1_500, "ya " * 6_600,
])
def test_twenty_thousand_hostile_characters_take_no_more_than_their_length(message):
    """Triage reads at most 12,000 characters: three times those of four thousand, and so three times their time."""
    triage("warm up")
    assert effort(lambda: triage(message[:20_000])) < 0.15
