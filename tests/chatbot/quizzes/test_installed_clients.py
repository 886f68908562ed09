"""Clients that are already installed get approved items as soon as there are enough of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.hybrid_ai_service import HybridAIService
from tests.chatbot.quizzes.banked import Bank, an_item
from tests.house import make_settings


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'bank.db'}")


@pytest.fixture
def service(tmp_path: Path, bank: Bank) -> HybridAIService:
    return HybridAIService(make_settings(tmp_path), bank.engine, {})


def test_ten_published_items_of_a_stage_are_what_its_old_route_gives(bank: Bank, service: HybridAIService) -> None:
    bank.published(*(an_item(number) for number in range(12)))
    questions = service.generate_quiz_questions("prenatal")
    assert len({one["question"] for one in questions}) == 10
    assert {one["question"] for one in questions} <= {an_item(number).stem for number in range(12)}
    assert all(one["answer"].startswith("Iron") for one in questions)


def test_with_fewer_the_cards_give_all_ten(bank: Bank, service: HybridAIService) -> None:
    bank.published(*(an_item(number) for number in range(9)))
    questions = service.generate_quiz_questions("prenatal")
    assert len(questions) == 10
    assert not any("number" in one["question"] for one in questions)


def test_what_is_approved_but_not_published_is_not_given(bank: Bank, service: HybridAIService) -> None:
    bank.approved(*(an_item(number) for number in range(12)))
    assert not any("number" in one["question"] for one in service.generate_quiz_questions("prenatal"))


def test_the_cards_answer_when_the_database_does_not(bank: Bank, service: HybridAIService) -> None:
    with bank.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE quiz_editions RENAME TO gone")
    assert len(service.generate_quiz_questions("prenatal")) == 10
