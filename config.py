"""Every setting of Funza Mama: its name, default, range and meaning. A leaf: it imports nothing of ours.

Read from the environment, then `.env`, then `funza.yaml` (the first that names a setting wins).
A wrong setting stops the start with one line that names it, and exit code 78 (EX_CONFIG, sysexits.h).
`.env.example` is generated from this file by `make docs`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from extractor_yaml import as_settings

EX_CONFIG = 78
Strategy = Literal["local", "cloud", "hybrid"]
NameList = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list of names."""


def _url(value: str) -> str:
    """An http(s) URL without a trailing slash, or empty for "not set"."""
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]


class FunzaYaml(YamlConfigSettingsSource):
    """`funza.yaml`: settings by their names in small letters, or the older shape (`extractor_yaml.py`)."""

    def __call__(self) -> dict[str, Any]:
        return as_settings(super().__call__(), os.environ)


class Settings(BaseSettings):
    """All settings. Times are seconds, money is US dollars, sizes are named in the field."""

    model_config = SettingsConfigDict(env_file=".env", yaml_file="funza.yaml", extra="ignore", frozen=True,
                                      env_ignore_empty=True, hide_input_in_errors=True)

    # --- server ---
    host: str = Field("127.0.0.1", description="address to bind; anything but loopback needs AUTH=on")
    port: int = Field(8000, ge=1, le=65535, description="TCP port to bind")
    database_url: str = Field("sqlite:///instance/funza.db", description="SQLAlchemy URL of the ledger and records")
    outbox_dir: str = Field("", description="folder where the ends of calls wait while the database cannot be written; "
                            "empty: beside a SQLite file, else instance/outbox")
    redis_url: str = Field("", description="Redis shared by several workers; empty with one worker")
    secret_key: SecretStr = Field(
        SecretStr(""), description="seals API keys and sessions (change it and all of them end); AUTH=on needs it")
    auth: Literal["off", "on"] = Field("off", description="off is allowed only on a loopback bind")
    trusted_proxies: int = Field(0, ge=0, le=5, description="proxies in front, each of which adds its X-Forwarded-For")
    max_body_bytes: int = Field(1_000_000, ge=1_000, le=100_000_000, description="largest request body in bytes")
    max_upload_bytes: int = Field(20_000_000, ge=1_000, le=200_000_000, description="largest uploaded file in bytes")
    max_message_chars: int = Field(4_000, ge=100, le=100_000, description="longest chat message in characters")

    time_zone: str = Field("Africa/Nairobi", description="IANA name; a learner's day (streaks) ends at midnight there")

    # --- which provider ---
    strategy: Strategy = Field("hybrid", description="local never leaves the machine; cloud never loads weights")
    extraction_strategy: Strategy = Field("hybrid", description="the same, for documents")
    cloud_policy: Literal["allowed", "ask", "never"] = Field(
        "allowed", description="may redacted text go to a cloud: allowed, ask (consent per conversation) or never")
    retention_days: int = Field(
        30, ge=0, le=3_650,
        description="days that what was said is kept, sealed with SECRET_KEY; 0, or no key: in memory only")
    receipt_text: bool = Field(
        False, description="true: receipts keep the redacted text that left, sealed with SECRET_KEY, for who wrote it")
    receipt_days: int = Field(
        365, ge=1, le=3_650,
        description="days that receipts and consents taken back are kept; a receipt's text goes after RETENTION_DAYS")
    escalation_days: int = Field(
        365, ge=1, le=3_650,
        description="days until an escalation that was seen to is deleted; an open one stays without its person")
    chain: NameList = Field((), description="ordered provider[/model] list, when the default order will not do")

    # --- danger signs that a person should see to ---
    escalation_minutes_emergency: int = Field(
        15, ge=1, le=10_080, description="minutes after which an emergency that nobody handled is overdue")
    escalation_minutes_urgent: int = Field(
        120, ge=1, le=10_080, description="the same for a sign that should be seen today")
    providers_off: NameList = Field((), description="clouds that are never asked, even where they have a key")

    # --- the local model ---
    local_engine: Literal["auto", "transformers", "llama_cpp", "openai_url", "off"] = Field(
        "auto", description="auto: transformers on a GPU, llama_cpp on a CPU, openai_url when LOCAL_BASE_URL is set")
    local_model: str = Field("", description="hub id, GGUF path, folder, or an https, s3, gs or az address with "
                             "#sha256= (docs/deploying.md); empty lets the machine decide")
    local_model_revision: str = Field("", description="commit of LOCAL_MODEL on the hub (40 hex digits)")
    local_base_url: Url = Field("", description="an OpenAI-compatible server of yours, with its /v1")
    local_api_key: SecretStr = Field(SecretStr(""), description="key of that server, if it wants one")
    local_model_buckets: NameList = Field((), description="buckets that weights may come from, such as s3://my-weights")
    s3_endpoint_url: Url = Field("", description="another server that speaks S3, such as MinIO; empty: AWS")
    gcs_endpoint_url: Url = Field("", description="another server that speaks its API, without credentials")
    azure_storage_account: str = Field("", pattern="^([a-z0-9]{3,24})?$", description="account of az:// weights")
    azure_storage_key: SecretStr = Field(SecretStr(""), description="its key, or a SAS; empty: a public container")
    azure_endpoint_url: Url = Field("", description="another address of that account, such as Azurite's")
    model_dir: Path = Field(Path("models"), description="where weights are kept")
    model_cache_gb: float = Field(0.0, ge=0, le=100_000, description="most GB that downloads may take; what was used "
                                  "longest ago goes first; 0 no limit")
    download_at_start: bool = Field(False, description="true: the server fetches missing weights in the background, "
                                    "while clouds or the cards answer")
    local_process: Literal["child", "inside"] = Field(
        "child", description="child: weights in a process of their own, whose death costs one try; inside: in ours")
    local_queue: int = Field(
        0, ge=0, le=1_000, description="requests that may wait for the local model; 0: twice what it answers at once")
    local_idle_unload: float = Field(900.0, ge=0, description="seconds without work until weights are freed; 0 never")

    # --- pictures: who writes their alt text ---
    alt_text_base_url: Url = Field("", description="an OpenAI-compatible server of yours whose model sees (vLLM, "
                                   "Ollama), with its /v1; it counts as this machine and takes LOCAL_API_KEY")
    alt_text_model: str = Field("", description="hub id or folder of a model that sees, run in 4 bits on this "
                                "machine's GPU; only it may see a picture with people on it")
    alt_text_model_revision: str = Field("", description="commit of ALT_TEXT_MODEL on the hub (40 hex digits)")
    alt_text_languages: NameList = Field(("en",), description="languages that ALT_TEXT_MODEL writes well: en, sw")
    alt_text_models: NameList = Field((), description="provider/model names that take pictures and are asked first by "
                                      "their provider, such as hf_endpoint/tgi; OpenAI's and Gemini's are known")

    # --- clouds: a provider without a key is simply not in the chain ---
    together_api_key: SecretStr = Field(SecretStr(""), description="Together key")
    together_base_url: Url = Field("https://api.together.xyz", description="Together address, without /v1")
    together_model: str = Field("meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo", description="first model asked")
    together_successors: NameList = Field(
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "openai/gpt-oss-120b"),
        description="models tried when the first is retired")
    openai_api_key: SecretStr = Field(SecretStr(""), description="OpenAI key")
    openai_base_url: Url = Field("https://api.openai.com/v1", description="OpenAI address, with /v1")
    openai_model: str = Field("gpt-4.1-mini", description="first model asked")
    openai_successors: NameList = Field(("gpt-4o-mini",), description="models tried when the first is retired")
    huggingface_api_key: SecretStr = Field(SecretStr(""), description="Hugging Face token: router and gated weights")
    huggingface_base_url: Url = Field("https://router.huggingface.co/v1", description="router address, with /v1")
    huggingface_model: str = Field("meta-llama/Llama-3.3-70B-Instruct:together",
                                   description="first model asked; `:provider` pins who serves it, and the price")
    huggingface_successors: NameList = Field(("openai/gpt-oss-120b:together",), description="when it is retired")
    gemini_api_key: SecretStr = Field(SecretStr(""), description="Gemini key")
    gemini_base_url: Url = Field("https://generativelanguage.googleapis.com/v1beta/openai",
                                 description="Gemini's OpenAI-compatible address")
    gemini_model: str = Field("gemini-2.5-flash", description="first model asked")
    gemini_successors: NameList = Field(("gemini-3.5-flash",), description="models tried when the first is retired")
    hf_endpoint_url: Url = Field("", description="a dedicated text endpoint of yours at Hugging Face, with its /v1")
    hf_endpoint_token: SecretStr = Field(SecretStr(""), description="token of that endpoint")
    image_endpoint_url: Url = Field("", description="a dedicated SDXL endpoint at Hugging Face")
    image_endpoint_token: SecretStr = Field(SecretStr(""), description="token of that endpoint")

    # --- pictures: who draws them ---
    image_endpoint_model: str = Field("stabilityai/stable-diffusion-xl-base-1.0", min_length=1, max_length=120,
                                      description="what IMAGE_ENDPOINT_URL serves: the name that its pictures bear")
    image_endpoint_status_url: Url = Field(
        "", description="where its state can be asked: https://api.endpoints.huggingface.cloud/v2/endpoint/NAMESPACE/"
        "NAME; empty: known from its answers alone")
    image_endpoint_usd_per_hour: float = Field(
        0.0, ge=0, le=10_000, description="what an hour of IMAGE_ENDPOINT_URL costs while it is up; 0 is not known")
    image_endpoint_idle_minutes: float = Field(
        15.0, gt=0, le=10_080, description="minutes without a request until it sleeps, as set at the endpoint")
    image_endpoint_warm: str = Field("", description="when it is kept awake, in TIME_ZONE, such as Mon-Fri "
                                     "07:30-16:00; several are separated by ';'; empty: never")
    image_endpoint_probe_seconds: float = Field(
        15.0, gt=0, le=120, description="seconds between two looks whether it is awake yet")
    image_endpoint_wake_seconds: float = Field(
        600.0, gt=0, le=1_500, description="seconds after which a wake is given up")
    together_image_model: str = Field("", description="a model of Together's that draws; empty: Together draws nothing")
    openai_image_model: str = Field("", description="a model of OpenAI's that draws; empty: OpenAI draws nothing")
    diffusers_model: str = Field("", description="folder of a diffusers pipeline that this machine's GPU draws with")
    image_timeout: float = Field(900.0, gt=0, le=1_500, description="seconds one picture may take, the wake included")
    image_draw_timeout: float = Field(120.0, gt=0, le=600, description="seconds one try at drawing may take")
    image_jobs_per_principal: int = Field(
        3, ge=1, le=1_000, description="pictures that one key or person may have under way at once")
    pictures_dir: str = Field("", description="folder where pictures are kept; empty: pictures/ beside a SQLite file, "
                              "else instance/pictures")

    # --- time ---
    cloud_timeout: float = Field(30.0, gt=0, le=600, description="seconds one try at a cloud may take")
    cloud_retry_attempts: int = Field(3, ge=1, le=3, description="tries a call makes in all, over all providers")
    first_token_timeout: float = Field(15.0, gt=0, le=600, description="seconds a provider has for its first token")
    idle_timeout: float = Field(15.0, gt=0, le=600, description="seconds of silence inside an answer")
    total_timeout: float = Field(60.0, gt=0, le=600, description="seconds one call may take in all; streams twice it")

    # --- how much at once ---
    streams_per_principal: int = Field(
        3, ge=0, le=1_000, description="answers one key or person may stream at once with AUTH=on; 0 no limit")
    write_timeout: float = Field(30.0, gt=0, le=600, description="seconds a client has to take what is sent to it")
    max_calls: int = Field(64, ge=0, le=10_000, description="calls at work at once; more are sent away; 0 no limit")

    # --- money ---
    gpu_hourly_usd: float = Field(0.0, ge=0, description="what an hour of the local GPU costs you")
    energy_kwh_usd: float = Field(0.0, ge=0, description="what a kilowatt-hour costs you")
    hf_endpoint_hourly_usd: float = Field(
        0.0, ge=0, le=10_000, description="what an hour of HF_ENDPOINT_URL costs you while it runs; 0 is not known")
    prices_file: str = Field("", description="TOML file of prices that win over the built-in tables")
    model_prices: Annotated[dict[str, Decimal], NoDecode] = Field(
        {}, description="`provider/model=US dollars a million tokens` pairs, separated by ';'; they win over all "
                        "tables")
    allow_unpriced: bool = Field(
        False, description="true: also ask cloud models whose price nobody knows; they are booked as unpriced")

    # --- help lines: yours to set and to verify; none is built in ---
    emergency_numbers: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="`label=number` pairs, separated by ';', shown with every emergency answer")
    emergency_numbers_verified_on: date | None = Field(None, description="when someone last called them, YYYY-MM-DD")

    @field_validator("chain", "together_successors", "openai_successors", "huggingface_successors",
                     "gemini_successors", "alt_text_languages", "alt_text_models", "providers_off",
                     "local_model_buckets", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("emergency_numbers", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(";") if part.strip()]
        if any(not label.strip() or not number.strip() for label, _, number in pairs):
            raise ValueError("write it as label=number;label=number")
        return {label.strip(): number.strip() for label, _, number in pairs}

    @field_validator("model_prices", mode="before")
    @classmethod
    def _prices(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.rpartition("=") for part in value.split(";") if part.strip()]
        try:
            return {model.strip(): Decimal(price.strip()) for model, _, price in pairs}
        except InvalidOperation:
            raise ValueError("write it as provider/model=price;provider/model=price") from None

    @field_validator("model_prices")
    @classmethod
    def _whole_prices(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        if any("/" not in model or not price.is_finite() or price < 0 for model, price in value.items()):
            raise ValueError("each must be provider/model with a price of 0 or more")
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, LookupError, OSError):  # unknown, badly written, a folder of zones
            raise ValueError("must be a name of the IANA time zone database, such as Africa/Nairobi") from None
        return value

    @field_validator("image_endpoint_warm")
    @classmethod
    def _hours(cls, value: str) -> str:
        days, hour = "(?:mon|tue|wed|thu|fri|sat|sun)", r"(?:[01]?\d|2[0-3]):[0-5]\d"
        form = re.compile(rf"{days}(?:\s*-\s*{days})?\s+{hour}\s*-\s*{hour}", re.IGNORECASE)
        if not all(form.fullmatch(part.strip()) for part in value.split(";") if part.strip()):
            raise ValueError("write it as Mon-Fri 07:30-16:00; Sat 08:00-12:00")
        return value

    @field_validator("local_model_revision", "alt_text_model_revision")
    @classmethod
    def _commit(cls, value: str) -> str:
        if value and not (len(value) == 40 and set(value.lower()) <= set("0123456789abcdef")):
            raise ValueError("must be a commit of 40 hex digits, not a branch or tag")
        return value

    @model_validator(mode="after")
    def _together_rules(self) -> Settings:
        if self.together_base_url.endswith("/v1"):
            raise ValueError("TOGETHER_BASE_URL must not end in /v1: the SDK adds it")
        if self.emergency_numbers and self.emergency_numbers_verified_on is None:
            raise ValueError("EMERGENCY_NUMBERS needs EMERGENCY_NUMBERS_VERIFIED_ON (YYYY-MM-DD)")
        if self.local_engine == "openai_url" and not self.local_base_url:
            raise ValueError("LOCAL_ENGINE=openai_url needs LOCAL_BASE_URL")
        if any(not name.startswith(("s3://", "gs://", "az://")) or name.count("/") != 2
               for name in self.local_model_buckets):
            raise ValueError("LOCAL_MODEL_BUCKETS holds names such as s3://bucket, gs://bucket, az://container")
        if any("/" not in name for name in self.alt_text_models):
            raise ValueError("ALT_TEXT_MODELS holds provider/model names")
        if not set(self.alt_text_languages) <= {"en", "sw"}:
            raise ValueError("ALT_TEXT_LANGUAGES may hold en and sw")
        if self.auth == "off" and not self.is_loopback:
            raise ValueError(f"AUTH=off is allowed only on a loopback HOST, not on {self.host}")
        if self.auth == "on" and not self.secret_key.get_secret_value().strip():
            raise ValueError("AUTH=on needs SECRET_KEY, for example the output of: openssl rand -hex 32")
        if self.receipt_text and not self.secret_key.get_secret_value().strip():
            raise ValueError("RECEIPT_TEXT=true needs SECRET_KEY, for example the output of: openssl rand -hex 32")
        return self

    @property
    def escalation_minutes(self) -> dict[str, int]:
        """By tier, after how many minutes an escalation that nobody handled is overdue."""
        return {"emergency": self.escalation_minutes_emergency, "urgent": self.escalation_minutes_urgent}

    @property
    def is_loopback(self) -> bool:
        """Whether HOST can be reached from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then `.env`, then `funza.yaml`."""
        return init_settings, env_settings, dotenv_settings, FunzaYaml(settings_cls)


def describe(error: ValidationError) -> str:
    """One line for all that is wrong: `STRATEGY: Input should be 'local', 'cloud' or 'hybrid'`. Never a value."""
    return "; ".join(
        (".".join(str(part) for part in problem["loc"]).upper() + ": " if problem["loc"] else "")
        + problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_url=False, include_input=False, include_context=False))


def load_settings() -> Settings:
    """Settings of this process; a wrong one ends it with one line on stderr and exit code 78."""
    try:
        return Settings()
    except ValidationError as error:
        stop(describe(error))
    except ValueError as error:  # funza.yaml in the older shape
        stop(str(error))


def stop(reason: str) -> NoReturn:
    """End the process because a setting is wrong."""
    print(f"funza: wrong setting: {reason}", file=sys.stderr)
    raise SystemExit(EX_CONFIG)
