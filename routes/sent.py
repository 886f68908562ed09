"""The page that tells a learner what left this machine for one answer: to whom, when, why, and what was taken out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from chatbot.privacy.receipts import Shown
from routes.page_blueprint import page_blueprint
from routes.page_words import page_words
from routes.receipts import receipts_for_me
from routes.words import Words

blueprint = page_blueprint("sent", "/sent")


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt in the page's words."""

    who: str
    at: str
    why: str
    removed: str
    arrived: str
    text: str
    """What left, or that it is not kept."""


@blueprint.get("/<call_id>")
def page(call_id: str) -> str:
    """What left for one call of the learner's own."""
    said = page_words()
    receipts = [_told(one, said["words"]) for one in receipts_for_me(call_id)]
    return render_template("sent.html", **said, receipts=receipts)


def _told(one: Shown, words: Words) -> Told:
    sent, count = words["sent"], sum(one.redacted.values())
    return Told(
        who=sent["who"].format(provider=one.provider, model=one.model), at=f"{one.at:%Y-%m-%d %H:%M} UTC",
        why=sent["by_consent"] if one.reason.startswith("consent ") else sent["by_policy"],
        removed=sent["count"].format(count=count) if count else sent["none"], arrived=words["left"][one.left],
        text=one.text if one.text is not None else sent["not_kept"].format(sha256=one.sha256))
