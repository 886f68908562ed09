"""Does the search find the right card, and keep silent when the cards hold no answer? Hand-written questions.

`questions.toml` says which questions were used to choose the weights and which were written afterwards. Measured over
136 cards: unseen English hit@1 0.82, hit@3 0.91; unseen Swahili 0.86, 0.95; one of 29 outside questions answered.
"""

from __future__ import annotations

import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatbot.knowledge.cards import Card, Language, all_cards
from chatbot.knowledge.search import CardSearch, card_search
from tests.effort import effort

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
LANGUAGES: tuple[Language, ...] = ("en", "sw")
GROUPS = ("tuning", "unseen")


@dataclass
class Measure:
    first: float
    in_three: float
    misses: list[str]


@pytest.fixture(scope="module")
def search() -> CardSearch:
    return card_search()


def found_ids(search: CardSearch, question: str, language: Language, stage: str | None = None) -> list[str]:
    return [passage.card.id for passage in search.find(question, language, stage)]


def measure(search: CardSearch, expected: dict[str, str], language: Language) -> Measure:
    """Share of questions whose first, or first three, passages hold an expected card."""
    found = {question: found_ids(search, question, language) for question in expected}
    first = [question for question, ids in found.items() if ids[:1] and ids[0] in expected[question].split()]
    in_three = [question for question, ids in found.items() if set(ids) & set(expected[question].split())]
    misses = [f"{question!r} -> {found[question]}" for question in expected if question not in in_three]
    return Measure(len(first) / len(expected), len(in_three) / len(expected), misses)


def test_every_expected_card_exists() -> None:
    known = {card.id for card in all_cards()}
    answers = [ids for group in GROUPS for language in LANGUAGES for ids in QUESTIONS[group][language].values()]
    assert {one for ids in answers for one in ids.split()} <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_unseen_questions_reach_every_stage(language: Language) -> None:
    stage_of = {card.id: card.stage for card in all_cards()}
    reached = {stage_of[one] for ids in QUESTIONS["unseen"][language].values() for one in ids.split()}
    assert reached == set(stage_of.values())


@pytest.mark.parametrize(("language", "first", "in_three"), [("en", 0.75, 0.90), ("sw", 0.70, 0.80)])
@pytest.mark.parametrize("group", GROUPS)
def test_the_right_card_is_found(
    search: CardSearch, group: str, language: Language, first: float, in_three: float
) -> None:
    got = measure(search, QUESTIONS[group][language], language)
    assert got.in_three >= in_three, f"hit@3 {got.in_three:.3f}\n" + "\n".join(got.misses)
    assert got.first >= first, f"hit@1 {got.first:.3f}"


@pytest.mark.parametrize(("group", "allowed"), [("tuning", 0.10), ("unseen", 0.10), ("nearby", 0.30)])
def test_questions_outside_the_cards_get_no_answer(search: CardSearch, group: str, allowed: float) -> None:
    outside = [(question, language) for language in LANGUAGES for question in QUESTIONS[group]["outside"][language]]
    answered = [question for question, language in outside if found_ids(search, question, language)]
    assert len(answered) <= allowed * len(outside), f"{len(answered)} of {len(outside)}: {answered}"


@pytest.mark.parametrize(
    ("question", "card_id"),
    [
        ("how often brestfeeding", "how-often-to-breastfeed"),
        ("is jaundise dangerous", "newborn-jaundice"),
        ("why is a ceasarean done", "caesarean-reasons"),
        ("what is an episotomy", "episiotomy"),
    ],
)
def test_a_misspelt_word_finds_its_card(search: CardSearch, question: str, card_id: str) -> None:
    assert card_id in found_ids(search, question, "en")


@pytest.mark.parametrize("question", ["mtoto analia sana", "watoto wanalia sana", "mtoto wangu hulia sana"])
def test_forms_of_a_swahili_word_find_the_same_card(search: CardSearch, question: str) -> None:
    assert found_ids(search, question, "sw")[0] == "crying-baby"


@pytest.mark.parametrize("question", ["breastfeeding nikiwa na HIV ni salama?", "cord ya mtoto niweke nini"])
def test_a_question_in_two_languages_is_understood(search: CardSearch, question: str) -> None:
    assert set(found_ids(search, question, "sw")) & {"hiv-and-breastfeeding", "cord-care"}


def test_a_swahili_question_can_be_answered_in_english(search: CardSearch) -> None:
    passage = search.find("chanjo ya surua hutolewa lini", "en", None)[0]
    assert (passage.card.id, passage.language) == ("measles-rubella-vaccine", "en")


def test_the_stage_lifts_its_own_card_but_hides_no_other(search: CardSearch) -> None:
    scores = {
        stage: {passage.card.id: passage.score for passage in search.find("HIV baby", "en", stage, limit=20)}
        for stage in (None, "birth")
    }
    assert scores["birth"].keys() == scores[None].keys()
    lifted = {one for one, score in scores["birth"].items() if score > scores[None][one]}
    assert lifted == {card.id for card in all_cards() if card.stage == "birth"} & scores["birth"].keys() != set()


def test_no_more_than_the_limit_comes_back_best_first(search: CardSearch) -> None:
    passages = search.find("breastfeeding and breast milk", "en", None, limit=2)
    assert len(passages) == 2
    assert passages[0].score >= passages[1].score


@pytest.mark.parametrize("question", ["", "?!", "is it ok", "je ni nini", "my baby", '"', "^ * ( NEAR", "\x00", "9"])
def test_a_question_that_names_nothing_gets_no_answer(search: CardSearch, question: str) -> None:
    assert search.find(question, "en", None) == ()


def test_an_index_without_cards_answers_nothing() -> None:
    assert CardSearch(()).find("what is colostrum", "en", None) == ()


def test_threads_share_one_index(search: CardSearch) -> None:
    wanted = list(QUESTIONS["tuning"]["en"])[:20]
    alone = [search.find(question, "en", None) for question in wanted]
    together: dict[int, list[object]] = {}

    def ask(thread: int) -> None:
        together[thread] = [search.find(question, "en", None) for question in wanted]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[number] for number in range(8)] == [alone] * 8


def test_no_question_hangs_the_search(search: CardSearch) -> None:
    for question in (*QUESTIONS["tuning"]["en"], "mtoto " * 800, "a" * 4_000, "is my baby " * 400):
        assert effort(lambda asked=question: search.find(asked, "en", None)) < 0.25


def test_nearly_every_card_is_found_by_its_own_question(search: CardSearch) -> None:
    def lost(card: Card, language: Language) -> bool:
        return card.id not in found_ids(search, card.wording(language).question, language, card.stage)

    missing = [(card.id, language) for card in all_cards() for language in LANGUAGES if lost(card, language)]
    assert len(missing) <= 0.03 * len(all_cards()) * len(LANGUAGES), missing
