"""Small words that several tests of the local model share."""

from __future__ import annotations

import threading
from typing import Any

from chatbot.local_model.engines.engine import Engine
from chatbot.local_model.job import Ask, End, Job, Text, Turn


def ask(text: str = "Name three fruits.", **options: Any) -> Ask:
    return Ask((Turn("user", text),), **options)


def answer(job: Job) -> tuple[str, End]:
    """The whole answer of a job that is running or done; raises its error."""
    pieces = list(job.pieces())
    end = pieces[-1]
    assert isinstance(end, End)
    return "".join(piece.text for piece in pieces[:-1] if isinstance(piece, Text)), end


def run(engine: Engine, *asks: Ask) -> list[tuple[str, End]]:
    """Answers of one `generate` call (static engines), or of one call each (continuous ones)."""
    jobs = [Job(one) for one in asks]
    if engine.continuous:
        threads = [threading.Thread(target=engine.generate, args=([job],)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    else:
        engine.generate(jobs)
    return [answer(job) for job in jobs]
