"""Safetensors through transformers: 4-bit NF4 (bitsandbytes) on a GPU, and on a CPU where someone wants it.

What waits is run as one batch, padded on the left; rows.py picks the tokens. A model without a chat template is
a base model: it completes text (few-shot, stop strings) and `note` says so.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import structlog

from chatbot.errors import GpuFailed, NotReady, ProviderError, Refused, SchemaBroken, ServerFailed
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.engines.nf4 import load_model
from chatbot.local_model.engines.rows import Row
from chatbot.local_model.job import Ask, Job, Turn
from chatbot.local_model.sources.safe_files import refuse_remote_code
from chatbot.local_model.templates import defuse, write_prompt

log = structlog.get_logger(__name__)


class NobodyWaits(Exception):
    """Every job of the batch was cancelled while its prompt was read."""


class Transformers(Engine):
    """One model, one tokenizer, static batches."""

    slots = 8
    continuous = False

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._model: Any = None
        self._tokenizer: Any = None
        self._guide: Any = None
        self._ends: frozenset[int] = frozenset()

    @property
    def note(self) -> str:
        if self._tokenizer is None or self._tokenizer.chat_template:
            return ""
        return f"{self.settings.model} is a base model without a chat format: it completes text (few-shot) instead"

    @property
    def memory(self) -> int:
        """Bytes of the weights as loaded; 0 before."""
        return int(self._model.get_memory_footprint()) if self._model is not None else 0

    def load(self) -> None:
        if self._model is not None:
            return
        path = self.settings.path
        if path is None or not (path / "config.json").is_file():
            raise NotReady("The weights are missing.", remedy="Run `python setup_huggingface.py`.")
        refuse_remote_code(path / "config.json")
        self._tokenizer, self._model = load_model(str(path), gpu=self.settings.gpu, four_bit=self.settings.four_bit)
        self._ends = end_tokens(self._model, self._tokenizer)
        self._clean_defaults()
        if self.note:
            log.warning("local_model.completion_mode", model=self.settings.model, note=self.note)

    def unload(self) -> None:
        was_loaded, self._model, self._tokenizer, self._guide = self._model is not None, None, None, None
        if was_loaded:
            gc.collect()
            if self.settings.gpu:
                import torch

                torch.cuda.empty_cache()

    def generate(self, jobs: Sequence[Job]) -> None:
        import torch

        ready = [(row, ids) for job in jobs if (made := self._prepare(job)) for row, ids in (made,)]
        if not ready:
            return
        rows = [row for row, _ in ready]
        try:
            with torch.inference_mode():
                self._run(rows, [ids for _, ids in ready])
        except RuntimeError as error:   # out of memory, a device assert, a kernel that is not there
            log.error("local_model.engine_failed", error=type(error).__name__)
            for row in rows:
                row.job.fail(self._failure(error))

    def count_tokens(self, text: str) -> int | None:
        tokenizer = self._tokenizer
        return len(tokenizer(text, add_special_tokens=False).input_ids) if tokenizer is not None else None

    def _failure(self, error: RuntimeError) -> ProviderError:
        """What to tell the jobs. After an error on the GPU nothing more of this CUDA context can be relied on."""
        import torch

        on_gpu = isinstance(error, torch.OutOfMemoryError) or "CUDA" in str(error) or self.settings.gpu
        if not on_gpu:
            return ServerFailed("The local engine failed.")
        self.broken = type(error).__name__
        if isinstance(error, torch.OutOfMemoryError):
            return GpuFailed("The GPU has too little memory left for this batch.",
                             remedy="Free the GPU from other programs, or lower LOCAL_QUEUE.")
        return GpuFailed("The GPU failed.", remedy="See the server's log, and the driver's (dmesg).")

    # --- one batch ---

    def _prepare(self, job: Job) -> tuple[Row, Any] | None:
        """The row and prompt tokens of `job`; None (and the job failed) when it cannot be asked."""
        text, stop, special = self._prompt(job.ask)
        ids = self._tokenizer(text, add_special_tokens=special).input_ids
        room = self._context() - len(ids)
        if room < 1:
            job.fail(Refused(f"The conversation is longer than the local model can read "
                             f"({len(ids)} of {self._context()} tokens).", status=400))
            return None
        grammar = self._grammar(job)
        if job.over:
            return None
        return Row(job, self._tokenizer, prompt_tokens=len(ids), limit=min(job.ask.max_tokens, room),
                   ends=self._ends, stop=(*stop, *job.ask.stop), grammar=grammar), ids

    def _batch(self, prompts: list[Any]) -> dict[str, Any]:
        """The tokens of all prompts, padded on the left, where the model is."""
        batch = self._tokenizer.pad({"input_ids": prompts}, padding_side="left", return_tensors="pt")
        return {name: tensor.to(self._model.device) for name, tensor in batch.items()}

    def _run(self, rows: list[Row], prompts: list[Any]) -> None:
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        batch = self._batch(prompts)
        pad = self._tokenizer.pad_token_id

        def pick(_: Any, scores: Any) -> Any:
            while hooks:
                hooks.pop().remove()
            picked = [pad if row.finished else row.pick(scores[place]) for place, row in enumerate(rows)]
            for row, token in zip(rows, picked, strict=True):
                if not row.finished:
                    row.take(token)
            only = torch.full_like(scores, float("-inf"))
            only[torch.arange(len(rows)), torch.tensor(picked, device=scores.device)] = 0.0
            return only

        def over(*_: Any) -> Any:
            return torch.tensor([row.finished for row in rows], device=self._model.device)

        limit = max(row.job.ask.max_tokens for row in rows)
        hooks = self._watch_prompt(rows)
        try:
            self._model.generate(
                **batch, generation_config=GenerationConfig(do_sample=False, max_new_tokens=limit, pad_token_id=pad),
                logits_processor=LogitsProcessorList([pick]), stopping_criteria=StoppingCriteriaList([over]))
        except NobodyWaits:
            return
        finally:
            for hook in hooks:
                hook.remove()

    def _watch_prompt(self, rows: list[Row]) -> list[Any]:
        """Hooks that leave a long prompt between two layers when every job was cancelled; to be removed after it.

        `generate` looks at its stopping criteria only after the whole prompt: seconds on a CPU.
        """
        def look(*_: Any) -> None:
            if all(row.finished for row in rows):
                raise NobodyWaits

        return [layer.register_forward_pre_hook(look) for layer in getattr(self._model.base_model, "layers", ())]

    def _prompt(self, ask: Ask) -> tuple[str, tuple[str, ...], bool]:
        """Text, stop strings, and whether the tokenizer adds its start token (a chat template writes its own)."""
        if not self._tokenizer.chat_template:
            prompt = write_prompt(ask.turns, "completion")
            return prompt.text, prompt.stop, True
        turns = [{"role": turn.role, "content": self._defuse(turn)} for turn in ask.turns]
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return str(text), (), False

    def _defuse(self, turn: Turn) -> str:
        """Break up every control word of this tokenizer in what people wrote."""
        text = defuse(turn.content)
        for word in self._tokenizer.all_special_tokens:
            if len(word) > 1:
                text = text.replace(word, f"{word[0]} {word[1:]}")
        return text

    def _grammar(self, job: Job) -> Any:
        """The matcher of the job's schema; None without one. A schema that cannot be compiled fails the job."""
        if job.ask.schema is None:
            return None
        from llguidance import LLMatcher
        from llguidance.hf import from_tokenizer

        if self._guide is None:   # about a second, once
            self._guide = from_tokenizer(self._tokenizer, n_vocab=self._text_config.vocab_size)
        schema = {**job.ask.schema, "x-guidance": {"whitespace_flexible": False}}
        try:
            matcher = LLMatcher(self._guide, LLMatcher.grammar_from_json_schema(schema))
        except ValueError:
            matcher = None
        if matcher is None or matcher.is_error():
            job.fail(SchemaBroken("The local engine cannot hold the answer to this schema.", ends="released"))
        return matcher

    def _context(self) -> int:
        return min(self.settings.context, int(getattr(self._text_config, "max_position_embeddings", 1 << 20)))

    @property
    def _text_config(self) -> Any:
        """Of the part that writes: a model that also sees has a configuration for each of its parts."""
        return self._model.config.get_text_config()

    def _clean_defaults(self) -> None:
        """Sampling is ours: the model's own generation defaults (temperature, penalties) must not mix in."""
        from transformers import GenerationConfig

        self._model.generation_config = GenerationConfig()
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token_id = min(self._ends, default=0)


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """All tokens that end an answer: Llama 3 has several (`<|eot_id|>`, `<|end_of_text|>`)."""
    ends = getattr(model.generation_config, "eos_token_id", None)
    named = ends if isinstance(ends, list) else [ends]
    return frozenset(int(end) for end in (*named, tokenizer.eos_token_id) if end is not None)
