"""People: one account a name, a session for each browser, and an end to all of them when the password changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from chatbot.accounts.people import STAY, People, canonical
from chatbot.accounts.seal import Seal
from chatbot.accounts.tables import SESSIONS
from chatbot.errors import InvalidInput, NotFound
from tests.chatbot.accounts.conftest import Clock

PASSWORD = "three quiet goats"


@pytest.fixture
def amina(people: People) -> People:
    people.add("Amina@Example.org", PASSWORD, "educator")
    return people


def sign_in(people: People, name: str = "amina@example.org", password: str = PASSWORD, ends: str = "") -> str:
    token = people.sign_in(name, password, ends=ends)
    assert token is not None
    return token


def test_whoever_signs_in_has_her_own_id_and_role(amina: People) -> None:
    principal = amina.principal_of(sign_in(amina))
    assert principal is not None
    assert (principal.role, principal.key_prefix, principal.id) == ("educator", "", amina.all()[0].id)


@pytest.mark.parametrize(("one", "other"), [
    ("Amina", "amina"), ("jose\u0301", "JOS\u00c9"), ("user\uff11", "user1"), (" amina ", "amina"),
    ("\ufb01ne", "fine"), ("STRASSE", "stra\u00dfe")])
def test_two_spellings_of_one_name_are_one_name(people: People, one: str, other: str) -> None:
    assert canonical(one) == canonical(other) == canonical(canonical(one))
    people.add(one, PASSWORD, "learner")
    with pytest.raises(InvalidInput, match="already"):
        people.add(other, PASSWORD, "admin")
    assert [account.role for account in people.all()] == ["learner"]


@pytest.mark.parametrize("name", ["", " ", "a b", "a\u200bb", "a\u202eb", "a\x00b", "a\nb", "\U000e0041", "x" * 101])
def test_a_name_that_cannot_be_seen_or_said_is_refused(people: People, name: str) -> None:
    with pytest.raises(InvalidInput):
        people.add(name, PASSWORD, "learner")


@pytest.mark.parametrize(("name", "password"), [
    ("amina@example.org", "three quiet goat"), ("nobody@example.org", PASSWORD), ("", ""), ("amina@example.org", ""),
    ("' or 1=1--", PASSWORD), ("a\x00b", PASSWORD), ("amina@example.org", "x" * 100_000)])
def test_a_wrong_name_or_password_is_nobody(amina: People, name: str, password: str) -> None:
    assert amina.sign_in(name, password) is None


def test_a_session_is_a_new_secret_each_time_and_ends_the_one_before(amina: People) -> None:
    first = sign_in(amina)
    second = sign_in(amina, ends=first)
    assert len(second) == 43
    assert first != second
    assert amina.principal_of(first) is None
    assert amina.principal_of(second) is not None


def test_a_token_that_a_stranger_chose_is_never_made_a_session(amina: People) -> None:
    sign_in(amina, ends="chosen-by-a-stranger")
    assert amina.principal_of("chosen-by-a-stranger") is None


def test_signing_out_ends_this_browser_and_no_other(amina: People) -> None:
    phone, desk = sign_in(amina), sign_in(amina)
    amina.sign_out(phone)
    assert amina.principal_of(phone) is None
    assert amina.principal_of(desk) is not None


@pytest.mark.parametrize("change", [
    lambda people: people.set_password("amina@example.org", "another long password"),
    lambda people: people.set_role("AMINA@example.org", "learner"), lambda people: people.disable("amina@example.org")])
def test_a_new_password_a_new_role_and_a_lost_account_end_every_session(amina: People, change) -> None:  # type: ignore[no-untyped-def]
    tokens = [sign_in(amina), sign_in(amina)]
    change(amina)
    assert [amina.principal_of(token) for token in tokens] == [None, None]


def test_after_a_new_password_only_the_new_one_is_right(amina: People) -> None:
    amina.set_password("amina@example.org", "another long password")
    assert amina.sign_in("amina@example.org", PASSWORD) is None
    assert amina.sign_in("amina@example.org", "another long password") is not None


def test_whoever_is_disabled_cannot_sign_in(amina: People) -> None:
    amina.disable("amina@example.org")
    assert amina.sign_in("amina@example.org", PASSWORD) is None


def test_a_session_ends_after_a_working_day_and_does_not_revive_when_the_clock_jumps_back(
        amina: People, clock: Clock) -> None:
    token = sign_in(amina)
    clock.move(seconds=STAY.total_seconds() - 1)
    assert amina.principal_of(token) is not None
    clock.move(seconds=1)
    assert amina.principal_of(token) is None
    clock.move(hours=-6)
    assert amina.principal_of(token) is None


def test_an_ended_session_leaves_no_row_behind(amina: People, engine: Engine, clock: Clock) -> None:
    sign_in(amina)
    clock.at += STAY + timedelta(minutes=1)
    sign_in(amina)
    with engine.connect() as connection:
        assert len(connection.execute(select(SESSIONS)).all()) == 1


def test_no_password_and_no_token_is_in_the_database(amina: People, tmp_path: Path) -> None:
    token = sign_in(amina)
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()
        assert token.encode() not in file.read_bytes()


def test_another_secret_key_ends_all_sessions_and_no_password(amina: People, engine: Engine, clock: Clock) -> None:
    token = sign_in(amina)
    changed = People(engine, Seal("another secret key"), clock)
    assert changed.principal_of(token) is None
    assert changed.sign_in("amina@example.org", PASSWORD) is not None


def test_another_worker_knows_the_session_at_once(amina: People, engine: Engine, seal: Seal, clock: Clock) -> None:
    elsewhere = People(create_engine(engine.url), seal, clock)
    token = sign_in(amina)
    assert elsewhere.principal_of(token) is not None
    elsewhere.sign_out(token)
    assert amina.principal_of(token) is None


def test_nobody_of_that_name_is_said(people: People) -> None:
    with pytest.raises(NotFound):
        people.set_password("nobody", PASSWORD)
