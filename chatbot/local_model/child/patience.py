"""How long a child may go on when nobody wants its answer any more."""

from __future__ import annotations

import time

from chatbot.local_model.child.process import Child

STOP_LIMIT = 2.0
"""Seconds that the child has to stop when nobody wants its answer any more; then it is killed. faults.md L07."""
AT_WORK_LIMIT = 6.0
"""The same for a child that is computing: one step of a long prompt cannot be interrupted, nor does it take long."""
AT_WORK = 0.05
"""Of a core, used since nobody wants the answer: less, and it is no step of a prompt that it is in."""
LOOK = 0.1
"""Seconds between two looks at whether it hangs."""


class Patience:
    """Runs from its making, when every job of the child's `generate` was over."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._began = time.monotonic()
        self._cpu = child.cpu_seconds()

    def is_over(self) -> bool:
        waited = time.monotonic() - self._began + 2 * LOOK   # it was noticed one look late, and will be killed one late
        if waited < STOP_LIMIT:
            return False
        is_at_work = self._child.cpu_seconds() - self._cpu > AT_WORK * waited
        return not is_at_work or waited >= AT_WORK_LIMIT
