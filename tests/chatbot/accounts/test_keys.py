"""API keys: shown once, kept as a digest, ended at once, and never revived."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from chatbot.accounts.keys import Keys, NewKey
from chatbot.accounts.seal import NoSecretKey, Seal
from chatbot.errors import InvalidInput, LedgerUnavailable, NotFound
from tests.chatbot.accounts.conftest import NOON, Clock
from tests.effort import are_equal_effort


def make(keys: Keys, **how: object) -> NewKey:
    return keys.create("our app", "learner", **{"expires_at": None, **how})  # type: ignore[arg-type]


def test_a_key_has_a_prefix_to_show_and_256_random_bits(keys: Keys) -> None:
    made = make(keys)
    shape = re.fullmatch(r"fm_([a-z2-9]{8})_([A-Za-z0-9_-]{43})", made.secret)
    assert shape is not None
    assert shape[1] == made.key.prefix
    assert len(base64.urlsafe_b64decode(shape[2] + "=")) * 8 == 256


def test_a_key_opens_what_its_role_says(keys: Keys) -> None:
    made = keys.create("dashboards", "educator", expires_at=None, per_minute=7)
    principal = keys.principal_of(made.secret)
    assert principal is not None
    assert (principal.id, principal.role, principal.key_prefix, principal.per_minute) == (
        made.key.id, "educator", made.secret.split("_")[1], 7)
    assert len({make(keys).secret for _ in range(20)}) == 20


def test_no_secret_is_in_the_database_or_in_the_words_for_a_key(keys: Keys, tmp_path: Path) -> None:
    secret = make(keys).secret.split("_", 2)[2]
    assert secret not in str(keys.all()) + repr(make(keys))
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()


@pytest.mark.parametrize("change", [
    lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), lambda key: key + "A", lambda key: key[:-1], str.upper,
    lambda key: key.replace("fm_", "fm-"), lambda _: "", lambda _: "' or 1=1--", lambda _: "fm_abcd2345_" + "x" * 43,
    lambda key: key + "\n", lambda key: " " + key, lambda key: key[:12] + "ü" * 43])
def test_what_is_not_the_whole_key_opens_nothing(keys: Keys, change) -> None:  # type: ignore[no-untyped-def]
    assert keys.principal_of(change(make(keys).secret)) is None


def test_two_keys_with_one_prefix_are_two_keys(keys: Keys) -> None:
    one, other = make(keys).secret, make(keys).secret
    mixed = one[:12] + other[12:]
    assert keys.principal_of(mixed) is None


def test_a_revoked_key_is_refused_from_the_next_request_on_in_every_worker(keys: Keys, engine: Engine, seal: Seal,
                                                                           clock: Clock) -> None:
    elsewhere = Keys(create_engine(engine.url), seal, clock)
    made = make(keys)
    assert elsewhere.principal_of(made.secret) is not None
    assert keys.revoke(made.key.prefix).state == "revoked"
    assert elsewhere.principal_of(made.secret) is None
    assert keys.principal_of(made.secret) is None


def test_a_key_is_revoked_once_and_a_stranger_never(keys: Keys, clock: Clock) -> None:
    made = make(keys)
    first = keys.revoke(made.key.id)
    clock.move(hours=1)
    assert keys.revoke(made.key.prefix).revoked_at == first.revoked_at == NOON
    with pytest.raises(NotFound):
        keys.revoke("fm_nobody")


def test_a_key_ends_at_its_moment(keys: Keys, clock: Clock) -> None:
    made = make(keys, expires_at=NOON + timedelta(hours=1))
    clock.move(minutes=59, seconds=59)
    assert keys.principal_of(made.secret) is not None
    clock.move(seconds=1)
    assert keys.principal_of(made.secret) is None
    assert [key.state for key in keys.all()] == ["expired"]


def test_a_key_begins_at_its_moment(keys: Keys, clock: Clock) -> None:
    made = make(keys, valid_from=NOON + timedelta(days=1))
    assert (keys.principal_of(made.secret), keys.all()[0].state) == (None, "not yet valid")
    clock.move(days=1)
    assert keys.principal_of(made.secret) is not None


@pytest.mark.parametrize("back", [{"seconds": 30}, {"hours": 2}, {"days": 400}])
def test_a_key_that_was_seen_expired_never_revives_when_the_clock_jumps_back(keys: Keys, clock: Clock,
                                                                             back: dict[str, float]) -> None:
    made = make(keys, expires_at=NOON + timedelta(seconds=20))
    clock.move(seconds=25)
    assert keys.principal_of(made.secret) is None
    clock.move(**{unit: -amount for unit, amount in back.items()})
    assert keys.principal_of(made.secret) is None
    assert keys.all()[0].state == "expired"


def test_a_key_that_expired_unseen_does_not_revive_either(keys: Keys, clock: Clock) -> None:
    expiring, other = make(keys, expires_at=NOON + timedelta(hours=1)), make(keys)
    clock.move(hours=2)
    assert keys.principal_of(other.secret) is not None
    clock.move(days=-1)
    assert keys.principal_of(expiring.secret) is None
    assert keys.principal_of(other.secret) is not None


def test_after_a_clock_that_ran_ahead_a_short_key_says_why_and_an_admin_can_mend_it(keys: Keys, clock: Clock) -> None:
    any_key = make(keys)
    clock.move(days=3650)
    assert keys.principal_of(any_key.secret) is not None
    clock.move(days=-3650)
    with pytest.raises(InvalidInput, match="2036") as caught:
        make(keys, expires_at=NOON + timedelta(days=90))
    assert "trust-clock" in (caught.value.remedy or "")
    keys.trust_clock()
    assert keys.principal_of(make(keys, expires_at=NOON + timedelta(days=90)).secret) is not None


@pytest.mark.parametrize("how", [{"expires_at": NOON}, {"expires_at": NOON - timedelta(days=1)}, {"per_minute": 0},
                                 {"valid_from": NOON + timedelta(days=2), "expires_at": NOON + timedelta(days=1)}])
def test_a_key_that_could_never_be_used_is_not_made(keys: Keys, how: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        make(keys, **how)
    assert keys.all() == []


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x1b[31mb", "a\nb", "a\u202eb"])
def test_a_key_needs_a_name_that_can_be_shown(keys: Keys, name: str) -> None:
    with pytest.raises(InvalidInput):
        keys.create(name, "learner", expires_at=None)


def test_last_use_is_written_to_a_minute_and_not_at_every_request(keys: Keys, engine: Engine, clock: Clock) -> None:
    made, writes = make(keys), []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        writes.extend([statement] if statement.startswith("UPDATE") else [])

    for _ in range(5):
        keys.principal_of(made.secret)
    assert len([one for one in writes if "api_keys" in one]) == 1
    clock.move(seconds=61)
    keys.principal_of(made.secret)
    assert keys.all()[0].last_used_at == NOON + timedelta(seconds=61)


def test_another_secret_key_ends_all_keys_and_the_list_says_so(keys: Keys, engine: Engine, clock: Clock) -> None:
    made = make(keys)
    changed = Keys(engine, Seal("another secret key"), clock)
    assert changed.principal_of(made.secret) is None
    assert changed.all()[0].state == "of another SECRET_KEY"
    assert keys.principal_of(made.secret) is not None


def test_without_a_secret_key_there_are_no_keys() -> None:
    with pytest.raises(NoSecretKey) as caught:
        Seal("")
    assert "SECRET_KEY" in caught.value.title + (caught.value.remedy or "")


def test_without_a_database_nobody_gets_in_and_what_is_no_key_does_not_ask_it(tmp_path: Path, seal: Seal) -> None:
    keys = Keys(create_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"), seal)
    with pytest.raises(LedgerUnavailable):
        keys.principal_of("fm_abcd2345_" + "x" * 43)
    assert keys.principal_of("' or 1=1--") is None


def test_a_full_disk_is_no_reason_to_refuse_a_good_key(keys: Keys, engine: Engine) -> None:
    made = make(keys)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE UPDATE ON api_keys "
                                   "BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    assert keys.principal_of(made.secret) is not None


def test_a_wrong_key_with_a_known_prefix_takes_as_long_as_a_stranger(keys: Keys) -> None:
    known = make(keys).secret
    near, far = known[:-1] + ("A" if known[-1] != "A" else "B"), "fm_zzzzzzzz_" + "x" * 43
    assert are_equal_effort(lambda: keys.principal_of(near), lambda: keys.principal_of(far), 200, within=1.25)
