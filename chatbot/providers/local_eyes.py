"""The model on this machine that looks at pictures, as a provider. Pictures never leave the machine.

It is another provider than `local`, with weights, a queue and a state of its own: a machine may have either without
the other.
"""

from __future__ import annotations

import time

from chatbot.local_model.eyes import choose_eyes
from chatbot.providers.local import LocalProvider


class LocalEyes(LocalProvider):
    """Asks the process's one owner of the model that sees. Making it loads nothing and imports no engine."""

    name = "local_eyes"

    def models(self) -> tuple[str, ...]:
        """None for text: small models that see write poorly."""
        return ()

    def models_that_see(self) -> tuple[str, ...]:
        """The one model that was chosen."""
        model = self.choice.model
        return (model.id,) if model else ()

    def _look(self) -> None:
        self._choice, self._looked = choose_eyes(self._settings), time.monotonic()
        self.languages = self._settings.alt_text_languages
        self.first_token_timeout = 60.0   # it may have to read gigabytes first, and then look
