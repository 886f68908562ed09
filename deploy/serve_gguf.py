"""Serves a GGUF file to several workers: llama.cpp's own OpenAI-compatible server, out of the xllamacpp package.

    LOCAL_API_KEY=... python -m deploy.serve_gguf model.gguf --port 9000

It is `llama-server` by another door: anything that speaks chat completions can ask it with the key.
"""

# ruff: noqa: T201 - a script
from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--slots", type=int, default=4, help="requests answered at once")
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and answer of one request")
    options = parser.parse_args()
    key = os.environ.get("LOCAL_API_KEY", "")
    if not key:
        print("LOCAL_API_KEY is not set: nobody but your workers should be able to ask.", file=sys.stderr)
        return 78
    server = _serve(options, key)
    print(f"serving {options.weights.name} at {server.listening_address}", flush=True)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)  # wakes the pause below
    signal.pause()
    return 0


def _serve(options: argparse.Namespace, key: str) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(options.weights)
    params.hostnames, params.port = [options.host], options.port
    params.n_ctx, params.n_parallel = options.context * options.slots, options.slots
    params.n_batch = params.n_ubatch = 256  # between two looks at whether the client is still there
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.api_keys = [key]
    params.endpoint_slots = params.ui = params.use_jinja = params.warmup = params.fit_params = False
    params.cache_ram_mib = 0
    params.verbosity = -1  # its log holds prompts
    return xllamacpp.Server(params)


if __name__ == "__main__":
    raise SystemExit(main())
