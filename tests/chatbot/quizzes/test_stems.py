"""Which stems ask the same."""

from __future__ import annotations

import pytest

from chatbot.quizzes.stems import NEAR, alike, stem_key

SAME = [("When is the FIRST visit?", "when is first visit"), ("Je, mtoto anyonye nini?", "Mtoto anyonye nini"),
        ("How do you treat anemia?", "How do you treat anaemia?"), ("Why take 2 tablets?", "Why take two tablet?"),
        ("Wiki ishirini na nne ni nini?", "Wiki 24 ni nini?"), ("Which  foods\nhelp?", "Which food help")]
OTHER = [("What helps before birth?", "What helps after birth?"), ("When should you bathe?", "Why should you bathe?"),
         ("Mama ale nini kabla ya mimba?", "Mama ale nini baada ya mimba?"), ("What is 2 weeks?", "What is 3 weeks?"),
         ("Mtoto apewe nini?", "Mama apewe nini?"), ("Which drink is safe?", "Which drink is not safe?")]
ALIKE = [("When should the first antenatal visit take place?", "When should any first antenatal visit take place?"),
         ("Ufanye nini unapoona dalili ya hatari wakati wa mimba?",
          "Unapoona dalili ya hatari wakati wa ujauzito, ufanye nini?")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_stems_that_differ_in_writing_have_one_key(one: str, other: str) -> None:
    assert stem_key(one) == stem_key(other)
    assert alike(one, other) == 1


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_stems_that_ask_another_thing_have_other_keys_and_are_not_near(one: str, other: str) -> None:
    assert stem_key(one) != stem_key(other)
    assert alike(one, other) < NEAR


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_stems_in_other_words_are_near_and_likeness_is_symmetric(one: str, other: str) -> None:
    assert NEAR <= alike(one, other) < 1
    assert alike(one, other) == pytest.approx(alike(other, one))


def test_nothing_is_like_nothing() -> None:
    assert stem_key(" ?! ") == ""
    assert alike("…", "When?") == 0
