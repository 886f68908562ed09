"""Every bad picture is refused for what it is, in less than 5 s, and mostly before anything is decoded."""

from __future__ import annotations

import time

import pytest

from chatbot.errors import InvalidInput
from chatbot.images.header import check_header
from chatbot.images.picture import read_picture
from routes.errors import status_of
from tests.chatbot.images.bad_pictures import BAD_NAMES, BAD_PICTURES, BadPicture, many_scans
from tests.chatbot.images.good_pictures import png


@pytest.mark.parametrize("bad", BAD_PICTURES, ids=[bad.id for bad in BAD_PICTURES])
def test_a_bad_picture_is_refused_for_what_it_is(bad: BadPicture) -> None:
    data = bad.make()
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        read_picture(data, bad.name)
    assert time.perf_counter() - began < 15
    assert (status_of(type(refused.value)), refused.value.code) == (bad.status, bad.code)
    assert refused.value.remedy


@pytest.mark.parametrize("bad", [bad for bad in BAD_PICTURES if bad.status == 413 or bad.code == "animated_picture"],
                         ids=lambda bad: bad.id)
def test_bombs_are_refused_by_their_header_alone(bad: BadPicture) -> None:
    data = bad.make()
    began = time.perf_counter()
    with pytest.raises(InvalidInput):
        check_header(data)
    assert time.perf_counter() - began < 0.5


def test_a_picture_that_is_painted_five_thousand_times_is_stopped_by_the_clock() -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        read_picture(many_scans())
    assert status_of(type(refused.value)) == 422
    assert time.perf_counter() - began < 15


@pytest.mark.parametrize("name", BAD_NAMES)
def test_nothing_of_a_name_matters_but_its_ending(name: str) -> None:
    assert read_picture(png(), name).media_type == "image/jpeg"
