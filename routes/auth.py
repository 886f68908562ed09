"""Who sends this request, and may they: every request passes here before its view.

AUTH=off (allowed only on a loopback bind) makes everyone the machine's owner. With AUTH=on a request brings an API key
or a session cookie (`credentials.py`), which the database is asked about each time (`chatbot/accounts`), and the route
says which role it needs (`permissions.py`). A person without a session who opens a page is sent to sign in.
"""

from __future__ import annotations

from typing import cast

from flask import Request, g, redirect, request, url_for
from werkzeug.wrappers import Response

from chatbot.accounts.keys import Keys
from chatbot.accounts.people import People
from chatbot.accounts.principal import LOCAL, Principal
from chatbot.accounts.seal import Seal
from chatbot.errors import FunzaError, NotAllowed
from routes.credentials import REMEDY, credential_of, wrong
from routes.errors import Unauthorised
from routes.installation import installation
from routes.permissions import needed
from routes.security import SAFE_METHODS, require_own_page

FORMS = frozenset({"login.sign_in", "login.sign_out"})
"""Forms that a person without a session may send, from our own pages only."""


class RoleTooLow(NotAllowed):
    code = "role_too_low"
    title = "This needs another role"


def identify() -> None:
    """Run before every view: find out who sends the request. What is wrong with that is told by `require_principal`."""
    if request.routing_exception is not None or needed(request.endpoint or "") == "public":
        return
    try:
        g.principal = _who(request)
    except FunzaError as error:
        g.refusal = error


def require_principal() -> Response | None:
    """Run before every view, after the limits: only public routes go without a principal of the needed role.

    Raises Unauthorised, RoleTooLow, CrossSite, Conflicting, LedgerUnavailable.
    """
    if request.routing_exception is not None:
        return None
    role = needed(request.endpoint or "")
    if role == "public":
        if request.endpoint in FORMS:
            require_own_page()
        return None
    if isinstance(g.get("refusal"), Unauthorised) and request.method == "GET" and wants_page():
        return redirect(url_for("login.page", next=request.path), 303)
    principal = current_principal()
    if signed_in() and request.method not in SAFE_METHODS:
        require_own_page()
    if not principal.may(role):
        raise RoleTooLow(f"This is for the role {role}; you have {principal.role}.")
    return None


def current_principal() -> Principal:
    """Who sends the current request. Raises Unauthorised, Conflicting, LedgerUnavailable."""
    if "refusal" in g:
        raise g.refusal
    if "principal" not in g:
        g.principal = _who(request)
    return cast(Principal, g.principal)


def is_known() -> bool:
    """Whether somebody with a right to be here sends the current request; a page for nobody shows nothing of hers."""
    return "refusal" not in g


def signed_in() -> bool:
    """Whether the current request comes with a session that is good, not with a key."""
    return bool(g.get("by_session"))


def keys() -> Keys:
    """The keys of this installation. Raises NoSecretKey."""
    return Keys(installation().service.engine, _seal())


def people() -> People:
    """The people of this installation. Raises NoSecretKey."""
    return People(installation().service.engine, _seal())


def wants_page() -> bool:
    """Whether this is a browser that shows a page: a program prefers JSON, or does not care."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _seal() -> Seal:
    return Seal(installation().settings.secret_key.get_secret_value())


def _who(asked: Request) -> Principal:
    if installation().settings.auth == "off":
        return LOCAL
    credential = credential_of(asked)
    if credential is None:
        raise Unauthorised("Send a key of this installation.", remedy=REMEDY)
    by_session = credential.kind == "session"
    principal = (people() if by_session else keys()).principal_of(credential.secret)
    if principal is None:
        raise wrong()
    g.by_session = by_session
    return principal
