"""Plays the fault table: `python -m bench.faults [--json]`. One line for each fault, streamed and not.

What came back, after how many seconds, the tries, their rows in the ledger, and whether all of it is as specified
(the answer, the time, the rows, and the provider's invoice). L and S rows are tests: they are run, and said to pass.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import structlog
from rich.console import Console
from rich.table import Table

from chatbot.log_lines import LogLines
from tests.faults.play import play, warm_up
from tests.faults.upstream import FAULTS

ROOT = Path(__file__).parent.parent
OWN_TESTS = ("tests/chatbot/test_local_faults.py", "tests/chatbot/test_own_faults.py", "tests/test_served_faults.py")
NAME = re.compile(r"test_((?:[LS]\d\d_)+)(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    id: str
    what: str
    client: str
    came_back: str
    seconds: float
    attempts: int
    ledger: str
    plays: int
    """Times it was played until it came out so; a slow moment of the machine is no fault of the engine."""
    complaints: str
    """Empty when all is as specified."""


def upstream_faults() -> Iterator[Line]:
    """F01-F30, played."""
    warm_up()
    for fault in FAULTS:
        for stream in (False, True):
            with TemporaryDirectory() as folder:
                played = play(fault, stream, Path(folder))
            tried = sum(row.provider != "curated" for row in played.rows)
            rows = "; ".join(played.attempts) or f"no rows, call {played.call_state}"
            yield Line(fault.id, fault.what, "streams" if stream else "waits", played.came_back,
                       round(played.seconds, 2), tried, rows, played.plays, "; ".join(played.complaints))


def own_faults() -> Iterator[Line]:
    """L01-L09 and S rows, from their tests."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *OWN_TESTS], cwd=ROOT,
                       stdout=subprocess.DEVNULL, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    for case in cases:
        if found := NAME.match(case.get("name", "")):
            bad = [child.get("message", "failed") for child in case if child.tag in {"failure", "error"}]
            yield Line(found[1].strip("_").replace("_", " "), found[2].replace("_", " "), "", "",
                       float(case.get("time", 0)), 0, "", 1, "; ".join(bad)[:200])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=LogLines(sys.stderr)))  # type: ignore[arg-type]
    lines = []
    for line in (*upstream_faults(), *own_faults()):
        lines.append(line)
        if options.json:
            print(json.dumps(asdict(line)), flush=True)
    if not options.json:
        Console(width=200).print(_table(lines))
    wrong = sum(bool(line.complaints) for line in lines)
    print(f"{len(lines)} faults played, {len(lines) - wrong} as specified, {wrong} not", file=sys.stderr)
    sys.exit(1 if wrong else 0)


def _table(lines: list[Line]) -> Table:
    table = Table("fault", "what", "client", "came back", "s", "tries", "ledger", "plays", "as specified")
    for line in lines:
        table.add_row(line.id, line.what, line.client, line.came_back, f"{line.seconds:.2f}", str(line.attempts or ""),
                      line.ledger, str(line.plays), line.complaints or "yes")
    return table


if __name__ == "__main__":
    main()
