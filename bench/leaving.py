"""What leaves this machine under each policy and each row of the fault table: `python -m bench.leaving [--json]`.

Every call carries a phone number, an e-mail address, an ID and a name. A table of one line a policy: calls, connections
and requests that the provider on loopback counted, planted identifiers found in them, receipts, promises broken.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from rich.console import Console
from rich.table import Table

from tests.chatbot.privacy.leaving import POLICIES, Left, play_under
from tests.faults.play import warm_up
from tests.faults.upstream import FAULTS


@dataclass(slots=True)
class Line:
    """One policy, over all faults, streamed and not."""

    policy: str
    calls: int = 0
    answered: int = 0
    connections: int = 0
    requests: int = 0
    planted: int = 0
    receipts: int = 0
    broken: int = 0

    def count(self, left: Left) -> None:
        self.calls += 1
        self.answered += left.answered
        self.connections += left.connections
        self.requests += left.requests
        self.planted += len(left.planted)
        self.receipts += left.receipts
        self.broken += bool(left.breaks(self.policy))


def line_of(policy: str) -> Line:
    """Play the whole fault table under one policy."""
    line = Line(policy)
    with TemporaryDirectory() as folder:
        for fault in FAULTS:
            for stream in (False, True):
                left = play_under(policy, fault, Path(folder), stream=stream)
                line.count(left)
                if broken := left.breaks(policy):
                    print(f"{policy}, {fault.id} ({fault.what}): {broken}", file=sys.stderr)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    warm_up()
    lines = [line_of(policy) for policy in POLICIES]
    if options.json:
        for line in lines:
            print(json.dumps(asdict(line)))
    else:
        table = Table("policy", "calls", "answered", "connections", "requests", "planted", "receipts", "broken")
        for line in lines:
            table.add_row(*map(str, asdict(line).values()))
        Console(width=120).print(table)
    sys.exit(any(line.broken for line in lines))


if __name__ == "__main__":
    main()
