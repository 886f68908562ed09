"""What a provider's failure means to us: from a status, from an error inside a 200, from a broken connection.

The words of an error are ours. A provider's own text is read for its code and then dropped: it may quote the
learner's message, an address or a key. Rules: faults.md, section 1.2.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Literal

from chatbot.errors import (
    BadKey,
    ContextTooLong,
    Filtered,
    FunzaError,
    Malformed,
    ModelRetired,
    OutOfCredit,
    ProviderError,
    RateLimited,
    Redirected,
    Refused,
    ServerFailed,
    TimedOut,
    UnknownHost,
    Unreachable,
    Untrusted,
)
from chatbot.providers.retry_after import retry_after

Meaning = Literal["rate", "credit", "key", "retired", "context", "filter", "server", "timeout", "redirect", "refused"]

CODES: dict[str, Meaning] = {
    "insufficient_quota": "credit",  # OpenAI, with a 429
    "billing_hard_limit_reached": "credit",  # OpenAI, with a 400
    "billing_not_active": "credit",
    "credit_limit": "credit",  # Together
    "rate_limit_exceeded": "rate",
    "rate_limit_error": "rate",
    "rate_limit": "rate",
    "too_many_requests": "rate",
    "resource_exhausted": "rate",  # Gemini
    "invalid_api_key": "key",
    "authentication_error": "key",
    "unauthenticated": "key",  # Gemini
    "permission_denied": "key",
    "model_not_available": "retired",  # Together, with a 400
    "model_not_found": "retired",  # OpenAI
    "model_not_supported": "retired",  # Hugging Face router, with a 400
    "context_length_exceeded": "context",
    "string_above_max_length": "context",  # OpenAI
    "content_filter": "filter",
    "content_policy_violation": "filter",
    "server_error": "server",
    "internal_server_error": "server",
    "internal": "server",  # Gemini
    "overloaded": "server",
    "overloaded_error": "server",
    "unavailable": "server",
    "timeout": "timeout",
    "deadline_exceeded": "timeout",  # Gemini
}
"""`code`, `type` or `status` of an error body -> what it means, whatever the HTTP status says."""

MESSAGES: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"context (length|window)|maximum context|input token count|too many (input )?tokens|"
                r"prompt is too long|max_new_tokens|inputs. must have less than"), "context"),  # TGI says it with a 422
    (re.compile(r"non-serverless model|model .{0,200}(decommissioned|deprecated|no longer)"), "retired"),
    (re.compile(r"api key not valid|api key expired"), "key"),  # Gemini, with a 400
)
"""Words by which a failure with a meaningless code is known. Together's too-long prompt is a 403."""

CONTEXT_LIMIT = re.compile(r"(?:context (?:length|window)(?: is| of)?|must be <=|must have less than|limit of)\D{0,12}"
                           r"(\d{3,8})")
"""Where a too-long prompt's message says how many tokens the model can read."""
ASK_AGAIN = 600.0
"""Seconds after which a model is asked again whose 404 does not say that it is the model that is missing."""
MAYBE_BILLED = frozenset({504, 520, 524})
"""The provider may have worked on it all the same; a 500, 502, 503 or 529 is not billed."""


def from_status(provider: str, status: int, headers: Mapping[str, str], body: object) -> FunzaError:
    """The error for an HTTP status that is not 200."""
    meaning = _from_code(status)
    vague = _by_words(body) if meaning == "refused" or status == 403 else None
    said = _by_name(body) or vague
    meaning = said or meaning
    wait = retry_after(headers)
    if meaning == "retired":
        wait = ASK_AGAIN if status == 404 and not said else None
    return _error(meaning, provider, status=status, retry_after=wait, unknown=status in MAYBE_BILLED,
                  limit=_limit_of(body))


def from_error_body(provider: str, body: Mapping[str, Any], *, begun: bool = False) -> FunzaError:
    """The error named inside a 200, or in the middle of a stream; once text has `begun`, it may be billed."""
    error = body["error"]
    code = error.get("code") if isinstance(error, dict) else None
    meaning = _by_name(body) or _by_words(body) or (_from_code(code) if isinstance(code, int) else "server")
    return _error(meaning, provider, unknown=begun or meaning == "server", limit=_limit_of(body))


def from_exception(provider: str, error: Exception) -> FunzaError:
    """The error for whatever an SDK or its HTTP stack raised. Both stacks use the same names for their exceptions."""
    response = getattr(error, "response", None)
    if response is not None:
        return from_status(provider, response.status_code, response.headers, getattr(error, "body", None))
    links = _chain(error)
    names = {cls.__name__ for link in links for cls in type(link).__mro__}
    if "ConnectError" in names and any(isinstance(link, ssl.SSLError) for link in links):
        return Untrusted(f"no trustworthy TLS connection to {provider}")
    if any(isinstance(link, socket.gaierror) for link in links):
        return UnknownHost(f"the name of {provider} does not resolve")
    for known, kind, words in _BROKEN:
        if names & known:
            return kind(words.format(provider), ends="unknown" if kind is ServerFailed else None)
    return Refused(f"the request to {provider} could not be sent")


def _from_code(status: int) -> Meaning:
    exact: dict[int, Meaning] = {401: "key", 402: "credit", 403: "key", 404: "retired", 408: "timeout",
                                 410: "retired", 413: "context", 429: "rate"}
    if status in exact:
        return exact[status]
    if 300 <= status < 400:
        return "redirect"
    return "server" if status >= 500 else "refused"


def _by_name(body: object) -> Meaning | None:
    """What an error body calls itself."""
    error = _error_of(body)
    names = (str(error.get(field)).lower() for field in ("code", "type", "status"))
    return next((CODES[name] for name in names if name in CODES), None)


def _by_words(body: object) -> Meaning | None:
    """What an error body says in words, where its status and its codes say too little."""
    message = str(_error_of(body).get("message") or "").lower()[:2_000]
    return next((meaning for words, meaning in MESSAGES if words.search(message)), None)


def _limit_of(body: object) -> int | None:
    """How many tokens the model can read, where the message says so."""
    found = CONTEXT_LIMIT.search(str(_error_of(body).get("message") or "").lower()[:2_000])
    return int(found[1]) if found else None


def _error_of(body: object) -> Mapping[str, Any]:
    """The error, whether it is the whole body or under `error`, in a list or not, an object or a text."""
    body = body[0] if isinstance(body, list) and body else body
    error = body.get("error", body) if isinstance(body, dict) else body
    return error if isinstance(error, dict) else {"message": error}


def _error(meaning: Meaning, provider: str, *, status: int | None = None, retry_after: float | None = None,
           unknown: bool = False, limit: int | None = None) -> FunzaError:
    if meaning == "context":
        return ContextTooLong(limit=limit)
    kind, words, remedy = _KINDS[meaning]
    nothing_came = "released" if meaning == "filter" else None  # a Filtered is otherwise `settled`: an answer came
    return kind(words.format(provider), status=status, retry_after=retry_after, remedy=remedy,
                ends="unknown" if unknown else nothing_came)


_BROKEN: tuple[tuple[frozenset[str], type[ProviderError], str], ...] = (
    (frozenset({"ReadTimeout"}), TimedOut, "{} did not answer in time"),
    # Nothing was sent, or not all of it:
    (frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "WriteError", "WriteTimeout"}),
     Unreachable, "{} cannot be reached"),
    (frozenset({"ReadError", "RemoteProtocolError", "CloseError"}), ServerFailed, "{} broke the connection"),
    (frozenset({"DecodingError"}), Malformed, "{} sent an answer that cannot be unpacked"),
)
"""Names of what the HTTP stacks raise -> our error."""

_KINDS: dict[str, tuple[Callable[..., ProviderError], str, str | None]] = {
    "rate": (RateLimited, "{} limits how often it is asked", None),
    "credit": (OutOfCredit, "{} wants to be paid", "add credit or raise the limit at the provider"),
    "key": (BadKey, "{} does not accept our key", "check the key in the settings"),
    "retired": (ModelRetired, "{} no longer serves this model", "choose another model in the settings"),
    "filter": (Filtered, "the content filter of {} stopped the answer", None),
    "server": (ServerFailed, "{} has a failure of its own", None),
    "timeout": (TimedOut, "{} did not answer in time", None),
    "redirect": (Redirected, "{} redirects elsewhere, which is not followed", "check the address in the settings"),
    "refused": (Refused, "{} does not take this request", None),
}


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what caused it, outermost first."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
