"""What a provider sent, looked at by its header before anybody keeps it: nothing is decoded here."""

from __future__ import annotations

from chatbot.errors import InvalidInput, Malformed
from chatbot.images.header import Kind, check_header
from chatbot.providers.image_interface import Drawn, MediaType

MEDIA_TYPES: dict[Kind, MediaType] = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def checked(drawn: Drawn, provider: str) -> tuple[MediaType, int, int]:
    """Media type, width and height in pixels. Raises Malformed for a broken, tiny, huge or moving picture."""
    try:
        header = check_header(drawn.data)
    except InvalidInput as error:
        raise Malformed(f"{provider} sent a picture that cannot be used: {error.title}", ends="settled") from None
    return MEDIA_TYPES[header.kind], header.width, header.height
