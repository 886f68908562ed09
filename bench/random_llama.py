"""A Llama with the shape of Llama-3.2-1B and random weights: as fast and as large as the real one, and nobody's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.engines.transformers import Transformers
from chatbot.local_model.job import Ask, End, Job, Turn
from tests.chatbot.local_model.tiny_llama import make_tiny_tokenizer

MODES = ("nf4", "bf16")
SHAPE = {"hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_key_value_heads": 8,
         "head_dim": 64, "vocab_size": 128_256, "max_position_embeddings": 8192, "tie_word_embeddings": True}
"""https://huggingface.co/meta-llama/Llama-3.2-1B/blob/main/config.json (with 16 layers)."""


def make_random_llama(folder: Path, layers: int) -> Path:
    """Config, tokenizer and bf16 safetensors (2.5 GB with 16 layers) in `folder`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = make_tiny_tokenizer(chat=True)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(**SHAPE, num_hidden_layers=layers, eos_token_id=tokenizer.eos_token_id,
                         pad_token_id=tokenizer.pad_token_id, dtype="bfloat16")
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)
    return folder


def engines_for(folder: Path, mode: str, question: str) -> tuple[
        Callable[[int], float], Callable[[int], float], Callable[[], str], Callable[[], None]]:
    """(ours, bare, memory in words, free): both sides use the same loaded model, so the memory is of one."""
    import torch

    gpu = torch.cuda.is_available()
    engine = Transformers(EngineSettings(mode, folder, context=8192, gpu=gpu, four_bit=mode == "nf4"))
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    engine.load()

    def ours(tokens: int) -> float:
        job = Job(Ask((Turn("user", question),), max_tokens=tokens, temperature=0.0))
        began = time.perf_counter()
        engine.generate([job])
        took = time.perf_counter() - began
        *_, end = job.pieces()
        return end.completion_tokens / took if isinstance(end, End) else 0.0

    def bare(tokens: int) -> float:
        return _generate(engine, question, tokens)

    def memory() -> str:
        peak = f", peak on the GPU {torch.cuda.max_memory_allocated() / 1e9:.2f} GB" if gpu else ""
        return f"weights {engine.memory / 1e9:.2f} GB{peak}"

    return ours, bare, memory, engine.unload


def _generate(engine: Transformers, question: str, tokens: int) -> float:
    """What transformers does alone: greedy `generate` on the loaded model; tokens a second with the prompt."""
    import torch
    from transformers import GenerationConfig

    text, _, _ = engine._prompt(Ask((Turn("user", question),)))
    batch: Any = engine._tokenizer(text, add_special_tokens=False, return_tensors="pt").to(engine._model.device)
    batch.pop("token_type_ids", None)
    settings = GenerationConfig(do_sample=False, max_new_tokens=tokens, pad_token_id=engine._tokenizer.pad_token_id)
    began = time.perf_counter()
    with torch.inference_mode():
        out = engine._model.generate(**batch, generation_config=settings)
    return float((out.shape[1] - batch["input_ids"].shape[1]) / (time.perf_counter() - began))
