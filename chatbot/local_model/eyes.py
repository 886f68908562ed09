"""Which model of this machine looks at pictures: ALT_TEXT_MODEL, in 4 bits on a GPU; and if none does, why not.

Or a server of the deployer's own (ALT_TEXT_BASE_URL), which holds weights of its own.

No model is built in: a model that reads pictures well enough has gigabytes, and one that does not would invent what it
does not see.
"""

from __future__ import annotations

from importlib.util import find_spec

from chatbot.errors import NotReady
from chatbot.local_model.choice import OLDEST_CAPABILITY, Choice, named, served
from chatbot.local_model.hardware import Hardware, look
from chatbot.local_model.weights import find
from config import Settings

ENGINE = "vision"
NEEDS = ("torch", "transformers", "accelerate", "bitsandbytes", "PIL")
UNSET = "ALT_TEXT_MODEL is not set: no model on this machine sees pictures"


def choose_eyes(settings: Settings, hardware: Hardware | None = None) -> Choice:
    """The choice for these settings. Instant: nothing is loaded."""
    if settings.alt_text_base_url:
        return Choice("openai_url", served(settings.alt_text_model), tier="server",
                      base_url=settings.alt_text_base_url)
    if not settings.alt_text_model:
        return Choice(why_not=UNSET, configured=False)
    try:
        model = named(settings.alt_text_model, settings.alt_text_model_revision)
    except NotReady as error:
        detail = error.detail.replace("LOCAL_MODEL", "ALT_TEXT_MODEL")
        return Choice(why_not=detail, remedy="Set ALT_TEXT_MODEL to the hub id of a model that sees, or to its folder.")
    hardware = hardware or look(settings.model_dir)
    on_gpu = hardware.gpu is not None
    if reason := _why_not(settings, hardware):
        return Choice(ENGINE, model, why_not=f"{model.id} cannot look at pictures here: {reason}.",
                      remedy="Use a machine with a GPU, or a cloud for pictures without people (people=none).")
    weights = find(model, settings.model_dir)
    if weights is None:
        fetch = f"Run `python setup_huggingface.py --model {settings.alt_text_model}`."
        return Choice(ENGINE, model, gpu=on_gpu, why_not=f"The weights of {model.id} are not on this machine.",
                      remedy=fetch)
    return Choice(ENGINE, model, weights, gpu=on_gpu, tier="gpu" if on_gpu else "embedded")


def _why_not(settings: Settings, hardware: Hardware) -> str:
    if missing := [name for name in NEEDS if find_spec(name) is None]:
        return f"{', '.join(missing)} not installed (pip install -r requirements.txt)"
    if hardware.gpu is None:
        if settings.local_engine == "transformers":
            return ""  # somebody wants it, slow as it is
        return hardware.gpu_problem or "no NVIDIA GPU here (LOCAL_ENGINE=transformers runs it on the CPU, very slowly)"
    if hardware.gpu.capability < OLDEST_CAPABILITY:
        return f"{hardware.gpu.name} is too old for 4-bit kernels"
    return ""
