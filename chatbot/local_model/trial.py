"""Asks the local model one question and measures the answer: does it work here, and how fast?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from chatbot.errors import NotReady
from chatbot.local_model.choice import Choice
from chatbot.local_model.job import Ask, End, Job, Turn
from chatbot.local_model.owner import Owner
from chatbot.local_model.shared import owner_of
from config import Settings

WARM_UP = "Hello, who are you?"
"""Another text than the question: a prompt that was just read is cached."""
QUESTION = "Name three fruits that people eat."


@dataclass(frozen=True, slots=True)
class Trial:
    """What was seen. Times are seconds, memory is bytes."""

    model: str
    engine: str
    answer: str
    load_and_first_token: float
    """From nothing loaded to the first token."""
    first_token: float
    """To the first token of a second question, with the weights loaded."""
    tokens_per_second: float
    """Decode speed after the first token."""
    completion_tokens: int
    peak_memory: int
    """Of the process that holds the weights, with everything in it."""
    gpu_memory: int
    """Peak on the GPU; 0 without one."""


def try_out(choice: Choice, settings: Settings, question: str = QUESTION, max_tokens: int = 128) -> Trial:
    """Load, answer once to warm up and once to measure, and free the weights.

    Raises NotReady (weights missing, held by another process, too little memory) or another ProviderError.
    """
    owner = owner_of(choice, settings)
    try:
        cold, _, _, _ = _ask(owner, WARM_UP, 8)
        first, rest, text, end = _ask(owner, question, max_tokens)
        memory = owner.memory_use()
    finally:
        owner.close()
    return Trial(
        model=choice.model.id if choice.model else "", engine=choice.engine, answer=text.strip(),
        load_and_first_token=cold, first_token=first,
        tokens_per_second=(end.completion_tokens - 1) / rest if rest > 0 else 0.0,
        completion_tokens=end.completion_tokens, peak_memory=memory.peak, gpu_memory=memory.gpu_peak)


def _ask(owner: Owner, question: str, max_tokens: int) -> tuple[float, float, str, End]:
    """Seconds to the first token, seconds from there to the end, the text, the end."""
    job = Job(Ask((Turn("user", question),), max_tokens=max_tokens, temperature=0.0))
    began = first = time.perf_counter()
    owner.submit(job)
    text = ""
    for piece in job.pieces():
        if isinstance(piece, End):
            if not text.strip():
                raise NotReady("The local model answered with nothing.", remedy="Try another model with --model.")
            return first - began, time.perf_counter() - first, text, piece
        if not text:
            first = time.perf_counter()
        text += piece.text
    raise NotReady("The local model stopped without an end.")
