"""One row of a batch: how its next token is picked, its text streamed, and when it is over.

Each job of a batch keeps its own temperature, seed, schema, stop strings, limit and cancel: picking happens here,
row by row, and `generate` only follows (it takes the one token that a row left it).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chatbot.local_model.job import End, Job

TOP_K = 40
"""Likeliest tokens to sample from: llama.cpp's default, so both engines behave alike."""


class Decoder(Protocol):
    """What a row needs of a tokenizer."""

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str: ...


class Grammar(Protocol):
    """Holds an answer to a schema (llguidance's LLMatcher)."""

    def compute_logit_bias(self) -> bytes: ...
    def consume_token(self, sampled_token: int) -> bool: ...
    def is_stopped(self) -> bool: ...


class Row:
    """A job while it is generated."""

    def __init__(self, job: Job, tokenizer: Decoder, *, prompt_tokens: int, limit: int, ends: frozenset[int],
                 stop: Sequence[str], grammar: Grammar | None = None) -> None:
        self.job = job
        self.grammar = grammar
        self.count = 0
        self._text = Stream(tokenizer, tuple(stop), job.write)
        self._prompt_tokens = prompt_tokens
        self._limit = limit
        self._ends = ends
        self._random = random.Random(job.ask.seed)  # noqa: S311 - sampling, no secret
        self._finished = False

    @property
    def finished(self) -> bool:
        """Ended, failed or cancelled: a cancel is noticed here, before the next token."""
        return self._finished or self.job.over

    def pick(self, logits: Any) -> int:
        """The next token from `logits` (a tensor of the vocabulary's length, masked in place for the schema)."""
        if self.grammar is not None:
            self._mask(logits)
        if self.job.ask.temperature <= 0:
            return int(logits.argmax())
        values, ids = logits.topk(min(TOP_K, logits.shape[-1]))
        place = self._sample(values.float().tolist())
        return int(ids[place])

    def take(self, token: int) -> None:
        """Account for a picked token: stream its text, or end."""
        self.count += 1
        if token in self._ends:
            self._end("stop")
            return
        self._text.push(token)
        complete = self.grammar is not None and (not self.grammar.consume_token(token) or self.grammar.is_stopped())
        if complete or self._text.stopped:
            self._end("stop")
        elif self.count >= self._limit:
            self._end("length")

    def _end(self, reason: Any) -> None:
        self._text.flush()
        self._finished = True
        self.job.end(End(reason, self._prompt_tokens, self.count))

    def _mask(self, logits: Any) -> None:
        import torch

        allowed = torch.frombuffer(bytearray(self.grammar.compute_logit_bias()), dtype=torch.uint8)  # type: ignore[union-attr]
        banned = torch.ones(logits.shape[-1], dtype=torch.bool)
        banned[:len(allowed)] = allowed[:logits.shape[-1]] == 0
        logits.masked_fill_(banned.to(logits.device), float("-inf"))

    def _sample(self, values: list[float]) -> int:
        """Index into `values` (logits, falling), drawn at the job's temperature from its top_p."""
        scaled = [math.exp((value - values[0]) / self.job.ask.temperature) for value in values]
        kept, mass, total = 0, 0.0, sum(scaled)
        for weight in scaled:
            kept, mass = kept + 1, mass + weight
            if mass >= (self.job.ask.top_p or 1.0) * total:
                break
        return self._random.choices(range(kept), weights=scaled[:kept])[0]


class Stream:
    """Turns tokens into text as they come: never half a letter, never (part of) a stop string."""

    def __init__(self, tokenizer: Decoder, stop: tuple[str, ...], write: Callable[[str], None]) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(word for word in stop if word)
        self._write = write
        self._ids: list[int] = []
        self._shown, self._read = 0, 0   # tokens whose text is out; tokens decoded so far
        self._held = ""
        self.stopped = False

    def push(self, token: int) -> None:
        """Take one token and pass on the text that is certain."""
        self._ids.append(token)
        before = self._decode(self._ids[self._shown:self._read])
        after = self._decode(self._ids[self._shown:])
        if len(after) <= len(before) or after.endswith("\ufffd"):   # half a letter: wait for its other tokens
            return
        self._shown, self._read = self._read, len(self._ids)
        self._held += after[len(before):]
        self._pass_on()

    def flush(self) -> None:
        """Pass on what was held back, when no stop string came."""
        if not self.stopped:
            self._write(self._held)
        self._held = ""

    def _pass_on(self) -> None:
        places = [place for word in self._stop if (place := self._held.find(word)) >= 0]
        if places:
            self.stopped = True
            self._write(self._held[:min(places)])
            return
        keep = max((_overlap(self._held, word) for word in self._stop), default=0)
        certain = len(self._held) - keep
        self._write(self._held[:certain])
        self._held = self._held[certain:]

    def _decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


def _overlap(text: str, word: str) -> int:
    """Length of the longest end of `text` that begins `word`."""
    return next((size for size in range(min(len(text), len(word) - 1), 0, -1) if text.endswith(word[:size])), 0)
