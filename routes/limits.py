"""How often: costly routes for each principal, wrong keys for each address, sign-ins for each account and address.

Nobody can lock a person out of her own device: a browser that once signed in keeps a device cookie and is counted by
itself, apart from whoever guesses at her account (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
A good key is never refused for the wrong ones that others send from the same address.
Counts are in Redis when REDIS_URL is set, so that several workers count together; else, or while Redis is away, each
worker counts for itself. With AUTH=off there are no limits: the one user is the machine's owner.
"""

from __future__ import annotations

import ipaddress
import time

from flask import Flask, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit

from chatbot.accounts.principal import LOCAL, Principal
from routes.credentials import WrongCredential
from routes.devices import account_mark, known_device
from routes.errors import TooManyRequests, answer_error
from routes.installation import installation
from routes.permissions import COSTLY

SIGN_IN = "login.sign_in"
WRONG_KEYS = "60/minute"
"""From one address. It spares the database; 256 bits cannot be guessed at any rate."""
SIGN_INS = "10/minute;60/hour"
"""For one account from devices that are not known, or for one known device."""
WRONG_SIGN_INS = "60/minute"
"""From one address, which may be a whole school's."""


def limit_requests(app: Flask) -> None:
    """Hold `app` to the limits. Run after `identify` was registered, which says who asks."""
    settings = installation(app).settings
    redis = settings.redis_url
    Limiter(
        _principal_id, app=app, enabled=settings.auth == "on", strategy="sliding-window-counter", key_prefix="funza",
        storage_uri=redis or "memory://", in_memory_fallback_enabled=bool(redis),
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1} if redis else {},
        on_breach=_note_wait,
        application_limits=[
            ApplicationLimit(_per_minute, scope="costly", exempt_when=_is_free),
            ApplicationLimit(WRONG_KEYS, key_function=address, scope="wrong keys", exempt_when=_is_no_wrong_key),
            ApplicationLimit(SIGN_INS, key_function=_account_or_device, scope="sign-in", exempt_when=_is_no_sign_in),
            ApplicationLimit(WRONG_SIGN_INS, key_function=address, scope="wrong sign-ins",
                             exempt_when=lambda: _is_no_sign_in() or known_device() is not None,
                             deduct_when=lambda response: response.status_code == 401)])
    app.register_error_handler(RateLimitExceeded, lambda _breach: answer_error(too_many()))


def too_many() -> TooManyRequests:
    """The error of the limit that the current request ran into, with the seconds until it may be sent again."""
    return TooManyRequests(retry_after=g.get("retry_after", 1.0))


def address() -> str:
    """Where the request comes from: an IPv4 address, or the /64 that one customer of an IPv6 network has."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))


def _note_wait(breach: RequestLimit) -> None:
    g.retry_after = max(1.0, breach.reset_at - time.time())


def _principal() -> Principal:
    """Who asks; nobody is limited as the owner of the machine is, and refused after."""
    found: Principal = g.get("principal", LOCAL)
    return found


def _principal_id() -> str:
    return _principal().id


def _per_minute() -> str:
    return f"{_principal().per_minute}/minute"


def _is_free() -> bool:
    return request.endpoint not in COSTLY or "principal" not in g


def _is_no_wrong_key() -> bool:
    return not isinstance(g.get("refusal"), WrongCredential)


def _is_no_sign_in() -> bool:
    return request.endpoint != SIGN_IN


def _account_or_device() -> str:
    device = known_device()
    return f"device {device}" if device else f"account {account_mark()}"
