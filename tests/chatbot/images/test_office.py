"""Alt texts in Word and PowerPoint files: found where they are missing, filled in, and nothing else changed."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from chatbot.errors import InvalidInput
from chatbot.images.alt.office import pictures_to_describe, with_alt_texts
from tests.chatbot.documents.good_files import PAGES, pdf
from tests.chatbot.images.good_pictures import jpeg, png
from tests.chatbot.images.office_files import (
    DECORATIVE,
    alt_texts_of_word,
    decorative_ones,
    pic,
    slide_of,
    slides,
    word,
)

TEXT = 'Nawa mikono: "sabuni" & maji < 5 min — kila mara.'


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_pictures_of_a_word_file_get_their_texts_and_word_s_own_are_kept() -> None:
    data = word(png(), jpeg(), described=png(words="Third"))
    places, archive = pictures_to_describe(data)
    assert [archive.read(place.media)[:4] for place in places] == [b"\x89PNG", b"\xff\xd8\xff\xe0"]
    filled = with_alt_texts(archive, dict(zip(places, [TEXT, "Second."], strict=True)))
    assert alt_texts_of_word(filled) == [TEXT, "Second.", "Written by a person."]


def test_every_other_byte_of_the_file_stays() -> None:
    data = word(png(), jpeg())
    places, archive = pictures_to_describe(data)
    before, after = parts(data), parts(with_alt_texts(archive, {places[1]: "Second."}))
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == {"word/document.xml"}
    changed = after["word/document.xml"]
    assert changed.replace(b' descr="Second."', b"") == before["word/document.xml"]


def test_pictures_of_slides_are_found_and_filled() -> None:
    data = slides(pic(2, "rId1"), pic(3, "rId1", 'descr="Written by a person."'), pic(4, "rId1", "descr='  '"),
                  pic(5, "rId1", "", DECORATIVE), pic(6, "rId2"), pic(7, "rId9"), media=png())
    places, archive = pictures_to_describe(data)
    assert [place.media for place in places] == ["ppt/media/image1.png"] * 2
    slide = slide_of(with_alt_texts(archive, dict(zip(places, [TEXT, "Fourth."], strict=True))))
    assert '<p:cNvPr descr=\'Nawa mikono: "sabuni" &amp; maji &lt; 5 min — kila mara.\' id="2"' in slide
    assert '<p:cNvPr descr="Fourth." id="4" name="Picture 4">' in slide
    assert slide.count("descr=") == 3


def test_an_empty_text_marks_a_picture_of_a_word_file_as_decorative() -> None:
    data = word(png(), jpeg(), described=png(words="Third"))
    places, archive = pictures_to_describe(data)
    filled = with_alt_texts(archive, {places[0]: "", places[1]: "Second."})
    assert decorative_ones(parts(filled)["word/document.xml"]) == ["Picture 1"]
    assert alt_texts_of_word(filled) == ["", "Second.", "Written by a person."]
    assert pictures_to_describe(filled)[0] == []


LINK = '<a:hlinkClick r:id="rId9"/>'
CREATED = ('<a:ext uri="{FF2B5EF4-FFF2-40B4-BE49-F238E27FC236}"><a16:creationId xmlns:a16='
           '"http://schemas.microsoft.com/office/drawing/2014/main" id="{00000000-0008-0000-0000-000002000000}"/>'
           '</a:ext>')


@pytest.mark.parametrize("inside", [
    "", " ", LINK, "<a:extLst/>", "<a:extLst ></a:extLst>", f"{LINK}<a:extLst>{CREATED}</a:extLst>",
    f"<a:hlinkClick><a:extLst>{CREATED}</a:extLst></a:hlinkClick>", DECORATIVE.replace('val="1"', "val = '0'")],
    ids=["nothing", "a blank", "a link", "an empty list", "an open list", "another extension", "a list of the link's",
         "a mark that says no"])
def test_a_decorative_picture_of_a_slide_is_marked_whatever_its_properties_hold(inside: str) -> None:
    data = slides(pic(2, "rId1", 'descr=" "', inside), pic(3, "rId1"), media=png())
    places, archive = pictures_to_describe(data)
    filled = with_alt_texts(archive, {places[0]: "", places[1]: "Third."})
    slide = slide_of(filled)
    assert decorative_ones(slide) == ["Picture 2"]
    assert slide.count("descr=") == slide.count('descr="Third."') == 1
    assert slide.count("creationId") == inside.count("creationId")
    assert pictures_to_describe(filled)[0] == []


def test_properties_that_are_one_empty_tag_are_opened() -> None:
    data = slides(pic(2, "rId1").replace("></p:cNvPr>", " />"), media=png())
    (place,), archive = pictures_to_describe(data)
    slide = slide_of(with_alt_texts(archive, {place: ""}))
    assert decorative_ones(slide) == ["Picture 2"]


def test_an_author_s_text_is_replaced_when_that_is_asked_for_and_her_decorative_pictures_stay() -> None:
    data = slides(pic(2, "rId1", 'descr="Written by a person."'), pic(3, "rId1", "", DECORATIVE), media=png())
    assert pictures_to_describe(data)[0] == []
    (place,), archive = pictures_to_describe(data, replace=True)
    slide = slide_of(with_alt_texts(archive, {place: TEXT}))
    assert "Written by a person." not in slide
    assert decorative_ones(slide) == ["Picture 3"]
    assert decorative_ones(slide_of(with_alt_texts(archive, {place: ""}))) == ["Picture 2", "Picture 3"]


def test_a_filled_file_has_nothing_left_to_fill() -> None:
    places, archive = pictures_to_describe(word(png(), jpeg()))
    filled = with_alt_texts(archive, {place: f"Picture {number}." for number, place in enumerate(places)})
    assert pictures_to_describe(filled)[0] == []


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("data", [
    b"", b"PK\x03\x04", pdf(*PAGES), slides(media=png(), head=LAUGHS),
    slides(media=png(), head='<?xml version="1.0" encoding="UTF-16"?>'), slides("<p:pic>", media=png()),
    slides('<!DOCTYPE x SYSTEM "file:///etc/passwd">', media=png())],
    ids=["empty", "broken", "pdf", "entities", "another encoding", "broken XML", "outside DTD"])
def test_what_is_no_honest_office_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        pictures_to_describe(data)
