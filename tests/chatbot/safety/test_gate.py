"""The gate on the frozen halves. A failure says by how much, never which messages: reading them would spend them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot.safety.levels import Triage
from tests.chatbot.safety import gate
from tests.chatbot.safety.measuring import Message, Outcome, false_alarms, figures, messages, misses, outcomes


def test_the_frozen_halves_hold_the_gate():
    broken = gate.failures(outcomes(messages("test")))
    assert broken == []


def test_the_sets_are_large_enough_and_half_routine():
    for half, least in (("dev", 200), ("test", 190)):
        for group in gate.GROUPS:
            of_group = [one for one in messages(half) if one.group == group]
            routine = sum(one.tier == "none" for one in of_group)
            assert len(of_group) >= least
            assert 0.4 <= routine / len(of_group) <= 0.6


def test_no_message_is_in_both_halves():
    texts = [{one.text.casefold() for one in messages(half)} for half in ("dev", "test")]
    shared = len(texts[0] & texts[1])
    assert shared == 0


MADE_UP = [Message(f"x-{number}", "en", f"text {number}", tier, "sign", "antenatal", "")
           for number, tier in enumerate(["emergency"] * 10 + ["urgent"] * 10 + ["soon"] * 2 + ["none"] * 20)]


def judged(grave: str, routine: str) -> list[Outcome]:
    return [Outcome(one, grave if one.tier in ("emergency", "urgent") else routine, 0.1) for one in MADE_UP]


def test_figures_count_what_is_caught_and_what_is_a_false_alarm():
    of = figures(judged("urgent", "soon"))
    assert (of.recall, of.emergency_recall, of.false_alarm_share) == (1.0, 0.0, 0.0)
    assert (of.routine_soon, of.soon, of.soon_alarmed, of.soon_missed) == (20, 2, 0, 0)


RECALL = "English: recall 0.0% is under 95%"
EMERGENCIES = "English: 0.0% of emergencies are called so, under 85%"
ALARMS = "false alarms 100.0% are over 15%"


@pytest.mark.parametrize(("grave", "routine", "said"), [
    ("none", "none", [RECALL, EMERGENCIES]), ("soon", "none", [RECALL, EMERGENCIES]), ("urgent", "none", [EMERGENCIES]),
    ("emergency", "urgent", [ALARMS]), ("emergency", "soon", [])])
def test_the_gate_breaks_on_low_recall_on_emergencies_called_less_and_on_many_false_alarms(grave, routine, said):
    assert gate.failures(judged(grave, routine)) == said


def test_misses_and_false_alarms_of_the_frozen_half_are_shown_only_when_asked(monkeypatch, capsys):
    seen = [replace(one, text="words nobody may read") for one in MADE_UP]
    monkeypatch.setattr(gate, "messages", lambda half: seen)
    monkeypatch.setattr(gate, "outcomes", lambda of, judge=None: outcomes(of, lambda text: Triage()))
    assert gate.main(["--half", "test"]) == 1
    assert "words nobody may read" not in capsys.readouterr().out
    assert gate.main(["--half", "test", "--show"]) == 1
    assert capsys.readouterr().out.count("words nobody may read") == gate.SHOWN


def test_emergencies_come_first_among_the_misses():
    of = judged("none", "urgent")[::-1]
    assert [one.message.tier for one in misses(of)][:10] == ["emergency"] * 10
    assert len(false_alarms(of)) == 20
