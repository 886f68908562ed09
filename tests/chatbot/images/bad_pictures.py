"""Every bad picture of the fault table, made for real: rows B47 and B52 to B55, and what each is answered with.

`python -m bench.bad_pictures` sends them to a running server; the tests here read them without one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tests.chatbot.images.good_pictures import drawn, jpeg, png, saved, webp

MIB = 1 << 20
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@dataclass(frozen=True)
class BadPicture:
    """One file that must be refused."""

    row: str
    what: str
    name: str
    make: Callable[[], bytes]
    status: int
    code: str

    @property
    def id(self) -> str:
        return f"{self.row} {self.what}"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, *before: bytes, rows: bytes | None = None) -> bytes:
    """A PNG of one grey channel; `rows` are its packed pixels."""
    packed = zlib.compress(b"\0" * 100, 9) if rows is None else rows
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"".join([b"\x89PNG\r\n\x1a\n", head, *before, chunk(b"IDAT", packed), chunk(b"IEND", b"")])


def packed_zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    piece = b"\0" * MIB
    return b"".join(packer.compress(piece) for _ in range(count // MIB + 1)) + packer.flush()


def apng(frames: int) -> bytes:
    body = png()
    return body[:33] + chunk(b"acTL", struct.pack(">II", frames, 0)) + body[33:]


def animated_webp(frames: int) -> bytes:
    """One pixel's worth of frames, over and over."""
    still = saved(Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
    frame = struct.pack("<6s3s3s4s", b"\0" * 6, (15).to_bytes(3, "little"), (15).to_bytes(3, "little"), b"\x0a\0\0\0")
    body = b"WEBPVP8X" + struct.pack("<IB3s3s3s", 10, 0x02, b"\0" * 3, b"\x0f\0\0", b"\x0f\0\0")
    body += b"ANIM" + struct.pack("<I6s", 6, b"\0" * 6)
    one = frame + still
    body += (b"ANMF" + struct.pack("<I", len(one)) + one) * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    body = jpeg()
    return body[:2] + b"".join(segments) + body[2:]


def jpeg_of(width: int, height: int) -> bytes:
    """A good JPEG whose header claims another size."""
    body = jpeg()
    at = body.index(b"\xff\xc0") + 5
    return body[:at] + struct.pack(">HH", height, width) + body[at + 4:]


def text_bomb() -> bytes:
    """Text of 200 MiB in 200 KiB of a PNG."""
    text = chunk(b"zTXt", b"Comment\0\0" + packed_zeros(200 * MIB))
    return png_of(64, 64, text, rows=zlib.compress(b"\0" * 65 * 64))


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def many_scans() -> bytes:
    """A progressive JPEG that paints the same scan five thousand times."""
    body = saved(drawn(4_000, 4_000), "JPEG", progressive=True, quality=20)
    at = body.rindex(b"\xff\xda")
    return body[:at] + body[at:-2] * 5_000 + b"\xff\xd9"


def _bad(row: str, status: int, code: str, *files: tuple[str, str, Callable[[], bytes]]) -> tuple[BadPicture, ...]:
    return tuple(BadPicture(row, what, name, make, status, code) for what, name, make in files)


BAD_PICTURES: tuple[BadPicture, ...] = (
    *_bad("B47", 400, "empty_file", ("nothing", "a.png", lambda: b"")),
    *_bad("B47", 415, "mislabelled_file",
          ("double ending", "a.png.exe", png),
          ("no ending", "png", png),
          ("PNG as .jpg", "a.jpg", png),
          ("JPEG as .webp", "a.webp", jpeg),
          ("WebP as .gif", "a.gif", webp)),
    *_bad("B47", 415, "not_that_kind",
          ("HTML as .png", "a.png", lambda: b"<!doctype html><script>alert(1)</script>"),
          ("PDF as .jpg", "a.jpg", lambda: b"%PDF-1.7\n" + jpeg()),
          ("ZIP before a PNG", "a.png", lambda: b"PK\x03\x04" + png()),
          ("program as .webp", "a.webp", lambda: b"MZ\x90\0" + b"\0" * 500)),
    *_bad("B52", 413, "too_many_pixels",
          ("50,000 x 50,000 PNG", "a.png", lambda: png_of(50_000, 50_000)),
          ("all its 256 million pixels packed", "a.png", lambda: png_of(16_000, 16_000, rows=packed_zeros(256 * MIB))),
          ("4,294,967,295 x 1 PNG", "a.png", lambda: png_of(0xFFFFFFFF, 1)),
          ("65,535 x 65,535 JPEG", "a.jpg", lambda: jpeg_of(65_535, 65_535)),
          ("16,384 x 16,384 WebP", "a.webp",
           lambda: b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f" + b"\0" * 9)),
    *_bad("B52", 413, "too_much_metadata",
          ("10 MB of colour profile in a JPEG", "a.jpg",
           lambda: jpeg_with(*[segment(0xE2, b"ICC_PROFILE\0" + b"\0" * 65_000)] * 160)),
          ("8 MB of EXIF in a PNG", "a.png", lambda: png_of(64, 64, chunk(b"eXIf", b"\0" * 8 * MIB))),
          ("60,000 comments in a JPEG", "a.jpg", lambda: jpeg_with(*[segment(0xFE, b"")] * 60_000)),
          ("60,000 texts in a PNG", "a.png", lambda: png_of(64, 64, *[chunk(b"tEXt", b"")] * 60_000))),
    *_bad("B52", 422, "animated_picture",
          ("100,000 frames of WebP", "a.webp", lambda: animated_webp(100_000)),
          ("two frames of WebP", "a.webp",
           lambda: saved(drawn(), "WEBP", save_all=True, append_images=[drawn(words="2")])),
          ("APNG", "a.png", lambda: apng(100_000)),
          ("APNG of one frame", "a.png", lambda: apng(1))),
    *_bad("B52", 422, "picture_too_small",
          ("1 x 1 PNG", "a.png", lambda: saved(Image.new("RGB", (1, 1)))),
          ("1 x 1 JPEG", "a.jpg", lambda: saved(Image.new("RGB", (1, 1)), "JPEG")),
          ("1 x 1 WebP", "a.webp", lambda: saved(Image.new("RGB", (1, 1)), "WEBP")),
          ("0 x 0 PNG", "a.png", lambda: png_of(0, 0)),
          ("2,000 x 3", "a.png", lambda: saved(Image.new("RGB", (2_000, 3))))),
    *_bad("B52", 422, "unreadable_file",
          ("broken off at 300 bytes", "a.png", lambda: png()[:300]),
          ("JPEG broken off", "a.jpg", lambda: jpeg(width=2_000, height=2_000)[:900]),
          ("a head and nothing else", "a.jpg", lambda: b"\xff\xd8\xff\xe0"),
          ("WebP of zeros", "a.webp",
           lambda: b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 4 + b"\xff\0\0" * 2 + b"\0" * 99),
          ("pixels that do not unpack", "a.png", lambda: png_of(64, 64, rows=b"not packed at all")),
          ("text of 200 MiB in a PNG", "a.png", text_bomb)),
    *_bad("B53", 415, "not_that_kind",
          ("SVG as .jpg", "a.jpg", lambda: SVG),
          ("HEIC as .jpg", "a.jpg", heic),
          ("TIFF as .jpg", "a.jpg", lambda: saved(drawn(), "TIFF")),
          ("PSD as .jpg", "a.jpg", lambda: b"8BPS\0\x01" + b"\0" * 200),
          ("FITS as .jpg", "a.jpg", lambda: b"SIMPLE  =                    T" + b" " * 2_850),
          ("EPS as .jpg", "a.jpg", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
          ("GIF with a script in a comment as .jpg", "a.jpg",
           lambda: saved(drawn(), "GIF", comment=b"<script>x</script>")),
          ("BMP as .png", "a.png", lambda: saved(drawn(), "BMP")),
          ("icon as .png", "a.png", lambda: saved(drawn(), "ICO"))),
)

BAD_NAMES = ("../../x.png", "..\\..\\x.png", "/etc/passwd.png", 'a"; filename="b.exe.png',
             "a%0d%0aSet-Cookie: x=1.png", "\u202egpj.png", "x" * 4_000 + ".png", "<script>alert(1)</script>.png",
             "CON.png", "{{7*7}}.png", "$(id).png")
"""Row B55: file names that must not matter, each with a good PNG in it."""
