"""What the calls of one piece of work cost together: calls share a `conversation_id`, answered or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select

from chatbot.database import now
from chatbot.usage.tables import ATTEMPTS, CALLS


@dataclass(frozen=True, slots=True)
class Spent:
    """The sum over all attempts, the failed ones too."""

    call_ids: tuple[str, ...] = ()
    """Oldest first."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano_usd: int | None = 0
    """None when one attempt has no known price."""

    def __add__(self, other: Spent) -> Spent:
        costs = (self.cost_nano_usd, other.cost_nano_usd)
        return Spent(self.call_ids + other.call_ids, self.prompt_tokens + other.prompt_tokens,
                     self.completion_tokens + other.completion_tokens,
                     None if None in costs else sum(cost or 0 for cost in costs))


def spent_on(engine: Engine, feature: str, conversation_id: str) -> Spent:
    """What every call of `feature` with this `conversation_id` cost since yesterday (UTC), as the ledger has it now."""
    yesterday = now().date() - timedelta(days=1)
    wanted = (select(CALLS.c.id, ATTEMPTS.c.prompt_tokens, ATTEMPTS.c.completion_tokens, ATTEMPTS.c.cost_nano_usd,
                     ATTEMPTS.c.state)
              .join(ATTEMPTS, ATTEMPTS.c.call_id == CALLS.c.id)
              .where(CALLS.c.day >= yesterday, CALLS.c.feature == feature, CALLS.c.conversation_id == conversation_id)
              .order_by(ATTEMPTS.c.id))
    total = Spent()
    with engine.connect() as connection:
        for row in connection.execute(wanted):
            fresh = () if row.id in total.call_ids else (row.id,)
            tokens = (0, 0) if row.state == "released" else (row.prompt_tokens, row.completion_tokens)
            total += Spent(fresh, tokens[0], tokens[1], row.cost_nano_usd)
    return total
