"""What keeps a browser safe, and this server safe from a browser: headers, host names, other sites, odd methods.

With AUTH=off any web page that a user of this machine opens could try to use our loopback address. So a request
must name a loopback host (against DNS rebinding), and one that changes something must not come from another
site (against CSRF). There are no CORS headers: no other site may read an answer.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from routes.errors import CrossSite, WrongHost
from routes.installation import installation
from routes.request_id import request_id

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
                               "frame-ancestors 'none'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers post our own form with `Origin: null`
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def check_request_line() -> None:
    """Refuse what werkzeug would read kindly: a method in small letters (RFC 9110, 9.1), slashes before the path."""
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound
    if request.environ["REQUEST_METHOD"] != request.method and request.url_rule is not None:
        raise MethodNotAllowed(sorted(request.url_rule.methods or ()))


def check_origin() -> None:
    """With AUTH=off, answer only under our own name, and change things only for our own pages.

    A client that is no browser sends neither Sec-Fetch-Site nor Origin and passes. Raises WrongHost, CrossSite.
    """
    settings = installation().settings
    if settings.auth != "off":
        return
    if not _is_own_host(request.host, settings.host):
        raise WrongHost("AUTH=off answers only under a loopback name.",
                        remedy="Use http://127.0.0.1 or http://localhost with the port, or set AUTH=on.")
    if request.method not in SAFE_METHODS and _from_elsewhere():
        raise CrossSite("This request came from another web site.")


def require_own_page() -> None:
    """A change that a cookie allows must come from one of our own pages. Raises CrossSite.

    A browser says where a form comes from: in Sec-Fetch-Site, an old one in Origin or at least in Referer. What says
    nothing is refused. A key needs no such check, because no browser sends it by itself.
    """
    if "Sec-Fetch-Site" in request.headers or "Origin" in request.headers:
        elsewhere = _from_elsewhere()
    else:
        elsewhere = _host_of(request.headers.get("Referer", "")) != request.host.lower()
    if elsewhere:
        raise CrossSite("This request did not come from a page of this server.")


def add_headers(response: Response) -> Response:
    """Put the security headers and the request id on every answer; answers that are not files are not stored."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id()
    if request.endpoint not in {"static", "pages.static"}:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _is_own_host(asked: str, bound: str) -> bool:
    try:
        name = urlsplit(f"//{asked}").hostname or ""
    except ValueError:
        return False
    if name in {"localhost", bound}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_of(address: str) -> str:
    """`name:port` of an address; empty when there is none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


def _from_elsewhere() -> bool:
    """The rule of Go's net/http CrossOriginProtection: Sec-Fetch-Site decides; an older browser has only Origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and origin.rpartition("://")[2].lower() != request.host.lower()
