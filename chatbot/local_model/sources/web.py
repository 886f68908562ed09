"""Files of a web server: https, and plain http on this machine alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chatbot.errors import NotReady
from chatbot.local_model.sources.failures import Cut, Refused, refusal
from chatbot.local_model.sources.origin import Origin, Stream

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 30.0
"""Seconds to connect, and of silence."""
LATER = "Try again later."


class Web(Origin):
    """`base` is the address of the folder. A redirect may lead elsewhere, but never from https to http."""

    conditional = True
    """Whether If-Match may be sent with the wish to go on."""

    def __init__(self, base: str, headers: Mapping[str, str] | None = None) -> None:
        self._base = base.rstrip("/")
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}

    def size(self, name: str) -> int:
        with self._asking("HEAD", name, {}) as answer:
            length = str(answer.headers.get("Content-Length", ""))
        if not length.isdecimal():
            raise NotReady(f"The server does not say how large {name} is.",
                           remedy="Put a manifest.json beside it (`flask models manifest`), and pin that.")
        return int(length)

    @contextmanager
    def open(self, name: str, start: int = 0, version: str = "") -> Iterator[Stream]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and version and self.conditional:
            headers["If-Match"] = version
        with self._asking("GET", name, headers) as answer:
            resumed = start if answer.status_code == 206 else 0
            yield Stream(resumed, _strong(answer.headers.get("ETag", "")), answer.iter_bytes())

    @contextmanager
    def _asking(self, method: str, name: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        import httpx2

        try:
            with (httpx2.Client(follow_redirects=True, max_redirects=5, timeout=TIMEOUT) as client,
                  client.stream(method, f"{self._base}/{name}", headers={**self._headers, **headers}) as answer):
                self._check(answer, name)
                yield answer
        except httpx2.TransportError as error:
            raise Cut(f"The transfer of {name} broke ({type(error).__name__}).",
                      remedy="Check the network; then try again.") from error
        except (httpx2.InvalidURL, httpx2.TooManyRedirects) as error:
            raise NotReady(f"The server redirects {name} to nowhere.", remedy="Check the address.") from error

    def _check(self, answer: httpx2.Response, name: str) -> None:
        if self._base.startswith("https:") and answer.url.scheme != "https":
            raise Refused(f"The server redirects {name} to an address without TLS.", remedy="Use another address.")
        status = answer.status_code
        if status >= 400:
            raise refusal(status, name, "The server", remedy="Let this machine read it.")


def _strong(etag: str) -> str:
    """If-Match knows strong tags only (RFC 9110, 13.1.1)."""
    return "" if etag.startswith("W/") else etag
