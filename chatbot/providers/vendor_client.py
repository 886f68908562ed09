"""Builds the SDK client of a row: our own connection pool, no retries, no redirects, nothing read from the environment.

No retries: `chatbot.calls` has the one retry loop, and an SDK sleeps in the request's thread. No redirects: a key
must not follow one to another host. Certificates are always verified.

The environment: an SDK reads a key, an address, an organisation and extra headers from it, and httpx a `.netrc` and
proxies. All that is off, so that a key only ever goes where its row says. One exception, for machines behind a
proxy: `HTTPS_PROXY` and `NO_PROXY` are honoured for https addresses, where the proxy sees the host name and
nothing else; `SSL_CERT_FILE` may name your own authority. A plain http address never goes through a proxy.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from chatbot.providers.patience import CONNECT_LIMIT, PatientBackend
from chatbot.providers.row import Sdk

STACKS: dict[Sdk, tuple[str, str, str]] = {
    "together": ("httpx", "httpcore", "Together"),
    "openai": ("httpx2", "httpcore2", "OpenAI"),
}
"""SDK -> its HTTP library, that library's engine, and the name of its client class."""

TALKATIVE = ("together", "openai", "httpx", "httpx2", "httpcore", "httpcore2")
"""Loggers that write whole requests at DEBUG, or addresses at INFO."""

MAX_CONNECTIONS = 1_000
WRITE_LIMIT = 15.0
"""Seconds for a piece of the request to be taken."""


@dataclass(frozen=True, slots=True)
class VendorClient:
    """An SDK client and the exceptions that may come out of it."""

    sdk: Any
    failures: tuple[type[Exception], ...]
    """Everything the SDK and its HTTP stack raise, and the UnicodeError of words that are not valid Unicode."""
    http: Any
    """Its HTTP library."""

    def timeout(self, read: float) -> Any:
        """The limits of one request. `Patience` is stricter with reads; this is the belt to its braces."""
        return self.http.Timeout(connect=CONNECT_LIMIT, read=read, write=WRITE_LIMIT, pool=CONNECT_LIMIT)

    def close(self) -> None:
        self.sdk.close()


def build_client(sdk: Sdk, key: str, base_url: str) -> VendorClient:
    """Import the SDK (0.4 s, so only when first asked) and build its client. Raises ImportError when it is missing."""
    http_name, core_name, client_name = STACKS[sdk]
    module, http, core = import_module(sdk), import_module(http_name), import_module(core_name)
    for name in TALKATIVE:  # OPENAI_LOG=debug would put a mother's words into the log
        logging.getLogger(name).setLevel(logging.WARNING)
    client = getattr(module, client_name)(
        api_key=key or "none",  # the SDKs want one
        base_url=base_url, max_retries=0,
        http_client=_http_client(http, core, base_url, send_key=bool(key)))
    client._custom_headers = {}  # what {OPENAI,TOGETHER}_CUSTOM_HEADERS holds goes nowhere
    if sdk == "openai":
        client.organization = client.project = None  # OPENAI_ORG_ID is not for Hugging Face to know
    return VendorClient(client, (getattr(module, f"{client_name}Error"), http.HTTPError, http.StreamError,
                                 http.InvalidURL, UnicodeError), http)


def build_http(base_url: str, *, send_key: bool) -> tuple[Any, Any, tuple[type[Exception], ...]]:
    """The same connection pool without an SDK: its HTTP library, the client, and what may come out of it."""
    http, core = import_module("httpx2"), import_module("httpcore2")
    client = _http_client(http, core, base_url, send_key=send_key)
    return http, client, (http.HTTPError, http.StreamError, http.InvalidURL, UnicodeError)


def _http_client(http: Any, core: Any, base_url: str, *, send_key: bool) -> Any:
    limits = http.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=20, keepalive_expiry=30.0)
    transport = http.HTTPTransport(limits=limits, proxy=proxy_for(base_url))
    # httpx has no argument for it; the test of a cancel before the headers fails if the name ever changes.
    transport._pool._network_backend = PatientBackend(transport._pool._network_backend, core)
    # Asking for no compression keeps a small answer from unpacking into a large one.
    return http.Client(transport=transport, trust_env=False, follow_redirects=False,
                       headers={"accept-encoding": "identity"},
                       event_hooks={"request": [] if send_key else [_without_key]})


def _without_key(request: Any) -> None:
    """An open endpoint gets no made-up key: it might well refuse it."""
    del request.headers["authorization"]


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this https address, or None."""
    parts = urlsplit(url)
    if parts.scheme != "https" or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies_environment().get("https")


def is_address(url: str) -> bool:
    """Whether an SDK can make an address of it."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0) and url.isprintable() and " " not in url
    except ValueError:
        return False
