"""F01-F30 of the fault table, for a client that streams and one that waits: answer, time, rows, bill."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.fault import Fault
from tests.faults.play import play, slowness, warm_up
from tests.faults.upstream import FAULTS


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.id}: {fault.what}" for fault in FAULTS])
def test_a_row_of_the_fault_table_comes_out_as_specified(tmp_path: Path, fault: Fault, stream: bool) -> None:
    assert play(fault, stream, tmp_path, slowness).complaints == []


def test_every_row_of_the_table_is_played() -> None:
    assert {fault.id[:3] for fault in FAULTS} == {f"F{number:02}" for number in range(1, 31)}
