"""Which model and which engine run on this machine; and for each that cannot, why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import CATALOGUE, DEFAULTS, EMBEDDED, GPU_DEFAULT, ON_REQUEST, Model, known
from chatbot.local_model.hardware import Hardware, look
from chatbot.local_model.sources.address import is_address, model_of
from chatbot.local_model.weights import check_hub_id, find
from config import Settings

Tier = Literal["gpu", "server", "embedded"]
SETUP = "Run `python setup_huggingface.py`."
OLDEST_CAPABILITY = (6, 0)
"""The oldest cards that bitsandbytes' 4-bit kernels run on (Pascal): its installation guide."""
_NEEDS = {"transformers": ("torch", "transformers", "accelerate", "bitsandbytes"), "llama_cpp": ("xllamacpp",)}


@dataclass(frozen=True, slots=True)
class Option:
    """A model that was considered for this machine."""

    model: Model
    gpu: bool
    """Whether it would run on the GPU."""
    why_not: str
    """Empty when it can run here."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What this machine answers with. `why_not` empty means: it can be asked now."""

    engine: str = ""
    """A key of `engines.ENGINES`; empty when there is none."""
    model: Model | None = None
    weights: Path | None = None
    gpu: bool = False
    tier: Tier = "embedded"
    base_url: str = ""
    """Of a server that holds the weights, where it is not LOCAL_BASE_URL."""
    why_not: str = ""
    remedy: str = ""
    configured: bool = True
    """False when a setting switches local models off."""
    options: tuple[Option, ...] = ()

    @property
    def is_best(self) -> bool:
        """Whether no download could better it: nothing that this machine prefers is missing."""
        if not self.configured or self.tier == "server":
            return True
        first = next((option.model for option in self.options if not option.why_not), self.model)
        return not self.why_not and self.model == first


def what_runs_here(hardware: Hardware, models: tuple[Model, ...] = CATALOGUE, *, engine: str = "auto"
                   ) -> tuple[Option, ...]:
    """Each of `models` with whether it can run on `hardware`. `engine` other than auto lets only its models pass."""
    return tuple(_option(model, hardware, forced=engine) for model in models)


def best_to_fetch(hardware: Hardware) -> Model:
    """What set-up fetches when nobody says otherwise: the 4-bit model where a GPU can hold it, else the embedded."""
    return EMBEDDED if _option(GPU_DEFAULT, hardware).why_not else GPU_DEFAULT


def choose(settings: Settings, hardware: Hardware | None = None) -> Choice:
    """The choice for these settings: the first model that fits and whose verified weights are here. Instant."""
    if settings.local_engine == "off":
        return Choice(why_not="LOCAL_ENGINE is off.", remedy="Set LOCAL_ENGINE=auto.", configured=False)
    if settings.local_engine == "openai_url" or (settings.local_engine == "auto" and settings.local_base_url):
        return Choice("openai_url", served(settings.local_model), tier="server")
    hardware = hardware or look(settings.model_dir)
    try:
        models = candidates(settings)
    except NotReady as error:
        return Choice(why_not=error.detail, remedy=error.remedy or "")
    options = what_runs_here(hardware, models, engine=settings.local_engine)
    return _first_present([option for option in options if not option.why_not], options, settings.model_dir)


def candidates(settings: Settings) -> tuple[Model, ...]:
    """The models that may answer here, the best first: LOCAL_MODEL in each form we know, or the defaults.

    Raises NotReady when LOCAL_MODEL names nothing.
    """
    if not settings.local_model:
        return DEFAULTS
    return in_each_form(named(settings.local_model, settings.local_model_revision))


def in_each_form(model: Model) -> tuple[Model, ...]:
    """`model` and what else it can be had as, for the machine to take what it runs: 4 bits on a GPU, GGUF on a CPU."""
    if model.source == "pinned" and not model.file and model.engine == "transformers":
        return model, replace(model, engine="llama_cpp")   # a manifest may list both
    return model, *(row for row in CATALOGUE if row.form_of == model.id)


def to_fetch(settings: Settings, hardware: Hardware) -> tuple[Model, ...]:
    """What is worth downloading for these settings and this machine, the best first; empty when nothing is.

    Raises NotReady when LOCAL_MODEL names nothing.
    """
    if settings.local_engine in ("off", "openai_url") or settings.local_base_url:
        return ()
    options = what_runs_here(hardware, candidates(settings), engine=settings.local_engine)
    return tuple(option.model for option in options if not option.why_not
                 and (settings.local_model or option.model.id not in ON_REQUEST))


def _first_present(fitting: list[Option], options: tuple[Option, ...], model_dir: Path) -> Choice:
    for option in fitting:
        if weights := find(option.model, model_dir):
            return Choice(option.model.engine, option.model, weights, option.gpu, _tier(option), options=options)
    if fitting:
        wanted = next((option for option in fitting if option.model.id not in ON_REQUEST), fitting[0])
        return Choice(wanted.model.engine, wanted.model, None, wanted.gpu, _tier(wanted), options=options,
                      why_not=f"The weights of {wanted.model.id} are not on this machine.", remedy=SETUP)
    return Choice(why_not="; ".join(f"{option.model.id}: {option.why_not}" for option in options),
                  remedy="Set LOCAL_MODEL to a smaller model, or use a machine with more memory.", options=options)


def named(name: str, revision: str = "") -> Model:
    """The model that LOCAL_MODEL names: an address, a row's id, a `.gguf` file, a folder, or a hub id.

    Raises NotReady with the reason when it is none of them.
    """
    if is_address(name):
        return model_of(name)
    if row := known(name):
        return replace(row, revision=revision or row.revision) if row.source == "hub" else row
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return Model(path.stem, "path", "llama_cpp", str(path), disk=path.stat().st_size,
                     ram=path.stat().st_size + 600_000_000)
    if (path / "config.json").is_file():
        size = sum(file.stat().st_size for file in path.glob("*.safetensors"))
        return Model(path.name, "path", "transformers", str(path), disk=size, ram=size * 3 // 2, vram=size)
    repository = check_hub_id(name)
    engine: Literal["llama_cpp", "transformers"] = "llama_cpp" if name.lower().endswith("gguf") else "transformers"
    return Model(name.split("/")[1], "hub", engine, repository, revision=revision)


def served(name: str) -> Model:
    """The model of an OpenAI-compatible server: what it writes is the deployer's business, so no language limit."""
    return Model(name or "default", "path", "llama_cpp", "", languages=())


def _tier(option: Option) -> Tier:
    return "gpu" if option.gpu else "embedded"


def _option(model: Model, hardware: Hardware, forced: str = "auto") -> Option:
    if forced not in ("auto", model.engine):
        return Option(model, False, f"LOCAL_ENGINE={forced} does not run it")
    if missing := [name for name in _NEEDS[model.engine] if find_spec(name) is None]:
        return Option(model, False, f"{', '.join(missing)} not installed (pip install -r requirements.txt)")
    if model.engine == "transformers" and (hardware.gpu or forced == "auto"):
        return Option(model, True, _why_not_on_gpu(model, hardware))
    if hardware.ram_available < model.ram:
        return Option(model, False, f"it needs {model.ram / 1e9:.1f} GB of memory; "
                                    f"{hardware.ram_available / 1e9:.1f} GB are free")
    return Option(model, False, "")


def _why_not_on_gpu(model: Model, hardware: Hardware) -> str:
    gpu = hardware.gpu
    if gpu is None:
        return hardware.gpu_problem or "no NVIDIA GPU here (LOCAL_ENGINE=transformers runs it on the CPU, slowly)"
    if gpu.capability < OLDEST_CAPABILITY:
        return f"{gpu.name} is too old for 4-bit kernels (capability {gpu.capability[0]}.{gpu.capability[1]})"
    if gpu.vram < model.vram:
        return f"it needs {model.vram / 1e9:.1f} GB of GPU memory; {gpu.name} has {gpu.vram / 1e9:.1f} GB"
    return ""
