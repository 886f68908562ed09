"""The studio's and the learner's pages are walked on one real app for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages.studio.house import Studio, studio


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with studio(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture
def address(house: Studio) -> str:
    return house.address
