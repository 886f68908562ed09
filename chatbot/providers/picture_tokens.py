"""How many tokens a picture counts as, where a provider says so. Each rule takes model, width and height in pixels.

They are for the estimate that is reserved before a call, so where a provider is vague they err towards too much; what
the provider reports is what is booked.
"""

from __future__ import annotations

from math import ceil


def openai_tokens(model: str, width: int, height: int) -> int:
    """OpenAI's two ways. Source: platform.openai.com/docs/guides/images-vision ("Calculating costs").

    GPT-4.1 mini and nano count patches of 32 pixels, at most 1,536, times 1.62 or 2.46. GPT-4o and its kin count tiles
    of 512 pixels once the shorter side is 768: 85 + 170 a tile, and 2,833 + 5,667 a tile for GPT-4o mini.
    """
    if "4o" in model:
        scale = 768 / min(width, height)
        tiles = ceil(min(width * scale, 2_048) / 512) * ceil(min(height * scale, 2_048) / 512)
        return 2_833 + 5_667 * tiles if "4o-mini" in model else 85 + 170 * tiles
    return ceil(2.46 * min(1_536, ceil(width / 32) * ceil(height / 32)))


def gemini_tokens(model: str, width: int, height: int) -> int:
    """258 a tile of 768 pixels; from Gemini 3 on up to 1,120. Source: ai.google.dev/gemini-api/docs/tokens."""
    tiles = ceil(width / 768) * ceil(height / 768)
    return 258 * tiles if model.startswith(("gemini-2", "gemini-1")) else max(1_120, 258 * tiles)


def together_tokens(_model: str, width: int, height: int) -> int:
    """1,601 a tile of 560 pixels, at most two by two. Source: docs.together.ai/docs/vision-overview."""
    across, down = min(2, ceil(width / 560)), min(2, ceil(height / 560))
    return 1_601 * across * down
