"""Pictures as files and as rows: bare, marked as made by a model, found again, described, gone when deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops

from chatbot.errors import InvalidInput, NotAllowed, TooLong, VersionConflict
from chatbot.images.lessons.bare import MOST_XMP, with_xmp
from chatbot.images.lessons.describing import described, warnings_of
from chatbot.images.lessons.errors import NoSuchPicture, NotDescribedYet, StorageFailed
from chatbot.images.lessons.files import PictureFiles
from chatbot.images.lessons.library import Description
from chatbot.images.lessons.order import Wish
from chatbot.images.lessons.provenance import CODES, Origin, note, xmp
from chatbot.images.refusals import BrokenPicture
from tests.chatbot.images.good_pictures import ICC, MODEL, drawn, jpeg, png, saved, telling
from tests.chatbot.images.illustrating import ADMIN, EDUCATOR, OTHER, Desk, FakeIllustrator, blind, desk

ORIGIN = Origin("01JD00000000000000000000P1", "trainedAlgorithmicMedia", "endpoint", 'sd"xl <1>', 7, "A mother & child",
                datetime(2026, 11, 21, tzinfo=UTC), "educator")
SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def transparent(kind: str, **options: object) -> bytes:
    picture = drawn().convert("RGBA")
    picture.putalpha(128)
    return saved(picture, kind, **options)


@pytest.mark.parametrize("data", [
    telling("JPEG"), telling("PNG"), telling("WEBP"), transparent("PNG"), transparent("WEBP"),
    transparent("WEBP", lossless=True), saved(drawn(), "WEBP", lossless=True), saved(drawn().convert("P")),
    saved(drawn(), "JPEG", progressive=True), saved(drawn().convert("CMYK"), "JPEG")])
def test_the_pixels_stay_to_the_bit_and_everything_else_goes_but_our_xmp(data: bytes) -> None:
    made = with_xmp(data, xmp(ORIGIN))
    before, after = (Image.open(BytesIO(one)) for one in (data, made))
    assert (before.format, before.size, before.mode) == (after.format, after.size, after.mode)
    assert ImageChops.difference(before.convert("RGBA"), after.convert("RGBA")).getbbox(alpha_only=False) is None
    assert dict(after.getexif()) == {}
    for trace in (MODEL.encode(), ICC[:30], b"Wanjiru", b"kitchen"):
        assert trace not in made


@pytest.mark.parametrize("data", [png(), jpeg(), saved(drawn(), "WEBP")], ids=["png", "jpeg", "webp"])
def test_pillow_reads_iptcs_code_for_what_a_model_made(data: bytes) -> None:
    opened = Image.open(BytesIO(with_xmp(data, xmp(ORIGIN))))
    opened.load()
    packet = opened.info["xmp"] if opened.format != "PNG" else opened.info["XML:com.adobe.xmp"].encode()
    description = ElementTree.fromstring(packet).find(".//{*}Description")
    assert description is not None
    assert description.attrib[SOURCE_TYPE] == f"{CODES}trainedAlgorithmicMedia"
    assert description.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}AISystemUsed"] == 'endpoint/sd"xl <1>'


def test_making_it_bare_twice_changes_nothing_more() -> None:
    once = with_xmp(telling("PNG"), xmp(ORIGIN))
    assert with_xmp(once, xmp(ORIGIN)) == once


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_is_cut_off_is_broken(kind: str) -> None:
    data = saved(drawn(), kind)
    for length in range(30, len(data) - 2, 37):
        if kind == "WEBP" or kind == "PNG":
            with pytest.raises(BrokenPicture):
                with_xmp(data[:length], "<x/>")


def test_what_stands_behind_a_jpeg_or_a_png_goes() -> None:
    for data in (jpeg(), png()):
        assert b"MALICE" not in with_xmp(data + b"MALICE" * 9, "<x/>")


def test_a_packet_that_no_segment_holds_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="too long"):
        with_xmp(jpeg(), "x" * (MOST_XMP + 1))


def test_the_note_tells_how_it_was_made_names_no_person_and_says_that_it_is_unsigned() -> None:
    facts = note(ORIGIN, b"bytes", "image/png")
    assert facts["sha256"] == hashlib.sha256(b"bytes").hexdigest()
    assert facts["prompt_sha256"] == hashlib.sha256(b"A mother & child").hexdigest()
    assert (facts["made_by_role"], facts["seed"], facts["signed"]) == ("educator", 7, False)
    assert "unsigned" in facts["note"]
    assert "mother" not in json.dumps(facts)


def test_a_drawn_picture_lies_under_its_hash_with_its_note_beside_it(house: Desk, tmp_path: Path) -> None:
    picture = house.picture()
    data = (tmp_path / "pictures" / f"{picture.sha256}.png").read_bytes()
    assert hashlib.sha256(data).hexdigest() == picture.sha256
    beside = json.loads((tmp_path / "pictures" / f"{picture.sha256}.json").read_text())
    assert (beside["sha256"], beside["provider"], beside["model"]) == (picture.sha256, "endpoint", "sdxl")
    assert b"trainedAlgorithmicMedia" in data
    assert EDUCATOR.id.encode() not in data
    assert EDUCATOR.id not in json.dumps(beside)


def test_pictures_are_found_by_words_of_title_prompt_and_alt_text(house: Desk) -> None:
    one = house.picture(Wish("A clinic under a tree", title="Kliniki 100%"))
    two = house.picture(Wish("A bowl of greens"))
    library = house.illustrations.library
    assert [found.id for found in library.search("TREE")] == [one.id]
    assert [found.id for found in library.search("100%")] == [one.id]
    assert [found.id for found in library.search("teal box")] == [two.id, one.id]  # the alt text of both
    assert [found.id for found in library.search(after=two.id)] == [one.id]
    assert library.search("%") != [two]
    library.describe(two.id, Description("Sukuma wiki on a plate."))
    assert [found.id for found in library.search("sukuma")] == [two.id]


def test_a_picture_that_awaits_its_alt_text_is_usable_when_a_person_wrote_one(tmp_path: Path) -> None:
    with desk(tmp_path, describer=blind()) as house:
        picture = house.picture()
        with pytest.raises(NotDescribedYet):
            picture.require_usable()
        written = house.illustrations.library.describe(picture.id, Description("A teal box."), picture.version)
        assert (written.alt_state, written.version) == ("checked", picture.version + 1)
        written.require_usable()


def test_a_model_never_writes_over_what_a_person_wrote(house: Desk) -> None:
    picture, library = house.picture(), house.illustrations.library
    library.describe(picture.id, Description("Mine."))
    assert library.suggest(picture.id, Description("The model's.")) is False
    assert library.get(picture.id).alt_text == "Mine."


def test_two_people_who_change_it_at_once_do_not_lose_words(house: Desk) -> None:
    picture, library = house.picture(), house.illustrations.library
    library.rename(picture.id, "First", picture.version)
    with pytest.raises(VersionConflict):
        library.describe(picture.id, Description("Second."), picture.version)
    assert library.get(picture.id).alt_state == "suggested"


def test_deleting_takes_the_bytes_and_only_who_asked_or_an_admin_may(house: Desk) -> None:
    mine, library = house.picture(), house.illustrations.library
    with pytest.raises(NotAllowed):
        library.delete(mine.id, OTHER)
    assert len(library.files.all()) == 2
    library.delete(mine.id, EDUCATOR)
    assert library.files.all() == []
    with pytest.raises(NoSuchPicture):
        library.delete(mine.id, EDUCATOR)
    library.delete(house.picture(principal=OTHER).id, ADMIN)
    assert library.search() == []


def test_a_file_that_was_tampered_with_is_not_given_out(house: Desk) -> None:
    picture, library = house.picture(), house.illustrations.library
    path = library.files.folder / f"{picture.sha256}.png"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(StorageFailed, match="damaged"):
        library.data(picture)


def test_a_disk_that_takes_nothing_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed):
        PictureFiles(tmp_path / "pictures").keep(png(), "image/png", {})
    with desk(tmp_path, illustrator=FakeIllustrator()) as house:
        job = house.order()
        assert (job.state, job.error_code) == ("failed", "storage_failed")


@pytest.mark.parametrize("name", ["../funza.db", "a.png", "/etc/passwd", "source-x.jpg"])
def test_no_other_file_can_be_named(tmp_path: Path, name: str) -> None:
    files = PictureFiles(tmp_path)
    with pytest.raises(StorageFailed):
        files.read_named(name)
    with pytest.raises(StorageFailed):
        files.delete_named(name)


def test_a_person_keeps_the_rules_of_form_and_is_warned_of_the_rest(house: Desk) -> None:
    assert described(" A mother\ndrinks water. ")[0] == Description("A mother drinks water.")
    assert described("ignored", decorative=True)[0] == Description("", "", decorative=True)
    assert [one.rule for one in described("Image of a mother")[1]] == ["no-image-of", "sentence"]
    assert described("Asha Wanjiru drinks water, six months pregnant.")[1] == ()
    with pytest.raises(TooLong):
        described("word " * 40)
    for text in ("", " \u200b ", "<b>A mother</b> drinks.", "![x](http://e.example/?q=1)"):
        with pytest.raises(InvalidInput):
            described(text)
    assert warnings_of(house.picture()) == ()
