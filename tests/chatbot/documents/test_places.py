"""Only so many documents are read at once; a few wait, and the rest is told to come again."""

from __future__ import annotations

import threading
import time

import pytest

from chatbot.documents.places import Places
from chatbot.errors import Overloaded


def test_whoever_finds_the_queue_full_is_sent_away_at_once() -> None:
    places = Places(at_once=1, waiting=0, patience=30)
    with places.place():
        began = time.perf_counter()
        with pytest.raises(Overloaded), places.place():
            pass
    assert time.perf_counter() - began < 10
    with places.place():
        pass


def test_whoever_waits_gets_the_place_that_becomes_free() -> None:
    places = Places(at_once=1, waiting=1, patience=30)
    order: list[str] = []

    def second() -> None:
        with places.place():
            order.append("second")

    with places.place():
        waiter = threading.Thread(target=second)
        waiter.start()
        time.sleep(0.1)
        order.append("first")
    waiter.join(30)
    assert order == ["first", "second"]


def test_nobody_waits_for_ever() -> None:
    places = Places(at_once=1, waiting=1, patience=0.05)
    with places.place():
        with pytest.raises(Overloaded), places.place():
            pass
        with pytest.raises(Overloaded), places.place():  # the room of the first one is free again
            pass


def test_a_reader_that_fails_gives_its_place_back() -> None:
    places = Places(at_once=1, waiting=0, patience=0)
    for _ in range(3):
        with pytest.raises(RuntimeError), places.place():
            raise RuntimeError
