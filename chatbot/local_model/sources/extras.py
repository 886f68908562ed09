"""The clouds' own libraries, which are installed only where weights lie in a bucket."""

from __future__ import annotations

from importlib.util import find_spec

from chatbot.errors import NotReady


def need(module: str) -> None:
    """Raises NotReady when `module` is not installed."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:   # not even its parent package
        found = None
    if found is None:
        raise NotReady(f"{module} is not installed, and the weights lie in a bucket that needs it.",
                       remedy="pip install -r requirements-clouds.txt")
