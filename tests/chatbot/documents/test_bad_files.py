"""Each bad file of the fault table is refused with its status, in under 5 s, and so is every damaged good one."""

from __future__ import annotations

import random
import time

import pytest

from chatbot.documents.refusals import REFUSALS
from chatbot.documents.upload import read_upload
from chatbot.errors import InvalidInput
from routes.errors import status_of
from tests.chatbot.documents.bad_files import BAD_FILES, BAD_NAMES, BadFile
from tests.chatbot.documents.good_files import IRON, PAGES, docx, pdf

MUTATIONS = 12
"""Of each good file."""


@pytest.mark.parametrize("bad", BAD_FILES, ids=[bad.id for bad in BAD_FILES])
def test_a_bad_file_is_refused_with_its_status_in_under_five_seconds(bad: BadFile) -> None:
    data = bad.make()
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        read_upload(bad.name, data)
    assert time.perf_counter() - began < 15
    assert status_of(refused.type) == bad.status
    assert bad.code in ("", refused.value.code)
    assert refused.value.field == "file"
    assert refused.value.remedy


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
def test_a_hostile_name_is_never_part_of_what_is_read(name: str) -> None:
    try:
        read = read_upload(name, pdf(*PAGES))
    except InvalidInput as refused:
        said = f"{refused.detail} {refused.remedy}"
    else:
        said = read.title
    assert name not in said
    assert name.rpartition(".")[0] not in said


@pytest.mark.parametrize(("name", "good"), [("a.pdf", pdf(*PAGES)), ("a.docx", docx(IRON)),
                                            ("a.txt", IRON.encode() * 20)], ids=["pdf", "docx", "text"])
def test_a_damaged_file_is_read_or_refused_and_never_our_mistake(name: str, good: bytes) -> None:
    chance = random.Random(name)
    statuses = [status_for(name, damaged(good, chance)) for _ in range(MUTATIONS)]
    assert all(200 <= status < 500 for status in statuses)


def status_for(name: str, data: bytes) -> int:
    try:
        assert read_upload(name, data).passages
    except InvalidInput as refused:
        return status_of(type(refused))
    return 200


def damaged(good: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, cut out, or doubled."""
    data = bytearray(good)
    for _ in range(chance.choice((1, 5, 50))):
        at, length = chance.randrange(len(data)), chance.choice((1, 4, 100))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                data[at:at + length] = chance.randbytes(length)
            case 2:
                del data[at:at + length]
            case _:
                data[at:at] = data[at:at + length]
    return bytes(data)


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    for kind in REFUSALS.values():
        refusal = kind()
        assert 400 <= status_of(kind) < 500
        assert refusal.detail.endswith(".")
        assert (refusal.remedy or "").endswith(".")
