"""People who sign in on the pages, and their sessions.

Admins make people and set their passwords, on the command line. There is no sign-up and no "forgot my password": a
predecessor of this system handed reset tokens to whoever asked for them.
A session is 256 random bits in a cookie; the database has its digest. Signing in always makes a new one, signing out
deletes it, and a new password or a lost role ends all of a person's sessions at once.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from chatbot.accounts import latest
from chatbot.accounts.passwords import hash_password, is_right
from chatbot.accounts.principal import Principal, Role
from chatbot.accounts.seal import Seal
from chatbot.accounts.tables import PEOPLE, SESSIONS
from chatbot.accounts.transactions import note, reading, writing
from chatbot.database import new_id, now
from chatbot.errors import InvalidInput, NotFound

STAY = timedelta(hours=12)
"""How long a browser stays signed in: a working day, on a phone that may be shared."""
LONGEST_NAME = 100
A_MINUTE = 30
"""Costly requests a minute that a person may send."""


@dataclass(frozen=True, slots=True)
class Account:
    """What may be told of a person."""

    id: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    last_login_at: datetime | None


def canonical(name: str) -> str:
    """The one spelling of a user name or e-mail address, so that no two accounts look the same (faults.md B40).

    Compatibility forms (full-width digits) become plain, capitals small, and accents composed (RFC 8265, UsernameCase
    Mapped, with NFKC for its width mapping). Raises InvalidInput for an empty or invisible name.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold()).strip()
    if not 0 < len(plain) <= LONGEST_NAME or not plain.isprintable() or any(char.isspace() for char in plain):
        raise InvalidInput(f"A user name is 1 to {LONGEST_NAME} visible characters without spaces.", field="name")
    return plain


class People:
    """Makes people, and signs them in and out. Every method may raise LedgerUnavailable."""

    def __init__(self, engine: Engine, seal: Seal, clock: Callable[[], datetime] = now) -> None:
        self._engine = engine
        self._seal = seal
        self._now = clock

    def add(self, name: str, password: str, role: Role) -> Account:
        """Make a person. Raises InvalidInput when the name is taken, or the password too short."""
        plain, hashed, at = canonical(name), hash_password(password), self._now()
        with writing(self._engine) as connection:
            if connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.name == plain)).first():
                raise InvalidInput("There is already someone with this name.", field="name")
            account = Account(new_id(), plain, role, at, None, None)
            connection.execute(insert(PEOPLE).values(id=account.id, name=plain, password=hashed, role=role,
                                                     created_at=at))
        return account

    def set_password(self, name: str, password: str) -> None:
        """Give a person a new password and end all of her sessions. Raises NotFound, InvalidInput."""
        self._change(name, password=hash_password(password))

    def set_role(self, name: str, role: Role) -> None:
        """Give a person another role, from her next request on. Raises NotFound."""
        self._change(name, role=role)

    def disable(self, name: str) -> None:
        """Let a person in no more. Raises NotFound."""
        self._change(name, disabled_at=self._now())

    def all(self) -> list[Account]:
        """Everyone, by name."""
        shown = [PEOPLE.c[name] for name in Account.__dataclass_fields__]
        with reading(self._engine) as connection:
            return [Account(**row) for row in connection.execute(select(*shown).order_by(PEOPLE.c.name)).mappings()]

    def sign_in(self, name: str, password: str, *, ends: str = "") -> str | None:
        """A new session's token, or None for a wrong name or password, in the same time.

        Args:
            name: as it was typed.
            password: as it was typed.
            ends: token of the session that the same browser had before; it ends.
        """
        person = self._find(name)
        right = is_right(password, person["password"] if person else None)
        if person is None or not right or person["disabled_at"] is not None:
            return None
        token, at = secrets.token_urlsafe(32), self._now()
        with writing(self._engine) as connection:
            if not _is_still(connection, person):
                return None
            expires = latest.read(connection, at) + STAY
            connection.execute(delete(SESSIONS).where(
                (SESSIONS.c.digest == self._seal.digest(ends)) | (SESSIONS.c.expires_at < at)))
            connection.execute(insert(SESSIONS).values(
                digest=self._seal.digest(token), person_id=person["id"], created_at=at, expires_at=expires))
            connection.execute(update(PEOPLE).where(PEOPLE.c.id == person["id"]).values(last_login_at=at))
            connection.execute(latest.advanced(at))
        return token

    def principal_of(self, token: str) -> Principal | None:
        """Who is signed in with this token now; None when nobody is."""
        digest = self._seal.digest(token)
        with reading(self._engine) as connection:
            row = connection.execute(
                select(SESSIONS.c.expires_at, PEOPLE.c.id, PEOPLE.c.role, PEOPLE.c.disabled_at,
                       latest.stored().label("seen_at"))
                .join(PEOPLE, PEOPLE.c.id == SESSIONS.c.person_id)
                .where(SESSIONS.c.digest == digest)).mappings().first()
        if row is None or row["disabled_at"] is not None:
            return None
        at = self._now()
        if row["expires_at"] <= latest.moment(row["seen_at"], at):
            self.sign_out(token)
            return None
        if latest.is_stale(row["seen_at"], at):
            note(self._engine, latest.advanced(at))
        return Principal(row["id"], row["role"], per_minute=A_MINUTE)

    def sign_out(self, token: str) -> None:
        """End one session."""
        with writing(self._engine) as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == self._seal.digest(token)))

    def _find(self, name: str) -> RowMapping | None:
        try:
            plain = canonical(name)
        except InvalidInput:
            plain = ""  # nobody has an empty name
        with reading(self._engine) as connection:
            return connection.execute(select(PEOPLE).where(PEOPLE.c.name == plain)).mappings().first()

    def _change(self, name: str, **values: object) -> None:
        with writing(self._engine) as connection:
            person_id = _id_of(connection, canonical(name))
            connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(**values))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.person_id == person_id))


def _id_of(connection: Connection, name: str) -> str:
    found: str | None = connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.name == name)).scalar()
    if found is None:
        raise NotFound("There is nobody with this name.", remedy="`flask people list` shows everyone.")
    return found


def _is_still(connection: Connection, person: RowMapping) -> bool:
    """Whether the password that was just checked is still hers: checking takes a while, and an admin may be quicker."""
    kept = connection.execute(select(PEOPLE.c.password, PEOPLE.c.disabled_at).where(PEOPLE.c.id == person["id"])).one()
    return kept.password == person["password"] and kept.disabled_at is None
