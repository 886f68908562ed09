"""The real app on a bare machine, with quizzes that a test makes in it by posting the studio's own forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from chatbot.database import new_id
from chatbot.quizzes.records.bank import StoredQuiz, read_quiz
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.release import Release
from config import Settings
from routes.installation import installation
from run import create_app
from tests.pages.conftest import serving

PAGE = {"Accept": "text/html"}


@dataclass
class Studio:
    """A served app, and a browserless client of it for what is not on trial."""

    app: APIFlask
    address: str
    client: FlaskClient

    def made(self, count: int = 3, **form: str) -> StoredQuiz:
        """A draft quiz, from the fact cards of birth unless told otherwise."""
        sent = {"stage": "birth", "source": "cards", "count": str(count), "options": "4", "language": "en", **form}
        response = self.client.post("/studio/new", data=sent, headers={**PAGE, "Idempotency-Key": new_id()})
        assert response.status_code == 303, response.get_data(as_text=True)
        found = re.search(r"/studio/quiz/(\w{26})", response.headers["Location"])
        assert found
        return self.quiz(found[1])

    def published(self, count: int = 3, **form: str) -> StoredQuiz:
        """A quiz that learners see."""
        release, quiz = Release(self.engine, Judge(self.engine), "a test"), self.made(count, **form)
        quiz = release.approve(quiz.id, quiz.version)
        assert quiz.status == "approved", [one.findings for one in quiz.items]
        return release.publish(quiz.id, quiz.version)

    def quiz(self, quiz_id: str) -> StoredQuiz:
        return read_quiz(self.engine, quiz_id)

    @property
    def engine(self) -> Engine:
        return installation(self.app).service.engine


@contextmanager
def studio(folder: Path) -> Iterator[Studio]:
    """A bare machine: no model but the cards."""
    app = create_app(Settings(_env_file=None, database_url=f"sqlite:///{folder}/funza.db", local_engine="off"))
    with serving(app) as address:
        yield Studio(app, address, app.test_client())
    app.extensions["funza"].service.close()
