"""The index of providers of pictures, in the order they are asked: this machine, your endpoint, the clouds.

Importing this imports no SDK.
"""

from __future__ import annotations

from chatbot.providers.image_diffusers import LocalDiffusers
from chatbot.providers.image_endpoint import ImageEndpoint
from chatbot.providers.image_interface import ImageProvider
from chatbot.providers.image_vendors import IMAGE_ROWS, ImageVendor
from config import Settings


def build_image_providers(settings: Settings) -> dict[str, ImageProvider]:
    """Every one by its name. One that is not set up is there too, and its `readiness` names the remedy."""
    found: tuple[ImageProvider, ...] = (
        LocalDiffusers(settings), ImageEndpoint(settings), *(ImageVendor(row, settings) for row in IMAGE_ROWS))
    return {provider.name: provider for provider in found}
