"""What some rows of the fault table say beyond who answers, when, and what the ledger holds."""

from __future__ import annotations

import math
from decimal import Decimal

from chatbot.provider_status import whom_not_to_ask
from tests.faults.fault import Check
from tests.faults.play import Played

MODEL = "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"


def breaker_opens_for(low: float, high: float = math.inf) -> Check:
    """The first provider's breaker is open, and for about so many seconds."""
    def check(played: Played) -> str:
        left = played.calls.health.opens_in(played.fault.provider, MODEL)
        return "" if low <= left <= high else f"the breaker opens again in {left:.0f} s"
    return check


def not_our_fault_is_hidden(played: Played) -> str:
    return "" if played.error is not None and played.error.retryable else "the client is told that it is to blame"


def has_retry_after(played: Played) -> str:
    return "" if (getattr(played.error, "retry_after", None) or 0) > 0 else "no Retry-After"


def is_estimated(played: Played) -> str:
    done = played.completion
    if done is None or done.usage.cost_state != "estimated":
        return "usage that nobody knows is not called estimated"
    sane = 0 < done.usage.prompt_tokens < 100 and 0 < done.usage.completion_tokens < 100
    return "" if sane else f"the estimate is {done.usage}"


def is_an_exact_zero(played: Played) -> str:
    done = played.completion
    kept = done is not None and done.usage.cost_state == "exact" and done.usage.cost_usd == Decimal(0)
    return "" if kept else "a stated zero is not kept"


def is_out_of_order(played: Played) -> str:
    """What /readyz calls degraded."""
    named = [line for line in whom_not_to_ask(played.calls) if line.startswith(f"{played.fault.provider}/{MODEL}: ")]
    return "" if named else "the retired model is not among those that are out of order"


def is_no_dead_end(played: Played) -> str:
    text = played.completion.text if played.completion else ""
    lost = [word for word in ("clinic", "danger sign", "999-test") if word not in text]
    return f"the answer does not say {lost}" if lost else ""


def keeps_its_words(played: Played) -> str:
    if not played.stream:
        return ""
    return "" if played.shown.startswith("Iron and folic acid tablets") else f"what was shown is {played.shown!r}"


def books_what_came(played: Played) -> str:
    row = played.rows[0]
    booked = row.cost_nano_usd and row.completion_tokens and row.cost_state == "estimated"
    return "" if booked else f"booked {row.cost_nano_usd} for {row.completion_tokens} tokens, {row.cost_state}"


def books_the_prompt(played: Played) -> str:
    row = played.rows[0]
    return "" if row.cost_nano_usd and row.cost_state == "estimated" else f"booked {row.cost_nano_usd} {row.cost_state}"


def throws_the_dice_again(played: Played) -> str:
    one, two = (request.body for request in played.first.requests[:2])
    return "" if two["temperature"] > one["temperature"] and two["seed"] != one.get("seed") else "asked the same again"


def keeps_system_and_question(played: Played) -> str:
    before, after = (request.body["messages"] for request in played.first.requests[:2])
    whole = after[0] == before[0] and after[-1] == before[-1] and after[1]["role"] == "user"
    return "" if whole and len(after) < len(before) else f"{len(before)} turns became {len(after)}"


def names_the_limit(played: Played) -> str:
    return "" if played.error is not None and "4096" in played.error.detail else "the limit is not named"


def says(text: str) -> Check:
    def check(played: Played) -> str:
        done = played.completion
        return "" if done is not None and done.text == text else f"the text is {done.text if done else None!r}"
    return check


def key_stayed_home(played: Played) -> str:
    strayed = [one for one in played.second.requests if one.headers.get("authorization") != "Bearer y"]
    return "the key went to another host" if strayed else ""


def retired(*models: str) -> Check:
    def check(played: Played) -> str:
        wrong = [model for model in models if not played.calls.health.is_retired(played.fault.provider, model)]
        return f"{wrong} is not remembered as retired" if wrong else ""
    return check


def successor_answers(played: Played) -> str:
    done = played.completion
    return "" if done is not None and done.model != MODEL else "the retired model answered"
