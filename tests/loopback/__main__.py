"""Run the loopback provider by hand: `python -m tests.loopback --port 9100 --behaviour answer`."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from tests.loopback import SCRIPTS, LoopbackProvider


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--behaviour", choices=sorted(SCRIPTS), default="answer",
                        help="what it does with every request")
    parser.add_argument("--journal", type=Path, help="where to keep its invoice (JSON lines)")
    options = parser.parse_args()
    with LoopbackProvider(port=options.port, behaviour=SCRIPTS[options.behaviour], journal=options.journal) as upstream:
        print(f"TOGETHER_BASE_URL={upstream.url} OPENAI_BASE_URL={upstream.url_v1}", flush=True)
        print(f"invoice: {upstream.journal.path}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
