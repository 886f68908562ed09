"""Reads safetensors into memory, quantised to 4-bit NF4 on the way (bitsandbytes through transformers)."""

from __future__ import annotations

from typing import Any

from chatbot.errors import NotReady

INSTALL = "Run `pip install -r requirements.txt`."


def load_model(path: str, *, gpu: bool, four_bit: bool = True) -> tuple[Any, Any]:
    """(tokenizer, model) of the folder `path`. Raises NotReady with the remedy."""
    return _load(path, "AutoTokenizer", "AutoModelForCausalLM", gpu=gpu, four_bit=four_bit)


def load_seeing_model(path: str, *, gpu: bool, four_bit: bool = True) -> tuple[Any, Any]:
    """(processor, model) of a model that takes pictures. Raises NotReady with the remedy."""
    return _load(path, "AutoProcessor", "AutoModelForImageTextToText", gpu=gpu, four_bit=four_bit)


def _load(path: str, reader: str, kind: str, *, gpu: bool, four_bit: bool) -> tuple[Any, Any]:
    """What `reader` and `kind`, names of transformers' Auto classes, make of the folder.

    NF4 with double quantisation: https://huggingface.co/docs/transformers/quantization/bitsandbytes. It computes in
    bfloat16 from capability 8.0 (Ampere) on, before that in float16. No file outside the folder is read, no pickle,
    no code of the model's own.
    """
    try:
        import torch
        import transformers
        from transformers.utils import logging
    except ImportError as error:
        raise NotReady("torch and transformers are not installed.", remedy=INSTALL) from error
    if gpu and not torch.cuda.is_available():
        raise NotReady("torch sees no GPU.", remedy="Install a torch with CUDA and check the driver (nvidia-smi).")
    dtype = torch.float16 if gpu and torch.cuda.get_device_capability() < (8, 0) else torch.bfloat16
    logging.disable_progress_bar()   # a server's stderr is a log
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if four_bit and not _is_quantised(path):
        options["quantization_config"] = nf4(dtype)
    try:
        tokenizer = getattr(transformers, reader).from_pretrained(path, local_files_only=True, trust_remote_code=False)
        model = getattr(transformers, kind).from_pretrained(path, dtype=dtype, use_safetensors=True,
                                                            device_map={"": 0} if gpu else "cpu", **options)
    except torch.OutOfMemoryError as error:
        raise NotReady("The GPU has too little free memory for the model.",
                       remedy="Free it from other programs (nvidia-smi), or set LOCAL_ENGINE=llama_cpp.") from error
    except ImportError as error:
        raise NotReady("accelerate or bitsandbytes is not installed, or not for this machine.",
                       remedy=INSTALL) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise NotReady(f"transformers cannot load the weights ({type(error).__name__}).",
                       remedy="Run `python setup_huggingface.py` to check and mend them.") from error
    return tokenizer, model.eval()


def nf4(dtype: Any) -> Any:
    """The 4-bit settings; `dtype` is what it computes in."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                              bnb_4bit_compute_dtype=dtype)


def _is_quantised(path: str) -> bool:
    from transformers import AutoConfig

    return getattr(AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False),
                   "quantization_config", None) is not None
