"""Receipts of a call: what left this machine for it, to whom, when and why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field

from chatbot.errors import NotFound
from chatbot.privacy.receipts import ReceiptSeal, Shown, receipts_of
from routes.auth import current_principal
from routes.installation import installation
from routes.schemas import Out

blueprint = APIBlueprint("receipts", __name__, url_prefix="/api/v1", tag="Receipts")


class ReceiptOut(Out):
    """One try at a cloud."""

    attempt_id: str
    at: datetime
    provider: str
    model: str
    purpose: str = Field(description="the feature that asked: chat, openai, ...")
    reason: str = Field(description="the policy, or the consent with its version, that allowed it")
    sha256: str = Field(description="of what left: JSON of messages (a picture as its own SHA-256), stop and schema; "
                        "keys sorted, no spaces, UTF-8")
    size: int = Field(description="bytes of the same")
    redacted: dict[str, int] = Field(description="what was taken out before, by kind")
    left: Literal["yes", "no", "under way"] = Field(description="no: the provider could not be reached")
    text: str | None = Field(description="what left, where RECEIPT_TEXT=true; only for who made the call")


class ReceiptsOut(Out):
    """Every try at a cloud of one call; none: nothing left."""

    call_id: str
    receipts: list[ReceiptOut]


@blueprint.get("/calls/<call_id>/receipts")
@blueprint.output(ReceiptsOut)
def receipts(call_id: str) -> ReceiptsOut:
    """Tell what left this machine for a call of yours; an admin sees those of all, without their text."""
    return ReceiptsOut(call_id=call_id, receipts=[ReceiptOut.model_validate(one) for one in receipts_for_me(call_id)])


def receipts_for_me(call_id: str) -> list[Shown]:
    """The receipts of a call that the current principal may see. Raises NotFound, LedgerUnavailable."""
    made, who = installation(), current_principal()
    seal = ReceiptSeal(made.settings.secret_key.get_secret_value()) if made.settings.receipt_text else None
    found = receipts_of(made.service.engine, call_id[:26], principal=who.id, sees_all=who.may("admin"), seal=seal)
    if found is None:
        raise NotFound("There is no such call of yours.")
    return found
