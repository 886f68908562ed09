"""The thresholds that the shipped rules must hold on the development messages."""

import pytest

from chatbot.safety.triage import triage
from tests.chatbot.safety.scoring import dev_messages, fresh_messages, score

LEAST_RECALL = {"en": 0.95, "sw": 0.90}
MOST_FALSE_ALARMS = 0.15


@pytest.mark.parametrize("language", ["en", "sw"])
def test_grave_messages_are_recognised_and_routine_ones_left_alone(language):
    result = score(dev_messages()[language])
    assert result.recall >= LEAST_RECALL[language], result.missed
    assert result.false_alarms <= MOST_FALSE_ALARMS, result.alarmed


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("round_", ["round_1", "round_2", "round_3"])
def test_later_rounds_hold_the_same_thresholds(round_, language):
    result = score(fresh_messages()[round_][language])
    assert result.recall >= LEAST_RECALL[language], result.missed
    assert result.false_alarms <= MOST_FALSE_ALARMS, result.alarmed


def test_most_messages_reach_exactly_their_level():
    messages = [one for rows in dev_messages().values() for one in rows]
    exact = sum(triage(one["text"]).level == one["level"] for one in messages)
    assert exact / len(messages) >= 0.95


def test_the_set_is_large_enough_and_half_of_it_routine():
    messages = dev_messages()
    assert len(messages["en"]) >= 120
    assert len(messages["sw"]) >= 90
    for rows in messages.values():
        routine = sum(one["level"] in {"none", "soon"} for one in rows)
        assert 0.4 <= routine / len(rows) <= 0.6


def test_stage_of_the_app_does_not_hide_a_grave_sign():
    """A wrong or default stage may come from the app; what the woman writes wins."""
    rows = [one for one in dev_messages()["en"] if one["level"] == "emergency"]
    for stage in ("preconception", "antenatal", "birth", "postnatal"):
        missed = [one["text"] for one in rows if triage(one["text"], stage).level not in {"urgent", "emergency"}]
        assert len(missed) / len(rows) <= 0.05, (stage, missed)
