"""An illustrator that a test leads, a describer that looks or does not, and a desk with both and a database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chatbot.accounts.principal import Principal
from chatbot.calls import Calls
from chatbot.database import migrate, open_engine
from chatbot.errors import FunzaError
from chatbot.images.alt.alt_text import AltTextOrder, AltTextReply
from chatbot.images.drawing.draw import DrawOrder, Illustration, Watch
from chatbot.images.drawing.errors import Cancelled
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.images.lessons.order import Wish
from chatbot.images.refusals import NobodySees
from chatbot.providers.image_interface import MediaType
from chatbot.usage.cost import UsageOfCall
from tests.chatbot.images.good_pictures import png
from tests.house import make_calls

EDUCATOR = Principal("01JD00000000000000000AKNY1", "educator")
OTHER = Principal("01JD00000000000000000WNJR1", "educator")
ADMIN = Principal("01JD00000000000000000ADMN1", "admin")
ALT = "A teal box stands beside four words."
WISH = Wish("A teal box beside a sign, flat illustration")


@cache
def empty_database() -> bytes:
    """Migrated, and made once."""
    with TemporaryDirectory() as folder:
        migrate(open_engine(f"sqlite:///{folder}/funza.db"))
        return (Path(folder) / "funza.db").read_bytes()


@dataclass
class FakeIllustrator:
    """Draws what it is told to, and remembers what it was asked."""

    data: bytes = field(default_factory=png)
    media_type: MediaType = "image/png"
    fails: BaseException | None = None
    why_not: str = ""
    hold: threading.Event | None = None
    """Drawing waits for it, and looks meanwhile whether it is still wanted."""
    asked: list[DrawOrder] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    closed: bool = False

    def nobody(self, strategy: str | None = None) -> str:
        return self.why_not

    def draw(self, order: DrawOrder, watch: Watch) -> Illustration:
        self.asked.append(order)
        watch.stage("waking", 90.0)
        self.begun.set()
        while self.hold is not None and not self.hold.wait(0.02):
            if watch.cancelled():
                raise Cancelled
        watch.stage("drawing", 8.0)
        if self.fails is not None:
            raise self.fails
        return Illustration(self.data, self.media_type, 320, 200, 7, "endpoint", "sdxl", "cloud", False, UsageOfCall(),
                            "01JD0000000000000000000CAL")

    def tidy(self) -> None: ...

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeDescriber:
    """Says what it is told to of any picture, or that nobody sees."""

    says: str = ALT
    fails: FunzaError | None = None
    asked: list[AltTextOrder] = field(default_factory=list)

    def write(self, asked: AltTextOrder) -> AltTextReply:
        self.asked.append(asked)
        if self.fails is not None:
            raise self.fails
        return AltTextReply(self.says, "", False, (), "local", "eyes", "local", False, UsageOfCall(), "")


def blind() -> FakeDescriber:
    """Nobody looks."""
    return FakeDescriber(fails=NobodySees("Nobody is set up that sees."))


@dataclass
class Desk:
    """The desk, and what stands behind it."""

    illustrations: Illustrations
    illustrator: FakeIllustrator
    describer: FakeDescriber
    calls: Calls

    def order(self, wish: Wish = WISH, principal: Principal = EDUCATOR) -> Any:
        return self.illustrations.order(wish, principal)

    def picture(self, wish: Wish = WISH, principal: Principal = EDUCATOR) -> Any:
        """A picture that was drawn at once."""
        job = self.order(wish, principal)
        assert job.state == "done", job
        return self.illustrations.library.get(job.picture_id)


@contextmanager
def desk(folder: Path, *, immediate: bool = True, illustrator: FakeIllustrator | None = None,
         describer: FakeDescriber | None = None, **settings: Any) -> Iterator[Desk]:
    (folder / "funza.db").write_bytes(empty_database())
    calls = make_calls(folder, **settings)
    draws, sees = illustrator or FakeIllustrator(), describer or FakeDescriber()
    made = Illustrations(calls, calls.ledger.engine, draws, sees, immediate=immediate)  # type: ignore[arg-type]
    yield Desk(made, draws, sees, calls)
    if draws.hold is not None:
        draws.hold.set()
    made.close()
