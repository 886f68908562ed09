"""Budgets of keys, of people and of the whole installation, for admins."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from chatbot.accounts.naming import principal_id
from chatbot.usage.budget_limits import BudgetState, list_budgets, remove_budget, set_budget
from chatbot.usage.budgets import Window
from routes.installation import installation
from routes.schemas import In, Out, Usd

blueprint = APIBlueprint("budgets", __name__, url_prefix="/api/v1", tag="Budgets")
Amount = int | float | Annotated[str, StringConstraints(max_length=30)]
"""US dollars. Text is taken too, because a JSON number may be rounded on its way."""


class BudgetIn(In):
    """A limit to set, to change, or to take away."""

    principal: Annotated[str, StringConstraints(max_length=100)] = Field(
        "", description="prefix or id of a key, name or id of a person; empty is the whole installation")
    window: Window = Field(description="UTC day or month")
    limit_usd: Amount | None = Field(
        description="US dollars, at most 9 decimals; 0 allows nothing that costs, null takes the limit away",
        examples=["2.50"])


class BudgetOut(Out):
    """A limit and how far it is used in the window that runs now."""

    principal: str = Field(description="id; empty is the whole installation")
    window: Window
    limit_usd: Usd
    spent_usd: Usd
    reserved_usd: Usd = Field(description="the most that calls under way may cost")
    starts_on: date
    ends_on: date = Field(description="the UTC day on which a new window begins")


class BudgetsOut(Out):
    """Every limit, the installation's first."""

    budgets: list[BudgetOut]


@blueprint.get("/budgets")
@blueprint.output(BudgetsOut)
def all_budgets() -> BudgetsOut:
    """List every budget and its use."""
    return _told(list_budgets(installation().service.engine))


@blueprint.put("/budgets")
@blueprint.input(BudgetIn, arg_name="asked")
@blueprint.output(BudgetsOut)
def put_budget(asked: BudgetIn) -> BudgetsOut:
    """Set, change or take away a budget; it holds from the next call on."""
    engine = installation().service.engine
    principal = principal_id(engine, asked.principal)
    if asked.limit_usd is None:
        remove_budget(engine, principal, asked.window)
    else:
        set_budget(engine, principal, asked.window, asked.limit_usd)
    return _told(list_budgets(engine))


def _told(budgets: list[BudgetState]) -> BudgetsOut:
    return BudgetsOut(budgets=[BudgetOut.model_validate(one) for one in budgets])
