"""A command that cannot do what was asked says so in one line and exits 1, without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from chatbot.accounts.seal import NoSecretKey
from chatbot.errors import FunzaError
from config import EX_CONFIG

P = ParamSpec("P")
R = TypeVar("R")


class WrongSetting(click.ClickException):
    """A setting is missing."""

    exit_code = EX_CONFIG


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn our errors into click's; a setting that is missing exits 78, as it does at the start."""

    @wraps(command)
    def told(*args: P.args, **named: P.kwargs) -> R:
        try:
            return command(*args, **named)
        except FunzaError as error:
            words = " ".join(filter(None, (error.detail, error.remedy)))
            raise (WrongSetting if isinstance(error, NoSecretKey) else click.ClickException)(words) from error

    return told
