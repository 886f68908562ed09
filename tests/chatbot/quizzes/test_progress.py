"""Streaks by the deployer's days, badges by their rules, and the normalised gain by Hake's formula."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from chatbot.quizzes.learning.gains import gains_of, group_gain, normalised_gain
from chatbot.quizzes.learning.progress import BADGES, Progress, longest_streak, progress_of, streak
from chatbot.quizzes.records.tables import ATTEMPTS
from tests.chatbot.quizzes.banked import LEARNER, ZONE, Bank, an_item

TODAY = date(2026, 3, 10)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


@pytest.mark.parametrize(("days_ago", "now", "longest"), [
    ([], 0, 0), ([0], 1, 1), ([1], 1, 1), ([2], 0, 1), ([0, 1, 2], 3, 3), ([1, 2, 3], 3, 3), ([0, 2, 3, 4], 1, 3),
    ([0, 0, 1], 2, 2), ([9, 8, 7, 6, 0], 1, 4)])
def test_a_streak_ends_only_when_a_whole_day_passes_without_an_attempt(days_ago: list[int], now: int,
                                                                       longest: int) -> None:
    days = [TODAY - timedelta(days=count) for count in days_ago]
    assert (streak(days, TODAY), longest_streak(days)) == (now, longest)


def test_a_streak_runs_over_the_end_of_a_month_and_a_leap_day() -> None:
    assert streak([date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)], date(2028, 3, 1)) == 3


@pytest.mark.parametrize("zone", ["Africa/Nairobi", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_an_attempt_falls_on_the_day_of_the_installations_time_zone(bank: Bank, zone: str) -> None:
    quiz = bank.published()
    before = datetime.now(UTC)
    bank_zone = ZoneInfo(zone)
    items = [one.id for one in quiz.items]
    from chatbot.quizzes.learning.attempts import Choice, answer_quiz

    answer_quiz(bank.engine, LEARNER, quiz.id, [Choice(one, 1) for one in items], zone=bank_zone)
    with bank.engine.connect() as connection:
        day = connection.scalar(select(ATTEMPTS.c.day))
    assert day in {moment.astimezone(bank_zone).date() for moment in (before, datetime.now(UTC))}


@pytest.mark.parametrize(("pre", "post", "gain"), [
    (0.4, 0.7, 0.5), (0.0, 1.0, 1.0), (0.5, 0.5, 0.0), (0.5, 0.25, -0.5), (1.0, 1.0, None), (1.0, 0.5, None),
    (0.48, 0.61, 0.25)])
def test_the_gain_is_the_part_of_what_could_be_gained(pre: float, post: float, gain: float | None) -> None:
    found = normalised_gain(pre, post)
    assert found == gain if gain is None else found == pytest.approx(gain)


def test_the_first_test_before_and_the_last_after_count(bank: Bank) -> None:
    quiz = bank.published(*(an_item(number) for number in range(4)))
    bank.answer(quiz.id, [True] * 4, kind="post")  # before any pre: no pair
    bank.answer(quiz.id, [True, False, False, False], kind="pre")
    bank.answer(quiz.id, [True, True, True, True], kind="pre")
    bank.answer(quiz.id, [True, True, False, False], kind="post")
    bank.answer(quiz.id, [True, True, True, False], kind="post")
    bank.answer(quiz.id, [False] * 4)
    with bank.engine.connect() as connection:
        (gain,) = gains_of(connection, LEARNER)
        assert gains_of(connection, "another learner") == ()
    assert (gain.pre, gain.post, gain.gain) == (0.25, 0.75, pytest.approx(2 / 3))


def test_a_groups_gain_is_that_of_its_means_over_those_who_took_both(bank: Bank) -> None:
    quiz = bank.published(*(an_item(number) for number in range(4)))
    for learner, pre, post in (("a", 1, 3), ("b", 3, 4), ("c", 0, None)):
        bank.answer(quiz.id, [place < pre for place in range(4)], learner, kind="pre")
        if post is not None:
            bank.answer(quiz.id, [place < post for place in range(4)], learner, kind="post")
    with bank.engine.connect() as connection:
        gain = group_gain(connection, quiz.id)
    assert gain is not None
    assert (gain.learners, gain.pre, gain.post) == (2, 0.5, 0.875)
    assert gain.gain == pytest.approx(0.75)


def test_progress_counts_attempts_quizzes_full_marks_and_days(bank: Bank) -> None:
    one, other = bank.published(), bank.published(an_item(7))
    bank.answer(one.id, [True, True])
    bank.answer(one.id, [True, False])
    bank.answer(other.id, [False])
    done = progress_of(bank.engine, LEARNER, ZONE)
    assert (done.attempts, done.quizzes, done.full_marks, done.practised, done.streak) == (3, 2, 1, 0, 1)
    assert done.badges == ("first-quiz", "full-marks")
    with bank.engine.begin() as connection:
        connection.execute(update(ATTEMPTS).values(day=datetime.now(ZONE).date() - timedelta(days=2)))
    assert progress_of(bank.engine, LEARNER, ZONE).streak == 0
    assert progress_of(bank.engine, "another learner", ZONE).badges == ()


@pytest.mark.parametrize(("badge", "enough", "short"), [
    ("first-quiz", {"attempts": 1}, {"practised": 50}), ("five-quizzes", {"quizzes": 5}, {"quizzes": 4, "attempts": 9}),
    ("full-marks", {"full_marks": 1}, {"attempts": 9}), ("three-days", {"longest_streak": 3}, {"longest_streak": 2}),
    ("seven-days", {"longest_streak": 7}, {"longest_streak": 6}),
    ("thirty-days", {"longest_streak": 30}, {"longest_streak": 29}),
    ("twenty-practised", {"practised": 20}, {"practised": 19})])
def test_each_badge_is_earned_by_its_rule_and_not_before(badge: str, enough: dict[str, int],
                                                         short: dict[str, int]) -> None:
    nothing = {"streak": 0, "longest_streak": 0, "attempts": 0, "quizzes": 0, "practised": 0, "full_marks": 0}
    assert badge in Progress(**{**nothing, **enough}, gains=()).badges
    assert badge not in Progress(**{**nothing, **short}, gains=()).badges
    assert badge in BADGES
