"""A model that looks at pictures, through transformers: `AutoModelForImageTextToText`, 4-bit NF4 on a GPU.

One picture at a time: its tokens take the room that a batch would need. Everything else (picking tokens, schemas, stop
strings, counts) is the text engine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from chatbot.errors import NotReady, Refused
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.engines.nf4 import load_seeing_model
from chatbot.local_model.engines.rows import Row
from chatbot.local_model.engines.transformers import Transformers, end_tokens
from chatbot.local_model.job import Job, Turn
from chatbot.local_model.sources.safe_files import refuse_remote_code

CONTEXT = 8_192
"""Tokens of picture, prompt and answer together: a picture of 1,536 x 1,536 pixels has up to 3,025 (Qwen2.5-VL)."""


class Vision(Transformers):
    """One model, one processor (its tokenizer and how it wants its pictures)."""

    slots = 1

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(replace(settings, context=max(settings.context, CONTEXT)))
        self._processor: Any = None

    @property
    def note(self) -> str:
        return ""

    def load(self) -> None:
        """Read the weights. Raises NotReady; also for a model without a chat template, which none can be asked by."""
        if self._model is not None:
            return
        path = self.settings.path
        if path is None or not (path / "config.json").is_file():
            raise NotReady("The weights are missing.", remedy="Run `python setup_huggingface.py --model` with its id.")
        refuse_remote_code(path / "config.json")
        processor, model = load_seeing_model(str(path), gpu=self.settings.gpu, four_bit=self.settings.four_bit)
        if not getattr(processor, "chat_template", None):
            raise NotReady(f"{self.settings.model} has no chat template, so it cannot be asked about a picture.",
                           remedy="Set ALT_TEXT_MODEL to an instruction-tuned model.")
        self._processor, self._model, self._tokenizer = processor, model, processor.tokenizer
        self._ends = end_tokens(model, self._tokenizer)
        self._clean_defaults()

    def unload(self) -> None:
        self._processor = None
        super().unload()

    def _prepare(self, job: Job) -> tuple[Row, Any] | None:
        """The row and the model's inputs; None (and the job failed) when it cannot be asked."""
        inputs = self._inputs(job.ask.turns)
        length = int(inputs["input_ids"].shape[-1])
        room = self._context() - length
        if room < 1:
            job.fail(Refused(f"Picture and text are longer than the model can read ({length} of {self._context()} "
                             "tokens).", status=400))
            return None
        grammar = self._grammar(job)
        if job.over:
            return None
        return Row(job, self._tokenizer, prompt_tokens=length, limit=min(job.ask.max_tokens, room), ends=self._ends,
                   stop=job.ask.stop, grammar=grammar), inputs

    def _batch(self, prompts: list[Any]) -> dict[str, Any]:
        """The inputs of the one job, where the model is; pixels in the type that it computes in."""
        [inputs] = prompts
        return dict(inputs.to(self._model.device, dtype=self._model.dtype))

    def _inputs(self, turns: Sequence[Turn]) -> Any:
        from PIL import Image

        pictures = [Image.open(BytesIO(turn.picture), formats=("JPEG",)) for turn in turns if turn.picture]
        text = self._processor.apply_chat_template([self._turn(turn) for turn in turns], tokenize=False,
                                                   add_generation_prompt=True)
        return self._processor(text=[text], images=[pictures] if pictures else None, return_tensors="pt",
                               add_special_tokens=False)

    def _turn(self, turn: Turn) -> dict[str, Any]:
        words = {"type": "text", "text": self._defuse(turn)}
        return {"role": turn.role, "content": [{"type": "image"}, words] if turn.picture else [words]}
