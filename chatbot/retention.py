"""How long what concerns a person is kept here without being asked to erase it, and its end when the time is over.

Upkeep calls it. The ledger is no part of it: its rows hold numbers and names, and its sums never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from chatbot.privacy.consent import forget_withdrawn
from chatbot.privacy.conversations import Conversations
from chatbot.privacy.receipts import forget_receipts, forget_texts
from chatbot.safety.escalation.escalations import forget_escalations

A_CALL = timedelta(days=1)
"""Longer than any call: a consent that was taken back during one still has that call's receipt."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Days for which each kind is kept."""

    words: int
    """RETENTION_DAYS: what was said, and the redacted text in receipts; 0 counts as one day."""
    receipts: int
    """RECEIPT_DAYS: receipts without their text, and consents that were taken back."""
    escalations: int
    """ESCALATION_DAYS."""


def forget_old_words(conversations: Conversations, kept: Kept, at: datetime) -> int:
    """End conversations whose time is over at the moment `at`. Returns how many turns. Raises SQLAlchemyError."""
    return conversations.forget_older(at - timedelta(days=max(1, kept.words)))


def forget_old_records(engine: Engine, kept: Kept, at: datetime) -> dict[str, int]:
    """End all other records whose time is over at the moment `at`; rows by kind. Raises SQLAlchemyError.

    A consent outlives every receipt that names it, for it is the receipt's proof.
    """
    receipts_end = at - timedelta(days=kept.receipts)
    return {"receipt_texts": forget_texts(engine, at - timedelta(days=max(1, kept.words))),
            "receipts": forget_receipts(engine, receipts_end),
            "consents": forget_withdrawn(engine, receipts_end - A_CALL),
            "escalations": forget_escalations(engine, at - timedelta(days=kept.escalations))}
