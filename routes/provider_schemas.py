"""The shapes of who could answer and who could draw: state, breaker, price, downloads."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from routes.schemas import Out, Usd


class PricedModel(Out):
    """One model of a provider, and its price."""

    model: str
    retired: bool = Field(description="whether the provider has taken it out of service")
    breaker: str = Field(description="closed, open or half-open: open means it failed several times in a row")
    price_input_usd_per_mtok: Usd | None = Field(description="US dollars a million tokens; null when unknown")
    price_output_usd_per_mtok: Usd | None
    price_source: str | None
    price_date: date | None


class DownloadOut(Out):
    """Weights on their way to this machine. Clouds or the cards answer meanwhile."""

    model: str
    state: str = Field(description="downloading, stopped (its process died; what came is kept), done, failed or "
                       "removed (its room was needed)")
    file: str = Field(description="the file that comes now")
    bytes: int = Field(description="bytes that are here")
    total: int | None = Field(description="bytes in all; null until that is known")
    bytes_per_second: int | None = Field(description="over the last seconds")
    eta_seconds: int | None
    reason: str = Field(description="why it failed or was refused, and what to do")


class ProviderOut(Out):
    """One place an answer can come from."""

    name: str
    title: str
    leaves_machine: bool = Field(description="whether a question to it leaves this machine")
    state: str
    reason: str
    downloads: list[DownloadOut] = Field(default_factory=list, description="of its weights, where it has any")
    models: list[PricedModel]


class DrawerOut(Out):
    """One place a picture can come from."""

    name: str
    title: str
    leaves_machine: bool
    state: str = Field(description="an endpoint that may sleep is ready; asking it would wake it")
    reason: str
    models: list[str]
    wake_seconds: float | None = Field(description="how long it takes to wake; null for what does not sleep")
    wake_seconds_learned: bool = Field(description="false: a guess, for nobody has seen it wake yet")


class ProvidersOut(Out):
    """Every provider, in the order of the index."""

    providers: list[ProviderOut]
    drawing: list[DrawerOut] = Field(description="who draws pictures, in the order in which they are asked")
