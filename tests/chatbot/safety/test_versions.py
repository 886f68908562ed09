"""Rule versions: what is published is what triage does, in every worker, and there is always a way back."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, text

from chatbot.database import migrate, now, open_engine
from chatbot.errors import Conflict, InvalidInput, NotFound, RecordsUnavailable, VersionConflict
from chatbot.safety.patterns import parse
from chatbot.safety.replies import reply_text
from chatbot.safety.signs import Sign, all_signs, rules_number, shipped_signs, use_signs
from chatbot.safety.triage import triage
from chatbot.safety.versions.compare import differences, lowered, reworded, silenced, to_type
from chatbot.safety.versions.in_force import RulesInForce
from chatbot.safety.versions.suite import blocking, run_suite
from chatbot.safety.versions.tables import VERSIONS
from chatbot.safety.versions.text import changes_text, sign_from, sign_text, signs_from, table_of, wordings_from
from chatbot.safety.versions.trial import try_message, understood
from chatbot.safety.versions.versions import ExamplesFail, SafetyVersions, WantsConfirmation
from chatbot.safety.wordings import MUST_SAY, all_wordings, shipped_wordings, unsaid, use_wordings

LEAD, OTHER = "01JD00000000000000000000LD", "01JD00000000000000000000TH"


@pytest.fixture
def engine(database_url: str) -> Engine:
    made = open_engine(database_url)
    migrate(made)
    return made


@pytest.fixture
def versions(engine: Engine) -> SafetyVersions:
    return SafetyVersions(engine)


@pytest.fixture(autouse=True)
def _shipped_rules() -> Iterator[None]:
    yield
    use_signs(0, None)
    use_wordings(None)


def shipped(sign_id: str) -> Sign:
    return next(sign for sign in shipped_signs() if sign.id == sign_id)


ITCHING = "severe-itching"


def graver(sign_id: str = ITCHING) -> Sign:
    return replace(shipped(sign_id), tier="emergency")


# --- text ---
def test_every_shipped_sign_survives_being_written_as_toml_and_read_again() -> None:
    for sign in shipped_signs():
        assert sign_from(tomllib.loads(sign_text(sign))["sign"][0]) == sign


def test_a_message_with_quotes_emoji_and_odd_marks_survives_too() -> None:
    odd = 'she said "go" \\ 🩸 \x7f \t na "damu"'
    sign = replace(shipped(ITCHING), examples=(odd,))
    assert sign in signs_from(changes_text([*(one for one in shipped_signs() if one.id != ITCHING), sign]))


def test_only_what_differs_from_the_shipped_signs_is_kept() -> None:
    kept = tomllib.loads(changes_text([*(one for one in shipped_signs() if one.id not in {ITCHING, "fits"}), graver()]))
    assert [table["id"] for table in kept["sign"]] == [ITCHING]
    assert kept["removed"] == ["fits"]
    assert changes_text(shipped_signs()) == ""


def test_what_names_a_word_that_the_lexicon_has_lost_says_which_sign() -> None:
    changes = sign_text(shipped(ITCHING)).replace('"itch', '"nonsense-word itch', 1)
    with pytest.raises(ValueError, match=f"sign {ITCHING}: .*nonsense-word"):
        signs_from(changes)


# --- suite and comparison ---
def test_a_sign_without_its_rules_fails_its_own_examples_and_nobody_elses() -> None:
    blind = replace(shipped(ITCHING), patterns=(parse("self-harm-words & early-loss"),))
    result = run_suite([*(one for one in shipped_signs() if one.id != ITCHING), blind])
    mine = next(one for one in result.signs if one.sign == ITCHING)
    assert {failure.message for failure in mine.failures} == set(blind.examples)
    assert {failure.wanted for failure in mine.failures} == {"found"}


def test_a_rule_that_is_too_wide_fails_the_counter_examples_and_is_named() -> None:
    wide = replace(shipped("fits"), counter_examples=("i am bleeding",), patterns=(parse("bleed"),))
    result = run_suite([wide])
    failure = result.failed[0].failures[-1]
    assert (failure.wanted, failure.rule, failure.message) == ("not found", "bleed", "i am bleeding")
    assert result.milliseconds > 0


def test_a_message_that_is_both_an_example_and_a_counter_example_cannot_pass() -> None:
    torn = replace(shipped("fits"), counter_examples=shipped("fits").examples[:1])
    assert [one.wanted for one in run_suite([torn]).failed[0].failures] == ["not found"]


def test_lower_tiers_removed_signs_and_lost_examples_are_told_and_nothing_else() -> None:
    before = (shipped("fits"), shipped(ITCHING), shipped("spotting"), shipped("fever"))
    after = (replace(before[0], tier="urgent"), graver(), replace(before[3], examples=before[3].examples[1:]))
    found = {(one.sign, one.kind) for one in lowered(before, after)}
    assert found == {("fits", "tier"), ("spotting", "removed"), ("fever", "examples")}
    assert lowered(after[:1], before[:1]) == ()


def test_a_diff_shows_the_lines_of_the_signs_that_differ() -> None:
    changed = differences(shipped_signs(), signs_from(sign_text(graver())))
    assert [one.sign for one in changed] == [ITCHING]
    assert '+tier = "emergency"' in changed[0].lines
    assert any(line.startswith("-tier") for line in changed[0].lines)


# --- try ---
def test_a_trial_says_which_rule_found_what_and_what_was_denied_over_or_set_aside() -> None:
    message = "no bleeding. The fever is gone. My mother had fits last year."
    fates = {(one.concept, one.fate) for one in understood(message, shipped_signs())}
    assert {("bleed", "denied"), ("fever", "over"), ("fit", "set aside")} <= fates
    trial = try_message("i am having fits", None, shipped_signs())
    assert trial.level == "emergency"
    assert trial.matches[0].rule in {pattern.text for pattern in shipped("fits").patterns}


def test_a_draft_can_be_tried_without_being_in_force() -> None:
    without = [sign for sign in shipped_signs() if sign.id != "fits"]
    assert "fits" not in {one.sign.id for one in try_message("i am having fits", None, without).matches}
    assert "fits" in triage("i am having fits").signs


# --- draft, publish, back ---
def test_a_published_version_is_what_triage_does_and_going_back_undoes_it(engine: Engine,
                                                                         versions: SafetyVersions) -> None:
    here = RulesInForce(engine)
    message = shipped(ITCHING).examples[0]
    assert triage(message).level != "emergency"
    versions.put(graver(), 0, LEAD)
    assert triage(message).level != "emergency", "a draft holds for nobody"
    assert versions.publish(1, LEAD, "Itching may be the liver") == 1
    here.look()
    assert (triage(message).level, rules_number()) == ("emergency", 1)
    assert reply_text(triage(message), "en")
    with pytest.raises(WantsConfirmation):
        versions.go_back(0, 1, LEAD, "Too many alarms")
    assert versions.go_back(0, 1, LEAD, "Too many alarms", confirmed=True, typed=ITCHING) == 2
    here.look()
    assert triage(message).level != "emergency"
    assert all_signs() == shipped_signs()
    assert [(one.number, one.published_by, one.back_to) for one in versions.history()] == [
        (2, LEAD, 0), (1, LEAD, None), (0, "", None)]


def test_a_version_that_fails_its_examples_is_not_published(versions: SafetyVersions) -> None:
    versions.put(replace(graver(), counter_examples=graver().examples[:1]), 0, LEAD)
    with pytest.raises(ExamplesFail, match=ITCHING):
        versions.publish(1, LEAD, "no", confirmed=True)
    assert versions.latest().number == 0
    assert versions.draft().revision == 1


def test_what_failed_before_blocks_nobody_unless_the_draft_touches_it_or_makes_it_worse() -> None:
    broken = replace(shipped("fits"), counter_examples=("i am having fits",))
    before = (broken, shipped(ITCHING))
    assert blocking(run_suite((broken, graver())), before, (broken, graver())) == ()
    touched = replace(broken, tier="urgent")
    assert blocking(run_suite((touched, graver())), before, (touched, graver())) == ("fits",)
    worse = (broken, replace(graver(), patterns=(parse("fit"),)))
    assert blocking(run_suite(worse), before, worse) == (ITCHING,)


def test_a_rule_that_now_wants_the_votes_agreement_is_told_and_one_that_stands_again_is_not() -> None:
    fits = next(sign for sign in shipped_signs() if sign.id == "fits")
    stands, doubted = (replace(fits, patterns=(parse(text),)) for text in ("fit now", "? fit now"))
    (found,) = lowered([stands], [doubted])
    assert (found.sign, found.kind, found.after, found.grave) == ("fits", "doubt", "1", True)
    assert lowered([doubted], [stands]) == ()


def test_lowering_wants_a_second_yes_and_says_what_it_lowers(versions: SafetyVersions) -> None:
    versions.put(replace(shipped("spotting"), tier="soon"), 0, LEAD)
    versions.take_out("low-mood", 1, LEAD)
    with pytest.raises(WantsConfirmation, match="low-mood"):
        versions.publish(2, LEAD, "why")
    assert versions.publish(2, LEAD, "why", confirmed=True) == 1
    assert {(one.sign, one.kind) for one in versions.latest().lowers} == {("spotting", "tier"), ("low-mood", "removed")}


def test_who_saves_without_having_seen_the_latest_draft_is_told_who_was_faster(versions: SafetyVersions) -> None:
    versions.put(graver(), 0, OTHER)
    for revision in (0, 2):
        with pytest.raises(VersionConflict, match=OTHER):
            versions.put(shipped(ITCHING), revision, LEAD)
    with pytest.raises(VersionConflict):
        versions.discard(2)
    versions.discard(1)
    assert versions.draft().revision == 0
    with pytest.raises(VersionConflict, match="published or discarded"):
        versions.publish(1, LEAD, "late")


def test_a_draft_that_was_begun_on_an_older_version_is_not_published_over_a_newer_one(versions: SafetyVersions) -> None:
    versions.put(graver(), 0, LEAD)
    versions.publish(1, LEAD, "one")
    versions.put(graver("spotting"), 0, LEAD)
    versions.go_back(0, 1, OTHER, "back", confirmed=True, typed=ITCHING)
    with pytest.raises(VersionConflict, match="Version 2"):
        versions.publish(1, LEAD, "two", confirmed=True)
    with pytest.raises(VersionConflict, match=OTHER):
        versions.go_back(1, 1, LEAD, "again")


def test_a_second_version_keeps_what_the_first_one_changed(versions: SafetyVersions) -> None:
    versions.put(graver(), 0, LEAD)
    versions.publish(1, LEAD, "one")
    versions.put(graver("spotting"), 0, LEAD)
    versions.publish(1, LEAD, "two")
    assert {one.sign for one in differences(shipped_signs(), versions.latest().signs())} == {ITCHING, "spotting"}
    versions.restore(ITCHING, 0, LEAD)
    assert {one.sign for one in differences(shipped_signs(), versions.draft().signs())} == {"spotting"}


@pytest.mark.parametrize("note", ["", "  ", "x" * 301])
def test_a_version_without_a_note_or_with_a_very_long_one_is_refused(versions: SafetyVersions, note: str) -> None:
    versions.put(graver(), 0, LEAD)
    with pytest.raises(InvalidInput):
        versions.publish(1, LEAD, note)


def test_a_draft_that_changes_nothing_and_a_sign_that_does_not_exist_are_refused(versions: SafetyVersions) -> None:
    versions.put(shipped(ITCHING), 0, LEAD)
    with pytest.raises(InvalidInput, match="changes nothing"):
        versions.publish(1, LEAD, "note")
    for refused in (lambda: versions.take_out("no-such", 1, LEAD), lambda: versions.version(9),
                    lambda: versions.go_back(9, 0, LEAD, "note")):
        with pytest.raises(NotFound):
            refused()


# --- every worker ---
def test_another_worker_takes_up_a_version_within_seconds_by_itself(engine: Engine, versions: SafetyVersions) -> None:
    worker = RulesInForce(engine, every=0.05)
    worker.start()
    try:
        versions.put(graver(), 0, LEAD)
        versions.publish(1, LEAD, "note")
        until = time.monotonic() + 5
        while rules_number() != 1 and time.monotonic() < until:
            time.sleep(0.02)
        assert rules_number() == 1
    finally:
        worker.stop()
    assert rules_number() == 0


def test_while_the_database_is_away_the_last_known_version_stays(engine: Engine, versions: SafetyVersions) -> None:
    versions.put(graver(), 0, LEAD)
    versions.publish(1, LEAD, "note")
    worker = RulesInForce(engine)
    worker.look()
    worker._engine = create_engine("sqlite:////no/such/folder/x.db")
    worker.look()
    assert rules_number() == 1
    assert triage(shipped(ITCHING).examples[0]).level == "emergency"


def test_a_version_that_cannot_be_read_any_more_changes_nothing_and_can_be_left(engine: Engine,
                                                                              versions: SafetyVersions) -> None:
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(
            number=1, changes=sign_text(shipped(ITCHING)).replace('"itch', '"nonsense-word itch', 1),
            published_at=now(), published_by=LEAD, note="made by an older system", lowers=json.dumps([]), back_to=None))
    worker = RulesInForce(engine)
    worker.look()
    assert (rules_number(), all_signs()) == (0, shipped_signs())
    with pytest.raises(Conflict, match="cannot read"):
        versions.draft().signs()
    assert versions.go_back(0, 1, LEAD, "out of it") == 2
    worker.look()
    assert rules_number() == 2


def test_with_the_database_away_the_pages_get_a_clear_error(tmp_path: Path) -> None:
    away = SafetyVersions(create_engine(f"sqlite:///{tmp_path}/no/such/folder/x.db"))
    for asked in (away.latest, away.draft, away.history, lambda: away.put(graver(), 0, LEAD)):
        with pytest.raises(RecordsUnavailable):
            asked()


def test_what_was_found_before_a_swap_still_has_its_words_after_it(engine: Engine, versions: SafetyVersions) -> None:
    found = triage("i have spotting at 8 weeks")
    versions.take_out("spotting", 0, LEAD)
    versions.publish(1, LEAD, "note", confirmed=True)
    RulesInForce(engine).look()
    assert shipped("spotting").title["en"] in reply_text(found, "en")


def test_the_row_holds_only_the_changed_sign(engine: Engine, versions: SafetyVersions) -> None:
    versions.put(graver(), 0, LEAD)
    versions.publish(1, LEAD, "note")
    with engine.connect() as connection:
        changes = connection.execute(text("SELECT changes FROM safety_versions")).scalar_one()
    assert changes.count("[[sign]]") == 1


def test_from_table_to_sign_and_back_nothing_is_lost() -> None:
    for sign in shipped_signs():
        assert sign_from(table_of(sign)) == sign


# --- a new sign ---
GUMS = sign_from({
    "id": "gum-bleeding", "group": "obstetric", "title": {"en": "Bleeding gums", "sw": "Ufizi unaotoka damu"},
    "tier": "soon", "stages": ["antenatal"], "sources": ["cdc-hear-her"], "patterns": ["gum bleed|blood"],
    "examples": ["my gums bleed when I brush"], "counter_examples": ["i clean my gums"]})


def test_a_new_sign_is_looked_for_once_it_is_published_and_no_more_once_it_is_taken_out(
        engine: Engine, versions: SafetyVersions) -> None:
    here, message = RulesInForce(engine), GUMS.examples[0]
    assert GUMS.id not in triage(message).signs
    versions.add(GUMS, 0, LEAD)
    versions.publish(1, LEAD, "A sign of ours")
    here.look()
    found = triage(message)
    assert (found.level, found.signs) == ("soon", (GUMS.id,))
    assert GUMS.title["sw"] in reply_text(found, "sw")
    versions.put(graver(), 0, LEAD)
    versions.publish(1, LEAD, "The next version keeps it")
    here.look()
    assert GUMS.id in triage(message).signs
    versions.take_out(GUMS.id, 0, LEAD)
    versions.restore(GUMS.id, 1, LEAD)
    assert GUMS in versions.draft().signs()
    versions.take_out(GUMS.id, 2, LEAD)
    with pytest.raises(WantsConfirmation, match=GUMS.id):
        versions.publish(3, LEAD, "Not ours after all")
    versions.publish(3, LEAD, "Not ours after all", confirmed=True)
    here.look()
    assert GUMS.id not in triage(message).signs


@pytest.mark.parametrize("id_", ["fits", "Gum", "gum bleeding", "-gum", "gum--x", "1gum", "g" * 41, ""])
def test_a_new_sign_with_an_id_that_is_taken_or_no_id_is_refused_on_that_field(versions: SafetyVersions,
                                                                               id_: str) -> None:
    versions.take_out("fits", 0, LEAD)
    with pytest.raises(InvalidInput) as wrong:
        versions.add(replace(GUMS, id=id_), 1, LEAD)
    assert wrong.value.field == "id"
    assert versions.draft().revision == 1


def test_a_new_sign_must_pass_its_own_examples(versions: SafetyVersions) -> None:
    versions.add(replace(GUMS, examples=("my shoes are green",)), 0, LEAD)
    with pytest.raises(ExamplesFail, match=GUMS.id):
        versions.publish(1, LEAD, "note")


# --- replies ---
KEY = "emergency.general"
REWORDED = {"en": 'Go to the hospital now. \\ "Do not wait"\n- Take somebody with you.',
            "sw": "Nenda hospitali sasa hivi.\n- Nenda na mtu."}
SILENT = {"en": "Rest a little and drink water.", "sw": "Pumzika kidogo na unywe maji."}


def test_every_shipped_reply_says_when_to_go_in_both_languages() -> None:
    assert {key.partition(".")[0] for key in shipped_wordings()} == set(MUST_SAY)
    assert {key: unsaid(key, wording) for key, wording in shipped_wordings().items() if unsaid(key, wording)} == {}
    assert unsaid(KEY, SILENT) == ("now/en", "now/sw")
    assert unsaid("urgent.general", {"en": "Come today.", "sw": "Njoo sasa."}) == ("today/sw", "now/en")


def test_a_reply_with_quotes_and_lines_survives_being_written_as_toml_and_read_again() -> None:
    wordings = wordings_from(changes_text(shipped_signs(), {**shipped_wordings(), KEY: REWORDED}))
    assert wordings[KEY] == REWORDED
    assert [one.sign for one in reworded(shipped_wordings(), wordings)] == [KEY]
    assert "+Go to the hospital now." in "\n".join(reworded(shipped_wordings(), wordings)[0].lines)


def test_a_published_reply_is_what_she_is_told_by_every_worker_and_going_back_undoes_it(
        engine: Engine, versions: SafetyVersions) -> None:
    here, found = RulesInForce(engine), triage("i am having fits")
    versions.put_wording(KEY, REWORDED, 0, LEAD)
    here.look()
    assert REWORDED["sw"] not in reply_text(found, "sw"), "a draft holds for nobody"
    assert REWORDED["sw"] in reply_text(found, "sw", wordings=versions.draft().wordings())
    versions.publish(1, LEAD, "Shorter")
    here.look()
    assert REWORDED["sw"] in reply_text(found, "sw")
    versions.put(graver(), 0, LEAD)
    assert versions.draft().wordings()[KEY] == REWORDED, "a sign that changes leaves the replies as they are"
    versions.discard(1)
    versions.restore_wording(KEY, 0, LEAD)
    versions.publish(1, LEAD, "As it was")
    here.look()
    assert REWORDED["sw"] not in reply_text(found, "sw")
    assert all_wordings() == shipped_wordings()


def test_a_reply_that_no_longer_sends_her_wants_its_name_typed(versions: SafetyVersions) -> None:
    versions.put_wording(KEY, SILENT, 0, LEAD)
    less = silenced(shipped_wordings(), versions.draft().wordings())
    assert (to_type(less), less[0].after) == ((KEY,), "now/en now/sw")
    for typed in ("", "yes", "emergency.newborn"):
        with pytest.raises(WantsConfirmation, match=KEY) as wanted:
            versions.publish(1, LEAD, "why", confirmed=True, typed=typed)
        assert wanted.value.field == "typed"
    assert versions.publish(1, LEAD, "why", confirmed=True, typed=f" {KEY} ") == 1
    versions.put_wording(KEY, {**SILENT, "en": "Drink water."}, 0, LEAD)
    assert versions.publish(1, LEAD, "It said no less before") == 2


def test_an_emergency_sign_that_goes_or_sinks_or_loses_examples_wants_its_name_typed(versions: SafetyVersions) -> None:
    versions.take_out("fits", 0, LEAD)
    versions.put(replace(shipped("bleeding-in-pregnancy"), tier="urgent"), 1, LEAD)
    with pytest.raises(WantsConfirmation, match="fits"):
        versions.publish(2, LEAD, "why", confirmed=True, typed="bleeding-in-pregnancy")
    with pytest.raises(WantsConfirmation) as wanted:
        versions.publish(2, LEAD, "why", typed="bleeding-in-pregnancy, fits")
    assert wanted.value.field == "confirmed"
    assert versions.publish(2, LEAD, "why", confirmed=True, typed="bleeding-in-pregnancy, fits") == 1
    before = (shipped("fits"), shipped("spotting"))
    after = tuple(replace(sign, examples=sign.examples[1:]) for sign in before)
    assert to_type(lowered(before, after)) == ("fits",)


@pytest.mark.parametrize("text", ["", "  ", "Go now, call 0700", "Go now: http://x.example", "<b>Go now</b>",
                                  "[Go now](x)", "Go\x00 now", "now " * 600, "Go now \u202e won oG"])
def test_a_text_that_cannot_be_a_reply_is_refused_on_its_language(versions: SafetyVersions, text: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        versions.put_wording(KEY, {**REWORDED, "sw": text}, 0, LEAD)
    assert wrong.value.field == "sw"
    with pytest.raises(NotFound):
        versions.put_wording("emergency.no-such", REWORDED, 0, LEAD)


def test_a_version_whose_reply_cannot_be_read_is_not_taken_up(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(VERSIONS).values(
            number=1, changes=f'[reply.{KEY}]\nen = "Call 0700 now"\nsw = "sasa"\n', published_at=now(),
            published_by=LEAD, note="by hand", lowers=json.dumps([]), back_to=None))
    worker = RulesInForce(engine)
    worker.look()
    assert (rules_number(), all_wordings()) == (0, shipped_wordings())
