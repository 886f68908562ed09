"""The contract that every stage file keeps, and how a stage is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from chatbot.errors import InvalidInput
from chatbot.knowledge.cards import Language
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.search import CardSearch, card_search
from chatbot.stages import STAGES_FOLDER, Bilingual, Stage, all_stages, read_stages, stage_named

LANGUAGES: tuple[Language, ...] = ("en", "sw")
a_stage = pytest.mark.parametrize("stage", all_stages(), ids=lambda stage: stage.id)
a_language = pytest.mark.parametrize("language", LANGUAGES)

STAGE = """
order = {order}
aliases = ["{alias}"]
focus = "The reader has a small child. Speak of food, play, sleep and vaccines."
title = {{ en = "Early years", sw = "Miaka ya kwanza" }}
summary = {{ en = "For parents of small children.", sw = "Kwa wazazi wa watoto wadogo." }}
questions = [
  {{ en = "What is play for?", sw = "Michezo ni ya nini?" }},
  {{ en = "How long to sleep?", sw = "Alale saa ngapi?" }},
]
"""


@pytest.fixture(scope="module")
def search() -> CardSearch:
    return card_search()


def write(folder: Path, name: str, order: int = 1, alias: str = "toddler") -> None:
    (folder / f"{name}.toml").write_text(STAGE.format(order=order, alias=alias), encoding="utf-8")


def test_the_stages_follow_the_way_of_a_mother() -> None:
    assert [stage.id for stage in all_stages()] == ["preconception", "antenatal", "birth", "postnatal"]


def test_every_stage_file_is_read() -> None:
    assert {stage.id for stage in all_stages()} == {path.stem for path in STAGES_FOLDER.glob("*.toml")}


@a_stage
def test_a_stage_is_found_by_its_id_and_by_each_alias(stage: Stage) -> None:
    for name in (stage.id, *stage.aliases):
        assert stage_named(name) is stage


@pytest.mark.parametrize(("name", "stage"), [
    ("prenatal", "antenatal"), ("pregnancy", "antenatal"), ("ANC", "antenatal"), ("ujauzito", "antenatal"),
    ("delivery", "birth"), ("labour", "birth"), ("Labor", "birth"), ("kujifungua", "birth"),
    ("postpartum", "postnatal"), ("newborn", "postnatal"), ("baby", "postnatal"),
    ("  Post-Partum ", "postnatal"), ("before_pregnancy", "preconception"),
])
def test_everyday_names_lead_to_their_stage(name: str, stage: str) -> None:
    assert stage_named(name).id == stage


@pytest.mark.parametrize("name", ["", "menopause", "ante", "antenatal; birth"])
def test_an_unknown_stage_is_the_callers_mistake_and_names_the_stages(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        stage_named(name)
    assert caught.value.field == "stage"
    assert caught.value.remedy is not None
    assert all(stage.id in caught.value.remedy for stage in all_stages())


def test_a_refusal_does_not_repeat_what_the_caller_wrote() -> None:
    with pytest.raises(InvalidInput) as caught:
        stage_named("my name is Wanjiru")
    assert "Wanjiru" not in f"{caught.value.detail} {caught.value.remedy}"


@a_stage
@a_language
def test_a_stages_words_are_in_the_language_they_say(stage: Stage, language: Language) -> None:
    for words in (stage.summary, *stage.questions):
        assert detect_language(getattr(words, language)) == language


@a_stage
@a_language
def test_the_example_questions_are_answered_by_the_stages_own_cards(
    stage: Stage, language: Language, search: CardSearch
) -> None:
    for question in stage.questions:
        found = search.find(getattr(question, language), language, stage.id)
        assert found, question
        assert found[0].card.stage == stage.id, question


def test_a_stage_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        all_stages()[0].title = Bilingual(en="Other", sw="Nyingine")  # type: ignore[misc]


def test_a_new_file_is_a_new_stage(tmp_path: Path) -> None:
    write(tmp_path, "toddlers", order=2)
    write(tmp_path, "babies", order=1, alias="baby")
    assert [stage.id for stage in read_stages(tmp_path)] == ["babies", "toddlers"]


def test_one_name_for_two_stages_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "toddlers", order=1, alias="Small-Child")
    write(tmp_path, "babies", order=2, alias="small child")
    with pytest.raises(ValueError, match="small child"):
        read_stages(tmp_path)


def test_two_stages_in_one_place_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "toddlers", order=1)
    write(tmp_path, "babies", order=1, alias="baby")
    with pytest.raises(ValueError, match="share a place"):
        read_stages(tmp_path)


def test_a_faulty_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "toddlers", order=0)
    with pytest.raises(ValueError, match=r"toddlers\.toml"):
        read_stages(tmp_path)
