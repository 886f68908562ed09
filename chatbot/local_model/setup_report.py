"""What the scripts tell: text with a progress bar for a person, or one JSON object for a program."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from chatbot.errors import FunzaError
from chatbot.local_model import weights
from chatbot.local_model.catalogue import Model
from chatbot.local_model.choice import Option
from chatbot.local_model.hardware import Hardware


def quiet_logs() -> None:
    """Only warnings, and on stderr: a script's stdout is its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
                        logger_factory=structlog.PrintLoggerFactory(sys.stderr))


class Report:
    """Collects facts; says them at once to a person, or at the end to a program."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.facts: dict[str, Any] = {"notes": []}
        self.console = Console(stderr=as_json, quiet=as_json, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """One line for a person."""
        self.console.print(text, markup=False)

    def chosen(self, option: Option, here: Path | None) -> None:
        """Which model was chosen and whether its weights are here."""
        model = option.model
        self.facts["chosen"] = {"model": model.id, "engine": model.engine, "gpu": option.gpu, "weights": here,
                                "why_not": option.why_not}
        where = "on the GPU in 4 bits" if option.gpu else "on the CPU"
        self.say(f"\nChoice: {model.id}, {where} (engine {model.engine}). "
                 + (f"Its weights are here and verified: {here}" if here else "Its weights are not here yet."))

    def fall_back(self, error: FunzaError, to: Model) -> None:
        """The wanted model cannot be had now; another one will do."""
        self.facts["notes"].append({"problem": error.detail, "remedy": error.remedy, "instead": to.id})
        self.say(f"\n{error.detail}\n  {error.remedy}\nUntil then the embedded model answers: {to.id}.")

    def fetched(self, model: Model, here: Path) -> None:
        """The weights are on the disk, whole and right."""
        self.facts["weights"] = here
        self.say(f"Weights: {here} (sha256 checked)." if model.source != "path" else f"Weights: {here} (yours).")

    def verified(self, trial: dict[str, Any]) -> None:
        """The model answered."""
        self.facts["trial"] = trial
        memory = f"{trial['peak_memory'] / 1e9:.2f} GB of memory"
        memory += f", {trial['gpu_memory'] / 1e9:.2f} GB on the GPU" if trial["gpu_memory"] else ""
        self.say(f"It answers: {trial['answer'][:200]!r}\n{trial['tokens_per_second']:.0f} tokens a second, "
                 f"first token after {trial['first_token']:.2f} s "
                 f"({trial['load_and_first_token']:.1f} s with loading), {memory}.")

    def next_steps(self, model: Model, *, is_default: bool, revision: str) -> None:
        """The last lines: what to do now."""
        steps = [] if is_default else [f"Set LOCAL_MODEL={model.setting} "
                                       "(in .env) so that the server uses it."]
        if revision:
            steps.append(f"Pin what you have: LOCAL_MODEL_REVISION={revision}")
        steps += ["Start the server: make run", "Measure again: python test_huggingface.py"]
        self.facts["next"] = steps
        self.say("\nNext:\n" + "\n".join(f"  {step}" for step in steps))

    def stop(self, code: int, error: FunzaError) -> int:
        """Say what went wrong and what to do; hands `code` back."""
        self.facts["error"] = {"detail": error.detail, "remedy": error.remedy}
        if not self.as_json:
            print(f"\n{error.detail}\n  {error.remedy or ''}", file=sys.stderr)  # noqa: T201 - a script's last words
        return code

    def finish(self, code: int) -> None:
        """The JSON object, when that is wanted."""
        if self.as_json:
            print(json.dumps({"exit_code": code, **self.facts}, default=str))  # noqa: T201 - a script's output


def show_machine(report: Report, hardware: Hardware, options: tuple[Option, ...], model_dir: Path) -> None:
    """What is here and what runs on it."""
    report.facts["hardware"] = asdict(hardware)
    report.facts["models"] = [_row_facts(option) for option in options]
    gpus = ", ".join(f"{gpu.name} ({gpu.vram / 1e9:.0f} GB, capability {gpu.capability[0]}.{gpu.capability[1]})"
                     for gpu in hardware.gpus)
    report.say(f"GPU:    {gpus or 'none'}" + (f" (not usable: {hardware.gpu_problem})" if hardware.gpu_problem else ""))
    report.say(f"CPU:    {hardware.cores} cores\nMemory: {hardware.ram_available / 1e9:.1f} GB free of "
               f"{hardware.ram_total / 1e9:.1f} GB\nDisk:   {hardware.disk_free / 1e9:.1f} GB free at {model_dir}\n")
    for option in options:
        report.say(_row(option))


def _row(option: Option) -> str:
    model = option.model
    needs = size(model.vram) + " on the GPU" if option.gpu else size(model.ram)
    facts = [model.engine, f"download {size(model.download)}" if model.download else "size not known before",
             f"memory {needs}", "languages " + " ".join(model.languages), model.licence + ", gated" * model.gated]
    can = f"no: {option.why_not}" if option.why_not else "yes"
    return f"{model.id}\n    {', '.join(fact for fact in facts if fact)}\n    Can it run here? {can}"


def size(count: int) -> str:
    """Bytes for people: `93 MB`, `2.5 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _row_facts(option: Option) -> dict[str, Any]:
    return {**asdict(option.model), "gpu": option.gpu, "why_not": option.why_not}


@contextmanager
def download_bar(report: Report) -> Iterator[weights.Progress]:
    """A progress bar that appears with the first byte; nothing without a terminal."""
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
                  console=report.console, disable=not report.console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total or None)
            bar.update(tasks[name], completed=done)

        yield show
