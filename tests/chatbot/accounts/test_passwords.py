"""Passwords: argon2id, long rather than odd, and the same work whether or not there is such a person."""

from __future__ import annotations

import pytest

from chatbot.accounts.passwords import LONGEST, SHORTEST, hash_password, is_right
from chatbot.errors import InvalidInput
from tests.effort import are_equal_effort

PASSWORD = "three quiet goats"


def test_a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() -> None:
    one, other = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other


def test_only_the_right_password_is_right() -> None:
    stored = hash_password(PASSWORD)
    assert is_right(PASSWORD, stored)
    assert not is_right(PASSWORD + " ", stored)
    assert not is_right(PASSWORD.upper(), stored)


def test_a_password_typed_with_composed_or_decomposed_accents_is_the_same() -> None:
    assert is_right("mtoto jose\u0301 mzuri", hash_password("mtoto jos\u00e9 mzuri"))


def test_the_decoy_opens_nothing() -> None:
    assert not is_right("nobody has this password", None)


@pytest.mark.parametrize("length", [0, SHORTEST - 1, LONGEST + 1])
def test_a_password_is_long_but_not_endless(length: int) -> None:
    with pytest.raises(InvalidInput, match=str(SHORTEST)) as caught:
        hash_password("x" * length)
    assert "xxx" not in caught.value.detail


def test_the_longest_password_is_read_to_its_end() -> None:
    stored = hash_password("x" * LONGEST)
    assert is_right("x" * LONGEST, stored)
    assert not is_right("x" * (LONGEST + 1), stored)
    assert not is_right("x" * (LONGEST - 1), stored)


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$v=19$m=1"])
def test_a_broken_hash_is_never_right(stored: str) -> None:
    assert not is_right(PASSWORD, stored)
    assert not is_right("nobody has this password", stored)


def test_a_stranger_waits_as_long_as_someone_we_know() -> None:
    stored = hash_password(PASSWORD)
    wrong = "a wrong password"
    assert are_equal_effort(lambda: is_right(wrong, None), lambda: is_right(wrong, stored), 15)
