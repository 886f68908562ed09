"""The library: pictures that were drawn, found again by their words, described, and deleted with their bytes.

Educators of an installation share it, as they share documents. Only who asked for a picture, or an admin, deletes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, delete, func, insert, select, update

from chatbot.accounts.principal import Principal
from chatbot.accounts.tables import KEYS, PEOPLE
from chatbot.database import now
from chatbot.errors import NotAllowed, RecordsUnavailable, VersionConflict
from chatbot.images.lessons.errors import NoSuchPicture, NotDescribedYet
from chatbot.images.lessons.files import PictureFiles
from chatbot.images.lessons.tables import PICTURES
from chatbot.transactions import Transactions

_KEPT = Transactions(lambda: RecordsUnavailable("The pictures can be neither kept nor read now."))


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture whose file is written."""

    owner: str
    sha256: str
    media_type: str
    width: int
    height: int
    size: int
    """Bytes."""
    title: str
    language: str
    prompt: str
    negative_prompt: str
    provider: str
    model: str
    provenance: str
    """local or cloud: where it was drawn."""
    source_type: str
    """IPTC's code for how it came to be."""
    seed: int | None
    call_id: str


@dataclass(frozen=True, slots=True)
class Description:
    """What stands in the place of a picture for a person who cannot see it."""

    alt_text: str
    long_description: str = ""
    decorative: bool = False


@dataclass(frozen=True, slots=True)
class StoredImage(NewPicture):
    """A picture of the library."""

    id: str
    alt_text: str
    long_description: str
    decorative: bool
    alt_state: str
    """awaiting, suggested (a model's) or checked (a person's)."""
    version: int
    created_at: datetime
    owner_name: str

    @property
    def is_usable(self) -> bool:
        """Whether it may stand in a lesson: only with an alt text, or marked as decorative by a person."""
        return self.alt_state != "awaiting"

    def require_usable(self) -> None:
        """Raise NotDescribedYet unless it may be used."""
        if not self.is_usable:
            raise NotDescribedYet("A picture without alt text is not given out.", field="alt_text",
                                  remedy="Write its alt text first: PATCH it, or open it in the studio.")


class Library:
    """The pictures of an installation. Methods raise RecordsUnavailable when the database does not answer."""

    def __init__(self, engine: Engine, files: PictureFiles) -> None:
        self._engine = engine
        self.files = files

    def add(self, picture_id: str, new: NewPicture) -> StoredImage:
        """Keep what is known of a picture; it awaits its alt text."""
        with _KEPT.writing(self._engine) as connection:
            values = {name: getattr(new, name) for name in NewPicture.__slots__}
            connection.execute(insert(PICTURES).values(
                id=picture_id, created_at=now(), words=_words(new.title, new.prompt), **values))
            return _found(connection, picture_id)

    def get(self, picture_id: str) -> StoredImage:
        """One picture. Raises NoSuchPicture."""
        with _KEPT.reading(self._engine) as connection:
            return _found(connection, picture_id)

    def search(self, words: str = "", *, limit: int = 20, after: str = "") -> list[StoredImage]:
        """Pictures with all these words in title, prompt or alt text; the newest first, after the id `after`."""
        query = _pictures().order_by(PICTURES.c.id.desc()).limit(limit)
        for word in words.casefold().split()[:10]:
            query = query.where(PICTURES.c.words.contains(word, autoescape=True))
        if after:
            query = query.where(PICTURES.c.id < after)
        with _KEPT.reading(self._engine) as connection:
            return [_picture(row) for row in connection.execute(query).mappings()]

    def suggest(self, picture_id: str, said: Description) -> bool:
        """Put a model's description where nobody wrote one. False when somebody did, or the picture is gone."""
        with _KEPT.writing(self._engine) as connection:
            found = _row(connection, picture_id)
            if found is None or found["alt_state"] != "awaiting":
                return False
            _change(connection, found, said, alt_state="suggested")
            return True

    def describe(self, picture_id: str, said: Description, version: int | None = None, title: str = "") -> StoredImage:
        """Put a person's description (and another title, if given) in place. Raises NoSuchPicture, VersionConflict."""
        return self._put(picture_id, said, version, alt_state="checked", **({"title": title} if title else {}))

    def rename(self, picture_id: str, title: str, version: int | None = None) -> StoredImage:
        """Another title; the description stays as it is. Raises NoSuchPicture, VersionConflict."""
        found = self.get(picture_id)
        said = Description(found.alt_text, found.long_description, found.decorative)
        return self._put(picture_id, said, version, title=title)

    def _put(self, picture_id: str, said: Description, version: int | None, **values: str) -> StoredImage:
        with _KEPT.writing(self._engine) as connection:
            found = _row(connection, picture_id)
            if found is None:
                raise _no_picture()
            if version is not None and found["version"] != version:
                raise VersionConflict("Somebody else changed this picture's words.", field="version",
                                      remedy="Read it again, then decide.")
            _change(connection, found, said, **values)
            return _found(connection, picture_id)

    def delete(self, picture_id: str, principal: Principal) -> None:
        """Forget a picture, with its bytes. Raises NoSuchPicture, NotAllowed for another educator's, StorageFailed."""
        with _KEPT.writing(self._engine) as connection:
            found = _found(connection, picture_id)
            if principal.id != found.owner and not principal.may("admin"):
                raise NotAllowed("Only who asked for a picture, or an admin, deletes it.")
            connection.execute(delete(PICTURES).where(PICTURES.c.id == picture_id))
            others = connection.scalar(select(func.count()).where(PICTURES.c.sha256 == found.sha256))
            if not others:
                self.files.delete(found.sha256, found.media_type)

    def data(self, picture: StoredImage) -> bytes:
        """The picture's bytes. Raises StorageFailed."""
        return self.files.read(picture.sha256, picture.media_type)

    def known_files(self) -> set[str]:
        """The SHA-256 of every picture that the library has."""
        with _KEPT.reading(self._engine) as connection:
            return set(connection.scalars(select(PICTURES.c.sha256)))


def _words(*texts: str) -> str:
    return " ".join(" ".join(texts).casefold().split())


def _change(connection: Connection, found: RowMapping, said: Description, **values: Any) -> None:
    title = values.get("title", found["title"])
    connection.execute(update(PICTURES).where(PICTURES.c.id == found["id"]).values(
        alt_text=said.alt_text, long_description=said.long_description, decorative=said.decorative,
        version=found["version"] + 1, words=_words(title, found["prompt"], said.alt_text), **values))


def _row(connection: Connection, picture_id: str) -> RowMapping | None:
    return connection.execute(select(PICTURES).where(PICTURES.c.id == picture_id)).mappings().one_or_none()


def _pictures() -> Select[tuple[object, ...]]:
    name = func.coalesce(PEOPLE.c.name, KEYS.c.name, PICTURES.c.owner).label("owner_name")
    return select(*PICTURES.c, name).outerjoin(PEOPLE, PEOPLE.c.id == PICTURES.c.owner).outerjoin(
        KEYS, KEYS.c.id == PICTURES.c.owner)


def _found(connection: Connection, picture_id: str) -> StoredImage:
    row = connection.execute(_pictures().where(PICTURES.c.id == picture_id)).mappings().one_or_none()
    if row is None:
        raise _no_picture()
    return _picture(row)


def _picture(row: RowMapping) -> StoredImage:
    return StoredImage(**{name: row[name] for name in (*NewPicture.__slots__, *StoredImage.__slots__)})


def _no_picture() -> NoSuchPicture:
    return NoSuchPicture("There is no such picture.")
