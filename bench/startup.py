"""How long until the app is ready, and what it has imported by then: `python -m bench.startup`.

Goal: under 1.5 s from `python run.py` to 200 on /readyz, without torch or a vendor SDK.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

import psutil

from bench.served import ROOT, serve

HEAVY = ("torch", "transformers", "together", "openai", "huggingface_hub", "xllamacpp")
IMPORTED = f"import sys, run; run.create_app(); print([name for name in {HEAVY!r} if name in sys.modules])"


def main(runs: int = 7) -> None:
    seconds, megabytes = [], []
    for _ in range(runs):
        with serve() as served:
            seconds.append(served.ready_after)
            family = [psutil.Process(served.process.pid), *psutil.Process(served.process.pid).children(recursive=True)]
            megabytes.append(sum(one.memory_info().rss for one in family) / 1e6)
    heavy = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True)
    print(f"ready after: median {statistics.median(seconds):.2f} s, min {min(seconds):.2f}, max {max(seconds):.2f} "
          f"({runs} runs)")
    print(f"memory then, gunicorn and its worker: median {statistics.median(megabytes):.0f} MB")
    print(f"heavy packages imported by then: {heavy.stdout.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
