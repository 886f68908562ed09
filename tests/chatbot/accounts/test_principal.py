"""Roles are a ladder."""

from __future__ import annotations

import pytest

from chatbot.accounts.principal import ROLES, Principal, Role


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("needed", ROLES)
def test_a_role_reaches_up_to_itself(role: Role, needed: Role) -> None:
    order = {"learner": 1, "educator": 2, "admin": 3}
    assert Principal("x", role).may(needed) is (order[role] >= order[needed])
