"""Receipts: for each try at a cloud, what left, to whom, why and when, so that a person can be told afterwards.

What left is hashed in a form that both sides can make (`canonical`): a provider's own book of what it received can be
held against ours. The redacted text itself is kept only where the deployer asks for it (RECEIPT_TEXT=true), sealed with
a key made from SECRET_KEY; otherwise the receipt holds numbers and names alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import now
from chatbot.errors import LedgerUnavailable
from chatbot.privacy.tables import RECEIPTS
from chatbot.providers.interface import Message, Redacted
from chatbot.usage.tables import ATTEMPTS, CALLS

NEVER_LEFT = frozenset({"connect", "dns", "tls", "not_sent", "not_ready"})
"""Failures of a try after which the provider has received no word of it."""


def canonical(messages: list[dict[str, str]], stop: list[str] | None = None, schema: Any = None) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no spaces, UTF-8.

    Args:
        messages: `{"role", "content"}` each, as in a chat completions body; with a picture also `"picture"`, the
            SHA-256 of its bytes as hex.
        stop: its `stop`, when there is one.
        schema: the JSON Schema inside its `response_format`, when there is one.
    """
    said = {"messages": messages, "stop": stop or [], "schema": schema}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Leaving:
    """A request that is about to leave, and why it may."""

    request: Redacted
    purpose: str
    reason: str
    counts: Mapping[str, int]
    """What was taken out, by kind."""

    def canonical(self) -> bytes:
        request = self.request
        return canonical([_said(turn) for turn in request.messages], list(request.stop), request.schema)


def _said(turn: Message) -> dict[str, str]:
    said = {"role": turn.role, "content": turn.content}
    return said | ({"picture": hashlib.sha256(turn.picture.data).hexdigest()} if turn.picture else {})


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt, for who may see it."""

    attempt_id: str
    at: datetime
    provider: str
    model: str
    purpose: str
    reason: str
    sha256: str
    size: int
    redacted: Mapping[str, int]
    left: str
    """`yes`, `no` (nobody could be reached) or `under way`."""
    text: str | None
    """The redacted text; None when it was not kept, or is not for who asks."""


class ReceiptSeal:
    """Encrypts the text of receipts under a key made from SECRET_KEY."""

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), b"funza receipts 1", hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: bytes) -> bytes:
        return self._fernet.encrypt(text)

    def open(self, sealed: bytes) -> str | None:
        """The text; None when another SECRET_KEY sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None


def row_of(leaving: Leaving, *, provider: str, model: str,
           seal: ReceiptSeal | None) -> Callable[[str, str], dict[str, Any]]:
    """Makes the receipt's row out of the ids of its attempt and call, which the ledger knows. No seal: no text."""
    left = leaving.canonical()
    row = {"at": now(), "provider": provider, "model": model, "purpose": leaving.purpose, "reason": leaving.reason,
           "sha256": hashlib.sha256(left).hexdigest(), "size": len(left),
           "redacted": json.dumps(dict(sorted(leaving.counts.items()))), "sealed": seal.close(left) if seal else None}
    return lambda attempt_id, call_id: {"attempt_id": attempt_id, "call_id": call_id, **row}


def receipts_of(engine: Engine, call_id: str, *, principal: str, sees_all: bool,
                seal: ReceiptSeal | None) -> list[Shown] | None:
    """The receipts of one call, oldest first; None when there is no such call, or it is another's.

    `principal` is who asks: the text is only for who made the call. `sees_all` lets an admin see every receipt,
    without its text. Raises LedgerUnavailable.
    """
    asked = (select(RECEIPTS, ATTEMPTS.c.state, ATTEMPTS.c.failure)
             .join(ATTEMPTS, ATTEMPTS.c.id == RECEIPTS.c.attempt_id, isouter=True)
             .where(RECEIPTS.c.call_id == call_id).order_by(RECEIPTS.c.at, RECEIPTS.c.attempt_id))
    try:
        with engine.connect().execution_options(read_only=True) as connection:
            owner = connection.scalar(select(CALLS.c.principal).where(CALLS.c.id == call_id))
            if owner is None or not (sees_all or (owner and owner == principal)):
                return None
            rows = connection.execute(asked).all()
    except SQLAlchemyError as error:
        raise LedgerUnavailable("Receipts cannot be read now.") from error
    opens = seal if owner == principal else None
    return [_shown(row, opens) for row in rows]


def forget_texts(engine: Engine, before: datetime) -> int:
    """Delete the text of receipts from before that moment; hash, time and names stay. Returns how many texts.

    Raises SQLAlchemyError.
    """
    old = (RECEIPTS.c.at < before, RECEIPTS.c.sealed.is_not(None))
    with engine.begin() as connection:
        return connection.execute(update(RECEIPTS).where(*old).values(sealed=None)).rowcount


def forget_receipts(engine: Engine, before: datetime) -> int:
    """Delete receipts from before that moment. Returns how many. Raises SQLAlchemyError."""
    with engine.begin() as connection:
        return connection.execute(delete(RECEIPTS).where(RECEIPTS.c.at < before)).rowcount


def _shown(row: Any, seal: ReceiptSeal | None) -> Shown:
    return Shown(
        row.attempt_id, row.at, row.provider, row.model, row.purpose, row.reason, row.sha256, row.size,
        json.loads(row.redacted), left=_left(row.state, row.failure),
        text=seal.open(row.sealed) if seal and row.sealed else None)


def _left(state: str | None, failure: str | None) -> str:
    if state == "reserved":
        return "under way"
    return "no" if state == "released" and failure in NEVER_LEFT else "yes"
