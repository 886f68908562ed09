"""One owner per process for one model: whoever asks for the same weights shares it."""

from __future__ import annotations

import atexit
import os
import threading
from functools import partial

from chatbot.errors import NotReady
from chatbot.local_model.child.in_child import InChild
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.choice import Choice
from chatbot.local_model.engines import ENGINES, HOLDS_NO_WEIGHTS, engine_class, make_engine
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.owner import Owner
from config import Settings

_owners: dict[tuple[object, ...], Owner] = {}
_lock = threading.Lock()


def owner_of(choice: Choice, settings: Settings) -> Owner:
    """The process's owner for `choice`; makes it when there is none (nothing is loaded). Raises NotReady."""
    if choice.why_not or choice.model is None:
        raise NotReady(choice.why_not, remedy=choice.remedy)
    key = (choice.engine, choice.model, choice.weights, _address(choice, settings), settings.model_dir.absolute(),
           settings.local_queue, settings.local_idle_unload, settings.local_process)
    with _lock:
        owner = _owners.get(key)
        if owner is None or owner.closed:
            owner = _owners[key] = _make(choice, settings)
        return owner


def _make(choice: Choice, settings: Settings) -> Owner:
    wanted = EngineSettings(
        model=choice.model.id if choice.model else "", path=choice.weights, gpu=choice.gpu,
        base_url=_address(choice, settings), api_key=settings.local_api_key.get_secret_value())
    slots = engine_class(ENGINES[choice.engine]).slots
    lock = None if choice.engine in HOLDS_NO_WEIGHTS else settings.model_dir.absolute() / _lock_of(choice)
    owner = partial(Owner, queue=settings.local_queue or 2 * slots, idle_unload=settings.local_idle_unload, lock=lock,
                    slots=slots, weights=choice.weights)
    if lock is None or settings.local_process == "inside":
        return owner(lambda: make_engine(choice.engine, wanted))
    restarts = Restarts()
    return owner(lambda: InChild(ENGINES[choice.engine], wanted, restarts), restarts=restarts)


def _address(choice: Choice, settings: Settings) -> str:
    return choice.base_url or settings.local_base_url


def _lock_of(choice: Choice) -> str:
    """The model that sees is small beside a GPU's memory, and must not keep the one that writes away."""
    return "eyes.lock" if choice.engine == "vision" else "owner.lock"


def _forget_after_fork() -> None:
    """A child has none of its parent's threads: it starts without owners."""
    global _lock  # noqa: PLW0603 - the parent's lock may be held by a thread that the child does not have
    _lock = threading.Lock()
    _owners.clear()


def _close_at_exit() -> None:
    """Free native engines while Python still stands: their threads abort the process when it goes first."""
    for owner in list(_owners.values()):
        owner.close(5)


atexit.register(_close_at_exit)
os.register_at_fork(after_in_child=_forget_after_fork)
