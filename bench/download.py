"""A download of 200 MB, killed in the middle and gone on with: `python -m bench.download [--mb 200]`.

For each kind of place (a server on the loopback interface that speaks its wire and counts): how many bytes went out,
how many of them twice, how long it took, and whether the hash is right. What is sent twice is what was on its way when
the process died; Google's library asks for 8 MB at a time, so up to that much.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.served import ROOT
from chatbot.local_model.choice import named
from chatbot.local_model.fetching import fetch
from chatbot.local_model.weights import sha256
from config import Settings
from tests.chatbot.local_model.fake_place import Dialect, FakePlace

PLACES: tuple[Dialect, ...] = ("hub", "s3", "web", "gs", "az")
BUCKETS = ("s3://funza", "gs://funza", "az://funza")
CODE = ("import sys, json; from chatbot.local_model.fetching import fetch; "
        "from chatbot.local_model.choice import named; "
        "from config import Settings; fetch(named(sys.argv[1]), Settings(_env_file=None, **json.loads(sys.argv[2])))")
FILE = "tiny-Q4_K_M.gguf"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--places", nargs="*", default=PLACES, choices=PLACES)
    options = parser.parse_args()
    content = b"GGUF" + os.urandom(options.mb * 1_000_000 - 4)
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
    print("| place | MB | MB kept at kill -9 | MB sent in all | MB sent twice | s before | s after | hash |")
    print("|---|---|---|---|---|---|---|---|")
    for dialect in options.places:
        with tempfile.TemporaryDirectory() as folder:
            print(row(dialect, content, Path(folder)), flush=True)


def row(dialect: Dialect, content: bytes, folder: Path) -> str:
    """One place's line of the table."""
    digest = hashlib.sha256(content).hexdigest()
    with served(dialect, content, digest) as (place, name, path):
        facts: dict[str, Any] = {"model_dir": str(folder), "local_model_buckets": BUCKETS, **place.settings()}
        place.pause = 0.002
        began = time.perf_counter()
        victim = subprocess.Popen([sys.executable, "-c", CODE, name, json.dumps(facts)], cwd=ROOT,
                                  env={**os.environ, "HF_ENDPOINT": place.url})
        while place.sent.get(path, 0) < 0.4 * len(content):
            if victim.poll() is not None:
                raise RuntimeError("the download ended before it could be killed")
            time.sleep(0.005)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        before, place.pause = time.perf_counter() - began, 0.0
        kept = next(folder.rglob("*.part")).stat().st_size
        os.environ["HF_ENDPOINT"] = place.url
        began = time.perf_counter()
        here = fetch(named(name), Settings(_env_file=None, **facts))
        after = time.perf_counter() - began
        sent = place.sent[path]
    right = "right" if sha256(here) == digest else "WRONG"
    cells = (dialect, *(f"{count / 1e6:.1f}" for count in (len(content), kept, sent, sent - len(content))),
             f"{before:.1f}", f"{after:.1f}", right)
    return f"| {' | '.join(cells)} |"


@contextmanager
def served(dialect: Dialect, content: bytes, digest: str) -> Iterator[tuple[FakePlace, str, str]]:
    """The place, what LOCAL_MODEL says, and the path that the place counts by."""
    path = FILE if dialect == "hub" else f"funza/{FILE}"
    with FakePlace(dialect, {path: content}) as place:
        address = {"hub": "someone/tiny-GGUF", "web": f"{place.url}/{path}#sha256={digest}"}
        yield place, address.get(dialect, f"{dialect}://{path}#sha256={digest}"), path


if __name__ == "__main__":
    main()
