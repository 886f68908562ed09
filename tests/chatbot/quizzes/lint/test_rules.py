"""Single wordings that a rule must know, and their near misses; whole items are in flawed_items.toml."""

from __future__ import annotations

from datetime import date

import pytest

from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Evidence, Item
from chatbot.quizzes.lint import blocking, lint_item

SIGNS = ("The signs are bleeding, water leaking, fits, fainting, a severe headache or changed sight. Others are severe "
         "belly pain, fever, hard breathing, chest pain, or a swollen face and hands. Do not wait for your clinic day.")
DALILI = ("Dalili hizo ni kutokwa na damu, maji kuvuja, degedege, kuzimia, kichwa kuuma sana au macho kuona ukungu. "
          "Nyingine ni maumivu makali ya tumbo, homa, kupumua kwa shida, maumivu ya kifua, au uso na mikono kuvimba.")
IRON = "WHO advises 30 to 60 mg of iron and 400 micrograms of folic acid for each day of pregnancy."

POINTING = """
All answers are right|A, B and C|Both A & C|all of the options above|Neither of the above|Neither A nor C|A or B
(a) and (c)|Both answers are correct|Any of the above|Two of the above|All three|None of the options
all the above|1 and 2 only|Option A and option B|Zote zilizotajwa|Majibu A na C ni sahihi|Yote|Zote mbili
Hakuna jibu|Hakuna hata moja|Hakuna lolote kati ya haya|Zote hapo juu|Chaguo A na B|Yote yaliyotajwa hapo juu
A au B|Hakuna jibu sahihi kati ya haya|Si A wala B|Majibu yote hapo juu|Yote mawili ni sahihi
""".strip().replace("\n", "|").split("|")
NOT_POINTING = """
All night in a chair|Both arms of the mother|All the milk of the cow|Group A and B blood|None|Hakuna
Yes to both families|Not one visitor|Hakuna usingizi|Wote nyumbani kula|Ndoto za usiku wote|A kubwa|Chumvi na sukari
""".strip().replace("\n", "|").split("|")


def _item(language: Language, *options: str, key: int = 0, **fields: object) -> Item:
    stem = "Which of these is a danger sign?" if language == "en" else "Ipi kati ya hizi ni dalili ya hatari?"
    quote = SIGNS if language == "en" else DALILI
    return Item.model_validate({"stem": stem, "options": options, "keys": (key,), "language": language,
                                "evidence": Evidence(quote=quote, card_id="signs"), **fields})


def _blocks(item: Item) -> set[str]:
    return {finding.rule for finding in blocking(lint_item(item, today=date(2026, 11, 21)))}


@pytest.mark.parametrize("option", POINTING)
def test_an_option_that_points_at_others_is_blocked(option: str) -> None:
    assert _blocks(_item("en", "a severe headache", "hunger at noon", option)) == {"complex-options"}


@pytest.mark.parametrize("option", NOT_POINTING)
def test_an_option_of_its_own_is_not_taken_for_one_that_points(option: str) -> None:
    assert _blocks(_item("en", "a severe headache", "hunger at noon", option)) == set()


@pytest.mark.parametrize("option", ["fits", "fainting", "water leaking", "severe belly pain", "hard breathing",
                                    "bleeding or fits", "chest pain and fever", "a swollen face"])
def test_another_member_of_the_key_s_list_is_a_second_right_answer(option: str) -> None:
    assert _blocks(_item("en", "a severe headache", "sour taste", option)) == {"distractor-supported"}


@pytest.mark.parametrize("option", ["kuzimia", "maji kuvuja", "homa", "maumivu ya kifua", "uso kuvimba"])
def test_a_second_right_answer_is_seen_in_swahili_too(option: str) -> None:
    assert _blocks(_item("sw", "macho kuona ukungu", "njaa ya mchana", option)) == {"distractor-supported"}


@pytest.mark.parametrize("option", ["no bleeding", "a mild fever", "pain of the foot", "water in a cup", "only fits"])
def test_a_wrong_answer_in_words_of_the_source_stays_wrong(option: str) -> None:
    assert _blocks(_item("en", "a severe headache", "sour taste", option)) == set()


@pytest.mark.parametrize("said", [
    "Take half a tablet each day", "Take 2 tablets at night", "Inject 0.5 ml", "Give it every 4 hours", "Take 10 drops",
    "Use it thrice a day", "Take it every other day", "600 mcg of misoprostol", "a dose of 1.5 grams", "5mg a day",
    "Meza vidonge 5", "Meza mara nne kwa siku", "Kunywa kijiko kimoja kila saa 4", "Chukua nusu kidonge"])
def test_an_amount_in_the_rationale_that_the_source_lacks_is_blocked(said: str) -> None:
    assert _blocks(_iron(said)) == {"dose-not-in-source"}


@pytest.mark.parametrize("said", [
    "WHO advises this for each day of pregnancy.", "At 5 months it is the same.", "It is 60 mg, not 20 mg.",
    "0.4 mg of folic acid goes with it.", "Kiasi ni miligramu 60, si miligramu 20."])
def test_amounts_of_the_source_and_ages_may_stand_in_the_rationale(said: str) -> None:
    assert _blocks(_iron(said)) == set()


def _iron(rationale: str) -> Item:
    return _item("en", "20 mg", "30 to 60 mg", "90 mg", key=1, stem="How much iron does WHO advise?",
                 rationale=("no", rationale, "no"), evidence=Evidence(quote=IRON, card_id="iron"))


@pytest.mark.parametrize(("key", "rules"), [
    ("go to the clinic at once", {"key-not-in-evidence"}), ("wait for your clinic day", {"key-contradicts-evidence"}),
    ("do not wait for your clinic day", set()), ("do not wait for the chief", {"key-not-in-evidence"})])
def test_a_key_says_neither_more_nor_the_opposite_of_its_evidence(key: str, rules: set[str]) -> None:
    item = _item("en", key, "sleep", "eat", stem="What should you do at a danger sign?",
                 evidence=Evidence(quote="Do not wait for your clinic day.", card_id="signs"))
    assert _blocks(item) == rules


def test_a_not_inside_a_quotation_does_not_make_the_stem_negative() -> None:
    quoted = _item("en", "once", "twice", "never", stem="What belongs in the gap? “Do not wait ____ for help.”")
    asked = _item("en", "once", "twice", "never", stem="What should you not do “at once”?")
    assert "negative-stem" not in {finding.rule for finding in lint_item(quoted)}
    assert "negative-stem" in {finding.rule for finding in lint_item(asked)}
