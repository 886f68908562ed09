"""What a picture costs: by the picture or the million pixels (`[[image]]` of a price table), or by its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chatbot.database import NANO
from chatbot.providers.image_interface import Drawn, DrawRequest, ImageProvider
from chatbot.providers.interface import Usage
from chatbot.usage.prices import LOCAL, Price, PriceBook

MOST_PICTURE_TOKENS = 6_240
"""Of the dearest picture of the GPT Image models, 1,024 x 1,536 in high quality.

Source: platform.openai.com/docs/guides/image-generation, "Cost and latency".
"""
SOURCE_TOKENS = 6_240
"""Of a picture that is given to be changed, at the most: nobody says it exactly, so the same is held."""


@dataclass(frozen=True, slots=True)
class PricePerPicture(Price):
    """A price that does not depend on tokens or time."""

    picture: int = 0
    """Nano-dollars."""

    def cost(self, usage: Usage, latency_ms: int = 0) -> int:
        return self.picture

    def most(self, prompt_tokens: int, max_tokens: int, seconds: float) -> int:
        return self.picture


def price_of_picture(prices: PriceBook, provider: ImageProvider, model: str, request: DrawRequest) -> Price | None:
    """The price of one such picture, or None when nobody knows it."""
    if not provider.leaves_machine:
        return LOCAL
    row = prices.image(provider.name, model)
    if row is None:
        return prices.find(provider.name, model, provider.price_table) if provider.price_table else None
    if row.usd_per_image is not None:
        each = row.usd_per_image
    else:
        each = (row.usd_per_megapixel or Decimal(0)) * request.width * request.height / 1_000_000
    return PricePerPicture(0, 0, 0, source=row.source[:60], as_of=row.since, picture=round(each * NANO))


def prompt_tokens_of(request: DrawRequest) -> int:
    """Tokens of what is sent, estimated: about 3 characters each."""
    words = round(len(request.prompt + request.negative_prompt) / 3)
    return words + (SOURCE_TOKENS if request.source else 0)


def most_of(price: Price | None, request: DrawRequest, seconds: float) -> int | None:
    """Nano-dollars that one try may cost at the most; None when nobody knows."""
    return price.most(prompt_tokens_of(request) * 2, MOST_PICTURE_TOKENS, seconds) if price else None


def usage_of(drawn: Drawn | None, price: Price | None, request: DrawRequest) -> Usage:
    """What a try is booked with: the tokens that were reported; an estimate, where tokens are the price; else none."""
    if drawn is not None and drawn.usage is not None:
        return drawn.usage
    if price is None or not (price.input or price.output):
        return Usage(0, 0, reported=drawn is not None)
    return Usage(prompt_tokens_of(request), MOST_PICTURE_TOKENS, reported=False)
