"""A model's sentence is shown only when its passages say the same."""

from __future__ import annotations

import pytest

from chatbot.calling.validity import Withheld
from chatbot.chat.support import SupportGate
from chatbot.errors import Unsupported
from chatbot.knowledge.support import Passages, sentences

IRON = ("Iron tablets prevent anaemia, which is weak blood. Take one tablet each day with water. "
        "Do not take them with tea or coffee, because tea blocks the iron. WHO advises 30 to 60 mg of iron a day.")
SWAHILI = "Meza kidonge kimoja kila siku pamoja na maji. Usinywe chai pamoja na kidonge kwa sababu chai huzuia madini."


@pytest.mark.parametrize("sentence", [
    "Iron tablets prevent anaemia.",
    "Take one tablet each day with water.",
    "You should not take the tablets with tea or coffee.",
    "WHO advises 30 to 60 mg of iron each day.",
    "Anaemia is weak blood.",
])
def test_what_the_passages_say_is_supported(sentence: str) -> None:
    assert Passages([IRON]).support(sentence)


@pytest.mark.parametrize("sentence", [
    "Take two tablets each day with water.",
    "WHO advises 120 mg of iron a day.",
    "Take them with tea or coffee.",
    "Do not take one tablet each day with water.",
    "Iron tablets prevent malaria.",
    "Take paracetamol each day with water.",
    "A baby should not be fed after birth.",
    "Go to Nairobi hospital for iron tablets.",
])
def test_a_new_number_word_or_a_turned_meaning_is_not(sentence: str) -> None:
    assert not Passages([IRON]).support(sentence)


def test_swahili_verbs_match_through_their_prefixes() -> None:
    passages = Passages([SWAHILI])
    assert passages.support("Unameza kidonge kimoja kila siku pamoja na maji.")
    assert not passages.support("Meza vidonge vitano kila siku.")
    assert not passages.support("Kunywa chai pamoja na kidonge.")


def test_sentences_end_at_stops_and_line_breaks_but_not_inside_numbers() -> None:
    found = sentences("Take 0.4 mg a day. Rest well!\n- Eat greens")
    assert found == ["Take 0.4 mg a day.", "Rest well!", "- Eat greens"]


def test_sentences_are_shown_one_by_one_as_they_are_found_good() -> None:
    gate = SupportGate(Passages([IRON]), whole=False)
    shown = [gate.feed(piece) for piece in ("Iron tablets prevent ", "anaemia. Take one ", "tablet each day. Do")]
    assert shown == ["", "Iron tablets prevent anaemia. ", "Take one tablet each day. "]
    assert gate.feed(" not take them with tea.") + gate.end("stop") == "Do not take them with tea."


def test_an_invented_first_sentence_fails_the_try() -> None:
    gate = SupportGate(Passages([IRON]), whole=False)
    with pytest.raises(Unsupported):
        gate.feed("Iron cures malaria in three days, as everyone knows. Take one ")


def test_a_later_invention_ends_the_answer_before_it() -> None:
    gate = SupportGate(Passages([IRON]), whole=False)
    assert gate.feed("Iron tablets prevent anaemia. Take") == "Iron tablets prevent anaemia. "
    with pytest.raises(Withheld):
        gate.feed(" 500 mg of ibuprofen. And")


def test_an_answer_asked_for_whole_is_refused_for_one_invention() -> None:
    gate = SupportGate(Passages([IRON]), whole=True)
    with pytest.raises(Unsupported):
        gate.feed("Iron tablets prevent anaemia. Take 500 mg of ibuprofen.\n")


def test_a_last_sentence_cut_at_the_token_limit_is_dropped() -> None:
    gate = SupportGate(Passages([IRON]), whole=True)
    shown = gate.feed("Iron tablets prevent anaemia. Take one tablet each")
    assert shown + gate.end("length") == "Iron tablets prevent anaemia. "


@pytest.mark.parametrize("bad", ["See www.iron.tablets.", "![iron](tablets).", "<b>Iron</b> tablets."])
def test_a_link_or_markup_made_of_the_passages_words_is_not_shown(bad: str) -> None:
    gate = SupportGate(Passages([IRON]), whole=True)
    with pytest.raises(Unsupported, match="link or markup"):
        gate.feed(f"Iron tablets prevent anaemia. {bad}\n")


def test_a_good_and_a_bad_sentence_in_one_piece_fail_the_try_so_that_something_is_shown() -> None:
    gate = SupportGate(Passages([IRON]), whole=False)
    with pytest.raises(Unsupported):
        gate.feed("Iron tablets prevent anaemia. Iron cures malaria in three days.\n")


def test_a_whole_english_answer_that_is_too_hard_is_left_to_the_card() -> None:
    hard = ("Haematological supplementation diminishes complications, particularly postoperative, gastrointestinal, "
            "cardiovascular, haemorrhagic, immunological, neurological, psychological, endocrinological, "
            "dermatological, ophthalmological, musculoskeletal, respiratory, urological, nutritional, occupational "
            "and environmental complications, notwithstanding physiological adaptation.")
    gate = SupportGate(Passages([hard]), whole=True)
    assert gate.feed(hard) == ""
    with pytest.raises(Unsupported, match="hard to read"):
        gate.end("stop")
    stream = SupportGate(Passages([hard]), whole=False)
    assert stream.feed(hard) + stream.end("stop") == hard
    swahili = SupportGate(Passages([hard]), whole=True, language="sw")
    assert swahili.feed(hard) + swahili.end("stop") == hard
