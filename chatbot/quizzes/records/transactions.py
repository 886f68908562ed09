"""Transactions over the quizzes' tables; they raise RecordsUnavailable."""

from __future__ import annotations

from chatbot.errors import RecordsUnavailable
from chatbot.transactions import Transactions

_KEPT = Transactions(lambda: RecordsUnavailable("The quizzes cannot be read or written now; nothing was changed."))
reading, writing = _KEPT.reading, _KEPT.writing
