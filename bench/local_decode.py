"""Decode speed of the local model through our provider, beside the bare engine on the same weights.

    python -m bench.local_decode                                     the model of this machine (LOCAL_MODEL, MODEL_DIR)
    python -m bench.local_decode --child-beside-inside               LOCAL_PROCESS=child beside LOCAL_PROCESS=inside
    python -m bench.local_decode --engine transformers --random-1b   a Llama of 1B shape with random weights (GPU, CPU)

Both sides answer the same prompt greedily; rounds alternate, so a busy machine slows both. A round's speed is
(tokens - 1) / (last token - first token). Goal: a ratio of at least 0.95. With --random-1b it prints NF4 and bf16
and the memory of each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.random_llama import MODES, engines_for, make_random_llama
from chatbot.local_model.child.in_child import InChild
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.choice import choose
from chatbot.local_model.engines import ENGINES, make_engine
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.job import Turn
from chatbot.local_model.memory import memory_of_this_process
from chatbot.local_model.owner import Owner
from chatbot.local_model.setup_report import quiet_logs
from chatbot.local_model.templates import write_prompt
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Message
from chatbot.providers.local import LocalProvider
from config import load_settings

QUESTION = "Tell me a long story about a farmer who plants a mango tree, with every detail."
GOAL = 0.95
Round = Callable[[int], float]
"""Answers with so many tokens; tokens a second."""


def through_our_provider(provider: LocalProvider) -> Round:
    """Owner, engine, job, provider: the whole way a learner's question goes. A piece may hold several tokens."""
    def one(tokens: int) -> float:
        request = ChatRequest((Message("user", QUESTION),), max_tokens=tokens, temperature=0.0)
        times: list[float] = []
        for piece in provider.answer(request, provider.models()[0], Cancel()):
            if isinstance(piece, Delta):
                times.append(time.perf_counter())
            elif isinstance(piece, Finish) and piece.usage:
                return (piece.usage.completion_tokens - 1) / (times[-1] - times[0])
        raise AssertionError("no usage came")

    return one


def bare_llama_cpp(path: Path) -> Round:
    """The engine alone, with one slot, its defaults, and a callback that only looks at the clock."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = 4096, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.use_jinja = params.warmup = params.fit_params = False
    params.cache_ram_mib, params.verbosity = 0, -1
    server = xllamacpp.Server(params)
    prompt = write_prompt((Turn("user", QUESTION),), "chatml").text

    def one(tokens: int) -> float:
        times: list[float] = []

        def hear(chunk: dict[str, Any]) -> bool:
            if chunk["choices"] and chunk["choices"][0]["text"]:
                times.append(time.perf_counter())
            return False

        server.handle_completions({"prompt": prompt, "n_predict": tokens, "temperature": 0.0, "stream": True}, hear)
        return (len(times) - 1) / (times[-1] - times[0])

    return one


def compare(ours: Round, bare: Round, rounds: int, tokens: int) -> float:
    """Alternate, print each round, hand back the median of the rounds' ratios."""
    seen: tuple[list[float], list[float]] = ([], [])
    for place in range(rounds + 1):
        order = ((bare, seen[1]), (ours, seen[0])) if place % 2 else ((ours, seen[0]), (bare, seen[1]))
        for run, into in order:
            into.append(run(tokens))
        if place:
            print(f"  round {place}: ours {seen[0][-1]:7.1f}  bare {seen[1][-1]:7.1f} tokens/s")
    ours_all, bare_all = seen[0][1:], seen[1][1:]   # the first warms up
    ratio = statistics.median(one / other for one, other in zip(ours_all, bare_all, strict=True))
    print(f"  median:  ours {statistics.median(ours_all):7.1f}  bare {statistics.median(bare_all):7.1f} tokens/s   "
          f"ratio (median of the rounds') {ratio:.3f}")
    print(f"  best:    ours {max(ours_all):7.1f}  bare {max(bare_all):7.1f} tokens/s   "
          "(tells more than the median where others use the machine)")
    return ratio


def this_machines_model(rounds: int, tokens: int) -> float:
    """The GGUF that this machine answers with, through us and bare."""
    settings = load_settings()
    choice = choose(settings)
    if choice.why_not or choice.engine != "llama_cpp" or choice.weights is None:
        raise SystemExit(choice.why_not or "this bench compares GGUF models; use --engine transformers --random-1b")
    provider = LocalProvider(settings)
    print(f"{choice.model.id if choice.model else ''} ({choice.engine}), {tokens} tokens a round")
    try:
        return compare(through_our_provider(provider), bare_llama_cpp(choice.weights), rounds, tokens)
    finally:
        provider.close()


def child_beside_inside(rounds: int, tokens: int) -> float:
    """The same model in a child process and in ours, through the whole provider; both loaded, one works at a time."""
    settings = load_settings()
    choice = choose(settings)
    if choice.why_not or choice.weights is None or choice.model is None:
        raise SystemExit(choice.why_not or "a server at LOCAL_BASE_URL has no child")
    wanted, restarts, name = EngineSettings(choice.model.id, choice.weights, gpu=choice.gpu), Restarts(), choice.engine
    before = memory_of_this_process().resident
    child = Owner(lambda: InChild(ENGINES[name], wanted, restarts), queue=4, idle_unload=0, lock=None)
    inside = Owner(lambda: make_engine(name, wanted), queue=4, idle_unload=0, lock=None)
    providers = [LocalProvider(settings, lambda *_, owner=owner: owner) for owner in (child, inside)]
    sides = [through_our_provider(provider) for provider in providers]
    print(f"{choice.model.id} ({name}), {tokens} tokens a round; ours: in a child, bare: inside")
    try:
        sides[0](8)
        print(f"  this process before {before / 1e6:.0f} MB, with the child loaded "
              f"{memory_of_this_process().resident / 1e6:.0f} MB, the child {child.memory_use().resident / 1e6:.0f} MB")
        sides[1](8)
        print(f"  this process with the weights inside too {memory_of_this_process().resident / 1e6:.0f} MB")
        return compare(sides[0], sides[1], rounds, tokens)
    finally:
        for provider in providers:
            provider.close()


def random_1b(rounds: int, tokens: int, layers: int) -> float:
    """A Llama of 1B shape: NF4 and bf16, through our engine and through `generate` alone."""
    ratios = []
    with tempfile.TemporaryDirectory() as place:
        folder = make_random_llama(Path(place), layers)
        for mode in MODES:
            ours, bare, memory, free = engines_for(folder, mode, QUESTION)
            print(f"random Llama, {layers} layers, {mode}, {tokens} tokens a round")
            ratios.append(compare(ours, bare, rounds, tokens))
            print(f"  memory:  {memory()}")
            free()
    return min(ratios)


def main() -> int:
    """Run it; exit code 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["llama_cpp", "transformers"], default="llama_cpp")
    parser.add_argument("--random-1b", action="store_true", help="with --engine transformers: random weights")
    parser.add_argument("--layers", type=int, default=16, help="of the random model; 16 is Llama-3.2-1B's shape")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--child-beside-inside", action="store_true", help="a child process beside ours")
    options = parser.parse_args()
    quiet_logs()
    if options.child_beside_inside:
        ratio = child_beside_inside(options.rounds, options.tokens)
    elif options.engine == "transformers":
        if not options.random_1b:
            parser.error("--engine transformers needs --random-1b")
        ratio = random_1b(options.rounds, options.tokens, options.layers)
    else:
        ratio = this_machines_model(options.rounds, options.tokens)
    print(f"ratio {ratio:.3f}, goal {GOAL}: {'met' if ratio >= GOAL else 'MISSED'}")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
