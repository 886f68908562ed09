"""What Together itself says its models cost now. Needs a key and the network: only `flask prices check --live` asks."""

from __future__ import annotations

from decimal import Decimal

from chatbot.errors import Unreachable
from chatbot.providers.failures import from_exception
from chatbot.providers.vendor_client import build_client
from config import Settings

SECONDS = 15.0
Rates = tuple[Decimal, Decimal]
"""US dollars a million tokens, in and out."""


def together_rates(settings: Settings) -> dict[str, Rates]:
    """Model -> rates, for the models that Together serves by the token. Raises FunzaError."""
    try:
        client = build_client("together", settings.together_api_key.get_secret_value(), settings.together_base_url)
    except (ImportError, OSError, ValueError) as error:
        raise Unreachable("The client of Together cannot be built.") from error
    try:
        listed = client.sdk.models.list_supported(product="PRODUCT_SERVERLESS", timeout=client.timeout(SECONDS))
        return {model.name: rates for model in listed if (rates := _rates(model.pricing))}
    except client.failures as error:
        raise from_exception("Together", error) from None
    finally:
        client.close()


def _rates(pricing: object) -> Rates | None:
    found = [getattr(pricing, side, None) for side in ("input", "output")]
    if not all(isinstance(rate, int | float) for rate in found):
        return None
    return Decimal(str(found[0])), Decimal(str(found[1]))

