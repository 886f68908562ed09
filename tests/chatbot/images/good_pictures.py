"""Honest pictures, and one that tells where it was taken."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

LATITUDE = (1.0, 17.0, 31.86)
"""Degrees, minutes, seconds: somewhere in Nairobi."""
MODEL = "A-CAMERA-THAT-TELLS"
ICC = b"a colour profile that tells" * 40
XMP = b"<x:xmpmeta><dc:creator>Asha Wanjiru</dc:creator></x:xmpmeta>"


def drawn(width: int = 320, height: int = 200, words: str = "Wash your hands") -> Image.Image:
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((10, 10, width // 3, height - 10), fill="teal")
    draw.text((width // 3 + 20, height // 3), words, fill="black")
    return picture


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(**size: Any) -> bytes:
    return saved(drawn(**size))


def jpeg(**size: Any) -> bytes:
    return saved(drawn(**size), "JPEG", quality=85)


def webp(**size: Any) -> bytes:
    return saved(drawn(**size), "WEBP")


def exif_with_place(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0110] = MODEL
    exif[0x0112] = orientation
    exif[0x8825] = {1: "S", 2: LATITUDE, 3: "E", 4: (36.0, 49.0, 0.0)}
    return exif


def telling(kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A photo with GPS, the camera, a colour profile, XMP and a comment."""
    options: dict[str, Any] = {"exif": exif_with_place(orientation), "icc_profile": ICC}
    if kind == "JPEG":
        options |= {"xmp": XMP, "comment": b"Asha's kitchen"}
    if kind == "WEBP":
        options |= {"xmp": XMP}
    return saved(drawn(), kind, **options)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))
