"""Puts calls into a ledger as they would stand there, for tests of what is read out of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from chatbot.database import new_id
from chatbot.usage.tables import Attempt, Call

DAY = date(2026, 11, 1)


def book(engine: Engine, provider: str = "local", *, day: date = DAY, hour: int = 0, tokens: tuple[int, int] = (0, 0),
         cost: int | None = 0, cost_state: str = "local", feature: str = "chat", language: str = "en",
         failed: tuple[str, ...] = (), state: str = "answered", model: str = "m") -> None:
    """One call that `provider` answered with tokens (in, out), after tries at `together` that failed for free."""
    at = datetime.combine(day, time(hour), UTC)
    shared: dict[str, Any] = {"day": day, "started_at": at, "worker": "w"}
    call = new_id()
    with Session(engine) as session:
        session.add(Call(id=call, feature=feature, language=language, strategy="hybrid", state=state,
                         provider=provider, model=model, fell_back=bool(failed), prompt_tokens=tokens[0],
                         completion_tokens=tokens[1], cost_nano_usd=cost, cost_state=cost_state, **shared))
        session.flush()
        for place, failure in enumerate(failed, 1):
            session.add(Attempt(id=new_id(), call_id=call, ordinal=place, provider="together", model="m1",
                                state="released", failure=failure, cost_nano_usd=0, cost_state="exact", **shared))
        session.add(Attempt(id=new_id(), call_id=call, ordinal=len(failed) + 1, provider=provider, model=model,
                            state="settled", prompt_tokens=tokens[0], completion_tokens=tokens[1], cost_nano_usd=cost,
                            cost_state=cost_state, **shared))
        session.commit()
