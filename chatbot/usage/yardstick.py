"""What the savings are measured with, from the settings: the cloud that would be asked, and what this machine costs."""

from __future__ import annotations

from decimal import Decimal

from chatbot.errors import InvalidInput
from chatbot.providers import PROVIDERS, ProviderRow
from chatbot.usage.prices import PriceBook
from chatbot.usage.savings import CloudModel, HardwareRate
from config import Settings


def cloud_model(settings: Settings, against: str = "") -> CloudModel:
    """The first cloud of the chain that has its key and a price list; Together when none has a key.

    Args:
        settings: of this installation.
        against: `provider/model` to measure against instead. Raises InvalidInput for a provider we do not have.
    """
    row, model = _named(against) if against else _first(settings)
    prices = PriceBook(settings.prices_file)
    return CloudModel(row.name, model, _has_its_key(row, settings), prices.find(row.name, model, row.prices))


def hardware_rate(settings: Settings, watts: Decimal | None = None) -> HardwareRate:
    """What the settings state; one that nobody set is unknown, not 0."""
    def stated(name: str) -> Decimal | None:
        return Decimal(str(getattr(settings, name))) if name in settings.model_fields_set else None

    return HardwareRate(stated("gpu_hourly_usd"), stated("energy_kwh_usd"), watts)


def _named(against: str) -> tuple[ProviderRow, str]:
    name, _, model = against.partition("/")
    row = PROVIDERS.get(name)
    if row is None or not row.leaves_machine or not model:
        clouds = ", ".join(one.name for one in PROVIDERS.values() if one.leaves_machine)
        raise InvalidInput("against must be provider/model of a cloud.", field="against",
                           remedy=f"Providers: {clouds}.")
    return row, model


def _first(settings: Settings) -> tuple[ProviderRow, str]:
    in_chain = [(PROVIDERS[name], model) for name, _, model in (one.partition("/") for one in settings.chain)
                if name in PROVIDERS]
    clouds = [(row, model) for row, model in in_chain or [(row, "") for row in PROVIDERS.values()]
              if row.leaves_machine and row.prices]
    row, model = next((one for one in clouds if _has_its_key(one[0], settings)), (PROVIDERS["together"], ""))
    return row, model or str(getattr(settings, row.model_setting))


def _has_its_key(row: ProviderRow, settings: Settings) -> bool:
    return bool(row.key_setting and getattr(settings, row.key_setting).get_secret_value())
