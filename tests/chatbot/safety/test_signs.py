"""Contract of every danger sign: its examples reach its tier, its counter-examples do not raise it."""

import pytest

from chatbot.safety.levels import LEVELS
from chatbot.safety.signs import all_signs, read_signs
from chatbot.safety.triage import matches, triage
from chatbot.safety.words.lexicon import read_lexicon

EXAMPLES = [pytest.param(sign, text, id=f"{sign.id}: {text}") for sign in all_signs() for text in sign.examples]
COUNTER = [pytest.param(sign, text, id=f"{sign.id}: {text}") for sign in all_signs() for text in sign.counter_examples]
AUTHORITIES = {"WHO": "www.who.int", "CDC": "www.cdc.gov", "NIH": "nih.gov", "Kenya MoH": "go.ke"}


@pytest.mark.parametrize(("sign", "text"), EXAMPLES)
def test_an_example_raises_its_sign_and_reaches_its_tier(sign, text):
    assert sign.id in {one.sign.id for one in matches(text)}
    assert LEVELS.index(triage(text).level) >= LEVELS.index(sign.tier)


@pytest.mark.parametrize(("sign", "text"), COUNTER)
def test_a_counter_example_does_not_raise_its_sign(sign, text):
    assert sign.id not in {one.sign.id for one in matches(text)}


@pytest.mark.parametrize("sign", all_signs(), ids=lambda sign: sign.id)
def test_a_sign_is_sourced_titled_and_exemplified_in_both_languages(sign):
    assert sign.sources
    for source in sign.sources:
        assert source.url.startswith("https://")
        assert AUTHORITIES[source.authority] in source.url or "medlineplus.gov" in source.url
    assert set(sign.title) == {"en", "sw"}
    assert all(sign.title.values())


def test_signs_cover_every_group_and_the_gravest_come_first():
    assert {sign.group for sign in all_signs()} == {"obstetric", "postpartum", "newborn", "mind_and_violence"}
    tiers = [LEVELS.index(sign.tier) for sign in all_signs()]
    assert tiers == sorted(tiers, reverse=True)


def test_a_rule_with_an_unknown_concept_names_file_and_sign(tmp_path):
    (tmp_path / "sources.toml").write_text('[s]\nauthority = "WHO"\ntitle = "t"\nurl = "https://www.who.int/"\n')
    (tmp_path / "mine.toml").write_text(
        '[[sign]]\nid = "x"\ntitle = { en = "a", sw = "b" }\ntier = "soon"\nstages = []\nsources = ["s"]\n'
        'patterns = ["bleed nonsense-word"]\nexamples = ["a"]\ncounter_examples = ["b"]\n')
    with pytest.raises(ValueError, match=r"mine\.toml: sign x: .*nonsense-word"):
        read_signs(tmp_path)


def test_a_concept_defined_twice_is_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('[bleed]\nkind = "symptom"\nen = "bleed"\n')
    with pytest.raises(ValueError, match="defined twice"):
        read_lexicon(tmp_path)
