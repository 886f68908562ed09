"""The contract that every fact card keeps, whatever its stage: a new card is tested before anyone writes a test for it.

Two bounds are choices. Reading level: a stage's median Flesch-Kincaid grade is at most 6, the level we write for, and
no card is above 9.5, because words such as "placenta" and "immunisation" lift a text of four sentences by some grades.
Sentences: nine in ten have at most 22 words and none has more than 32; the long ones are lists of signs or things.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from chatbot.knowledge.cards import Card, Language, Wording, all_cards, read_cards
from chatbot.knowledge.language import detect_language
from chatbot.stages import all_stages

CARDS = all_cards()
STAGES = [stage.id for stage in all_stages()]
LANGUAGES: tuple[Language, ...] = ("en", "sw")
WORDINGS = [pytest.param(card.wording(spoken), id=f"{card.id}-{spoken}") for card in CARDS for spoken in LANGUAGES]
DOMAINS = {
    "WHO": ("who.int",),
    "CDC": ("cdc.gov",),
    "NIH": ("nih.gov", "medlineplus.gov"),
    "Kenya MoH": ("health.go.ke", "familyhealth.go.ke", "nascop.or.ke"),
}
"""NASCOP is the ministry's HIV programme; MedlinePlus is made by NIH's National Library of Medicine."""
TOPICS = {"nutrition", "supplements", "danger-signs", "contact-schedule", "birth-preparedness", "breastfeeding",
          "newborn-care", "family-planning", "mental-health", "malaria", "hiv", "vaccines"}
PHONE_LIKE = re.compile(r"\+\s?\d|\d(?:[\s-]?\d){5,}|\b(?:999|112|911|1190|1195|719)\b")
CATCH_ALL = re.compile(r"\b(?:all|none|both) of (?:the above|these)\b|\bhapo juu\b|\b(?:zote|yote|vyote) hizi\b", re.I)

a_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
a_wording = pytest.mark.parametrize("wording", WORDINGS)
a_stage = pytest.mark.parametrize("stage", STAGES)
a_language = pytest.mark.parametrize("language", LANGUAGES)


def of_stage(stage: str) -> list[Card]:
    return [card for card in CARDS if card.stage == stage]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:;])\s+", text)


def syllables(word: str) -> int:
    """Groups of vowels, less a silent final e or ed; good to about one in ten words of English."""
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = re.search(r"(?:[^aeiouyl]e|[^aeiouytd]ed)$", word)
    return max(1, groups - bool(silent))


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade of an English text: years of school needed to read it."""
    words = re.findall(r"[a-z']+", text.lower())
    return 0.39 * len(words) / len(sentences(text)) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z']{3,}", text.lower()))


def says(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.I) is not None


@a_stage
def test_every_stage_has_at_least_fifteen_cards(stage: str) -> None:
    assert len(of_stage(stage)) >= 15


def test_every_card_belongs_to_a_stage_that_exists() -> None:
    assert {card.stage for card in CARDS} == set(STAGES)
    assert len(CARDS) >= 60


def test_the_topics_a_mother_asks_about_are_all_covered() -> None:
    assert {card.topic for card in CARDS} >= TOPICS


@a_language
def test_no_question_or_title_is_asked_twice(language: Language) -> None:
    for part in ("question", "title"):
        counts = Counter(getattr(card.wording(language), part).casefold() for card in CARDS)
        assert [one for one, times in counts.items() if times > 1] == []


@a_card
def test_the_source_is_a_page_of_the_authority_itself(card: Card) -> None:
    url = card.source.url
    host = url.host or ""
    assert url.scheme == "https"
    assert any(host == domain or host.endswith(f".{domain}") for domain in DOMAINS[card.source.authority]), host


@a_card
def test_only_a_card_with_a_named_reviewer_says_it_is_reviewed(card: Card) -> None:
    assert {card.en.review, card.sw.review} & {"reviewed"} == set() or card.reviewed_by
    assert card.en.review in ("awaiting clinical review", "reviewed")
    assert card.sw.review in ("awaiting native review", "reviewed")


@a_card
def test_keywords_are_in_both_languages_and_each_is_given_once(card: Card) -> None:
    english, swahili = (words_of(f"{w.title} {w.question} {w.text}") for w in (card.en, card.sw))
    asked = set().union(*map(words_of, card.keywords))
    assert asked & (english - swahili), "no English keyword of the card's own words"
    assert asked & (swahili - english), "no Swahili keyword of the card's own words"
    assert len({keyword.casefold() for keyword in card.keywords}) == len(card.keywords)


@a_card
def test_both_languages_give_the_same_numbers(card: Card) -> None:
    english, swahili = (sorted(re.findall(r"\d+", wording.text)) for wording in (card.en, card.sw))
    assert english == swahili


@a_card
@a_language
def test_a_wording_is_in_the_language_it_says(card: Card, language: Language) -> None:
    assert detect_language(card.wording(language).text) == language


@a_wording
def test_the_key_is_a_short_span_of_the_text(wording: Wording) -> None:
    assert wording.key in wording.text
    assert len(wording.key.split()) <= 18
    assert len(wording.key) < len(wording.text) / 2
    assert wording.question.endswith("?")


@a_wording
def test_no_misconception_stands_in_the_text(wording: Wording) -> None:
    assert [wrong for wrong in wording.misconceptions if says(wording.text, wrong)] == []


@a_wording
def test_no_option_is_part_of_another(wording: Wording) -> None:
    options = (wording.key, *wording.misconceptions)
    assert [(one, two) for one in options for two in options if one is not two and says(two, one)] == []


@a_wording
def test_no_option_catches_all(wording: Wording) -> None:
    assert not any(CATCH_ALL.search(option) for option in (wording.key, *wording.misconceptions))


@a_wording
def test_no_card_holds_anything_like_a_phone_number(wording: Wording) -> None:
    everything = " | ".join((wording.title, wording.question, wording.text, *wording.misconceptions))
    assert not PHONE_LIKE.search(everything)


@a_stage
@a_language
def test_the_right_answer_is_not_given_away_by_its_length(stage: str, language: Language) -> None:
    wordings = [card.wording(language) for card in of_stage(stage)]
    longest = sum(len(one.key) > max(map(len, one.misconceptions)) for one in wordings)
    assert longest <= 0.6 * len(wordings)


@a_wording
def test_no_sentence_is_longer_than_thirty_two_words(wording: Wording) -> None:
    assert [one for one in sentences(wording.text) if len(one.split()) > 32] == []


@a_stage
@a_language
def test_nine_in_ten_sentences_have_at_most_twenty_two_words(stage: str, language: Language) -> None:
    lengths = [len(one.split()) for card in of_stage(stage) for one in sentences(card.wording(language).text)]
    assert sum(length <= 22 for length in lengths) >= 0.9 * len(lengths)


@a_card
def test_no_english_text_is_harder_than_grade_nine_and_a_half(card: Card) -> None:
    assert reading_grade(card.en.text) <= 9.5


@a_stage
def test_the_english_of_a_stage_reads_at_grade_six_or_below(stage: str) -> None:
    assert median(reading_grade(card.en.text) for card in of_stage(stage)) <= 6


def test_the_reading_grade_tells_easy_from_hard() -> None:
    easy = "The cat sat. It ate the fish. Then it went to bed."
    hard = "Administration of prophylactic supplementation considerably diminishes haematological complications."
    assert reading_grade(easy) < 2 < 15 < reading_grade(hard)


def test_a_phone_number_would_be_noticed() -> None:
    assert all(PHONE_LIKE.search(text) for text in ("dial 999", "call 07-00-00-00", "+ 254"))
    assert not PHONE_LIKE.search("at 20, 26 and 30 weeks, 140/90, 400 micrograms")


CARD = '''
[[card]]
id = "{id}"
topic = "nutrition"
keywords = ["food", "chakula", "eat"]
source = {{ authority = "{authority}", title = "Healthy diet", url = "https://www.who.int/" }}
[card.en]
title = "Eat well"
question = "What should you eat?"
text = "Eat many kinds of food each day."
key = "{key}"
misconceptions = ["one kind of food", "no food"]
review = "awaiting clinical review"
[card.sw]
title = "Kula vizuri"
question = "Unapaswa kula nini?"
text = "Kula vyakula vya aina nyingi kila siku."
key = "vyakula vya aina nyingi"
misconceptions = ["chakula cha aina moja", "usile chochote"]
review = "awaiting native review"
'''
GOOD = {"id": "eat-well", "authority": "WHO", "key": "many kinds of food"}


def write(folder: Path, *cards: dict[str, str]) -> Path:
    (folder / "antenatal.toml").write_text("".join(CARD.format(**card) for card in cards), encoding="utf-8")
    return folder


def test_a_card_takes_its_stage_from_its_file(tmp_path: Path) -> None:
    (card,) = read_cards(write(tmp_path, GOOD))
    assert (card.id, card.stage) == ("eat-well", "antenatal")


@pytest.mark.parametrize("fault", [{"key": "five a day"}, {"authority": "A blog"}, {"id": "Eat Well"}],
                         ids=["key not in the text", "unknown authority", "id not a slug"])
def test_a_bad_card_is_refused_with_its_file_and_id(tmp_path: Path, fault: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=rf"antenatal\.toml: card {fault.get('id', 'eat-well')}"):
        read_cards(write(tmp_path, {**GOOD, **fault}))


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"used twice: .*eat-well"):
        read_cards(write(tmp_path, GOOD, GOOD))
