"""What is held about a person: shown whole, erased to the last byte, and the books stay right."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from chatbot.database import db, migrate, new_id, now, open_engine
from chatbot.holdings import ELSEWHERE, HOLDINGS, OnePerson
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.conversations import Said, SealedConversations
from chatbot.privacy.tables import RECEIPTS
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.replays import Claim, Kept, Replays
from chatbot.usage.report import usage_report
from chatbot.usage.tables import CALLS

SECRET = "a secret key of this test"
WORDS = "nina mimba na jina langu ni Akinyi wa Mbita"
HER_ID, OTHER_ID = "01JD00000000000000000AKNY1", "01JD00000000000000000WNJR1"


@dataclass
class House:
    """A database in which two people have asked something, each in every place where something is kept."""

    engine: Engine
    kept: SealedConversations
    replays: Replays

    def person(self, principal: str) -> OnePerson:
        return OnePerson(self.engine, self.kept, principal, self.replays.subject(principal))

    def asks(self, principal: str, words: str) -> None:
        conversation, call, ledger = new_id(), new_id(), Ledger(self.engine)
        ledger.answer_from_cards(call, ordinal=1, fell_back=False, opening=NewCall(
            "chat", "hybrid", conversation_id=conversation, principal=principal))
        self.kept.keep(principal, Said(conversation, now(), words, f"Answer to: {words}"))
        claim = self.replays.claim(principal=principal, route="POST /chat", key="k", asked=words.encode())
        assert isinstance(claim, Claim)
        self.replays.finish(claim, Kept(200, {}, words.encode()))
        with self.engine.begin() as connection:
            connection.execute(RECEIPTS.insert().values(
                attempt_id=new_id(), call_id=call, at=now(), provider="together", model="m", purpose="chat", reason="x",
                sha256="0" * 64, size=2, redacted='{"phone": 1}', sealed=f"sealed for {principal}".encode()))
            connection.execute(ESCALATIONS.insert().values(
                id=new_id(), at=now(), tier="urgent", signs="[]", rules=0, stage="birth", language="en", surface="chat",
                conversation_id=conversation, principal=principal, state="new", state_at=None, state_by="",
                note=f"called {principal}", version=1))
        purpose = purpose_named("chat_cloud")
        Consents(self.engine).give(purpose, principal, conversation, purpose.version)


@pytest.fixture
def house(database_url: str) -> House:
    engine = open_engine(database_url)
    migrate(engine)
    made = House(engine, SealedConversations(engine, SECRET), Replays(engine, SECRET))
    for principal, words in ((HER_ID, WORDS), (OTHER_ID, "a question of another woman")):
        made.asks(principal, words)
    return made


def test_an_export_holds_her_words_and_her_rows_and_nobody_elses(house: House) -> None:
    archive = zipfile.ZipFile(io.BytesIO(house.person(HER_ID).export()))
    assert set(archive.namelist()) == {"conversations.json", "README.txt", *(f"{one.name}.csv" for one in HOLDINGS)}
    assert [turn["message"] for turn in json.loads(archive.read("conversations.json"))] == [WORDS]
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"another woman" not in whole
    assert OTHER_ID.encode() not in whole
    for name in ("calls", "consents", "escalations"):
        assert HER_ID.encode() in archive.read(f"{name}.csv")
    receipts = archive.read("receipts.csv")
    assert b"together" in receipts
    assert b"sealed for" not in receipts


def test_erasing_takes_all_of_hers_and_nothing_of_others(house: House) -> None:
    others = house.person(OTHER_ID).export()
    gone = house.person(HER_ID).erase()
    assert gone == {"turns": 1, "replays": 1, "attempts": 0, "escalations": 1, "image_jobs": 0, "pictures": 0,
                    "consents": 1, "receipts": 1, "calls": 1}
    assert house.kept.turns(HER_ID) == []
    assert zipfile.ZipFile(io.BytesIO(house.person(OTHER_ID).export())).read("calls.csv") == zipfile.ZipFile(
        io.BytesIO(others)).read("calls.csv")
    assert len(house.kept.turns(OTHER_ID)) == 1
    assert house.person(HER_ID).erase() == dict.fromkeys(gone, 0)


def test_the_books_keep_their_sums(house: House) -> None:
    before = usage_report(house.engine, by="provider").total
    house.person(HER_ID).erase()
    assert usage_report(house.engine, by="provider").total == before
    with house.engine.connect() as connection:
        assert set(connection.scalars(select(CALLS.c.principal))) == {"", OTHER_ID}


def test_no_byte_of_her_is_left_in_any_file(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/funza.db")
    migrate(engine)
    house = House(engine, SealedConversations(engine, SECRET), Replays(engine, SECRET))
    house.asks(OTHER_ID, "a question of another woman")
    house.asks(HER_ID, WORDS)
    with engine.connect() as connection:
        her_key = connection.scalar(text("SELECT sealed FROM subject_keys WHERE principal = :her"), {"her": HER_ID})
        sealed = connection.scalar(text("SELECT sealed FROM turns WHERE principal = :her"), {"her": HER_ID})
    assert _files_with(tmp_path, sealed)
    house.person(HER_ID).erase()
    for traces in (WORDS.encode(), HER_ID.encode(), her_key, sealed):
        assert _files_with(tmp_path, traces) == []


def _files_with(folder: Path, needle: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and needle in file.read_bytes()]


def test_every_table_that_names_a_person_is_in_the_index() -> None:
    indexed = {table.name for holding in HOLDINGS for table in holding.tables}
    naming = {table.name for table in db.metadata.tables.values() if {"principal", "subject"} & set(table.c.keys())}
    assert naming - indexed - set(ELSEWHERE) == set()
