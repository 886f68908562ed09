#!/usr/bin/env python3
"""Does the local model really answer on this machine, and how fast?

    python test_huggingface.py [--json]     prints speed, time to the first token and memory
    pytest test_huggingface.py              one test; skipped, with the remedy, when there are no weights

Exit codes: 0 it answers · 1 it does not, and why · 2 wrong options · 3 no weights here yet · 78 wrong setting
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from chatbot.errors import FunzaError
from chatbot.local_model.choice import choose
from chatbot.local_model.setup_report import quiet_logs
from chatbot.local_model.trial import Trial, try_out
from config import Settings, load_settings

READY, FAILED, NO_WEIGHTS = 0, 1, 3


def test_the_local_model_answers_on_this_machine() -> None:
    import pytest

    settings = Settings()
    choice = choose(settings)
    if choice.why_not:
        pytest.skip(f"{choice.why_not} {choice.remedy}")
    trial = try_out(choice, settings, max_tokens=24)
    assert trial.answer
    assert trial.completion_tokens > 1


def main(arguments: list[str] | None = None) -> int:
    """Run the script; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args(arguments)
    quiet_logs()
    settings = load_settings()
    choice = choose(settings)
    if choice.why_not:
        print(f"{choice.why_not} {choice.remedy}", file=sys.stderr)
        return NO_WEIGHTS
    try:
        trial = try_out(choice, settings)
    except FunzaError as error:
        print(f"{error.detail} {error.remedy or ''}", file=sys.stderr)
        return FAILED
    print(json.dumps(asdict(trial)) if options.json else describe(trial))
    return READY


def describe(trial: Trial) -> str:
    """The measurement in lines for a person."""
    lines = [f"model            {trial.model} ({trial.engine})",
             f"answer           {trial.answer[:160]!r}",
             f"decode           {trial.tokens_per_second:.1f} tokens/s over {trial.completion_tokens} tokens",
             f"first token      {trial.first_token:.3f} s ({trial.load_and_first_token:.2f} s with loading)",
             f"peak memory      {trial.peak_memory / 1e6:.0f} MB"]
    if trial.gpu_memory:
        lines.append(f"peak GPU memory  {trial.gpu_memory / 1e6:.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
