"""The desk where pictures are ordered: refuses what is not drawn, writes the job down, and has it done.

Everything a caller needs of illustration is here: `order` and `edit` begin a job, `jobs` follows it, `library` has what
came of it. Nothing is drawn in the caller's thread.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from chatbot.accounts.principal import Principal
from chatbot.calls import Calls
from chatbot.daemons import run_in_background
from chatbot.database import now
from chatbot.errors import FunzaError
from chatbot.images.alt.alt_text import AltText
from chatbot.images.drawing.draw import Illustrator
from chatbot.images.drawing.errors import SET_UP, NobodyDraws
from chatbot.images.faces import People, may_leave
from chatbot.images.lessons.files import PictureFiles, folder_of
from chatbot.images.lessons.jobs import Job, Jobs
from chatbot.images.lessons.library import Library
from chatbot.images.lessons.order import Wish
from chatbot.images.lessons.prompt_safety import check_prompt
from chatbot.images.lessons.queue import JobQueue, queue_file
from chatbot.images.lessons.recovery import recover_jobs
from chatbot.images.lessons.run import Describes, JobRunner
from chatbot.images.picture import read_picture
from chatbot.providers.interface import Picture

LOST_AFTER = timedelta(minutes=5)
"""A job that waits so long may have been lost by its queue, and is put there again."""
FORGOTTEN_AFTER = timedelta(days=7)
"""Ended jobs go then, and with them their prompts; pictures stay."""
STRAY_AFTER = timedelta(minutes=30)
"""A source's file is written a moment before its job is."""
log = structlog.get_logger()


class Illustrations:
    """One per process; safe in threads.

    Args:
        calls: whose settings and ledger are used.
        engine: database of jobs and pictures, migrated.
        illustrator: draws; made from `calls` when left out.
        describer: writes alt texts; made from `calls` when left out.
        immediate: do each job at once, within `order`; for tests.
    """

    def __init__(self, calls: Calls, engine: Engine, illustrator: Illustrator | None = None,
                 describer: Describes | None = None, *, immediate: bool = False) -> None:
        settings = calls.settings
        self.illustrator = illustrator or Illustrator(calls)
        self.jobs = Jobs(engine, settings.image_jobs_per_principal)
        self.library = Library(engine, PictureFiles(folder_of(engine, settings.pictures_dir)))
        self._runner = JobRunner(self.jobs, self.library, self.illustrator, describer or AltText(calls))
        self._queue = JobQueue(self._work, queue_file(engine), settings.redis_url, immediate=immediate)

    @property
    def folder(self) -> Path:
        """Where the pictures' files are."""
        return self.library.files.folder

    def check(self, wish: Wish) -> None:
        """Raise PromptRefused or NobodyDraws for what would not be begun."""
        check_prompt(wish.prompt, wish.language, real_people=not may_leave(wish.people))
        if why := self.illustrator.nobody(wish.strategy):
            raise NobodyDraws(why.removesuffix(SET_UP).strip(), remedy=SET_UP)

    def order(self, wish: Wish, principal: Principal) -> Job:
        """Have a picture drawn from words.

        Raises PromptRefused, NobodyDraws, TooManyJobs, RecordsUnavailable; nobody is asked and nothing charged then.
        """
        wish = replace(wish.tidied(), people="none", from_picture="", source_is_drawn=False)
        self.check(wish)
        return self._enqueue(self.jobs.open(wish, principal))

    def edit(self, wish: Wish, principal: Principal, data: bytes, filename: str) -> Job:
        """Have an uploaded picture changed. Raises the same, and the refusals of a picture that cannot be read."""
        wish = replace(wish.tidied(), from_picture="", source_is_drawn=False)
        self.check(wish)
        return self._edit(wish, principal, read_picture(data, filename, may_leave=may_leave(wish.people)))

    def edit_stored(self, wish: Wish, principal: Principal, picture_id: str) -> Job:
        """Have a picture of the library changed. Raises the same, and NoSuchPicture.

        What a model drew from words alone shows nobody real, whatever the wish says.
        """
        stored = self.library.get(picture_id)
        drawn = stored.source_type == "trainedAlgorithmicMedia"
        people: People = "none" if drawn else wish.people
        wish = replace(wish.tidied(), from_picture=stored.id, source_is_drawn=drawn, people=people)
        self.check(wish)
        return self._edit(wish, principal, read_picture(self.library.data(stored), may_leave=may_leave(people)))

    def cancel(self, job_id: str) -> Job:
        """Stop a job; one that has ended stays as it is. Raises NotFound."""
        job = self.jobs.cancel(job_id)
        self._drop_sources()
        return job

    def sweep(self) -> None:
        """Every half minute: see to what dead workers left and to what a queue lost; forget old jobs.

        Raises SQLAlchemyError. What could not be done now is done the next time.
        """
        try:
            self.illustrator.tidy()
            self._runner.write_ends()
            for job_id in [*recover_jobs(self.jobs.engine), *self.jobs.to_enqueue(LOST_AFTER)]:
                self._queue.put(job_id)
            self.jobs.forget_ended(FORGOTTEN_AFTER)
            self._drop_sources()
            self._drop_strays()
        except FunzaError as error:
            log.warning("image_sweep_put_off", code=error.code)

    def start(self) -> None:
        """See to what an earlier process left, in the background; without any, nothing is loaded."""
        run_in_background(self._resume)

    def close(self) -> None:
        """Take no more jobs, and free what the illustrator holds."""
        self._queue.stop()
        self.illustrator.close()

    def _edit(self, wish: Wish, principal: Principal, picture: Picture) -> Job:
        name = self.library.files.keep_source(picture.data)
        try:
            return self._enqueue(self.jobs.open(wish, principal, name))
        except FunzaError:
            self.library.files.delete_named(name)
            raise

    def _enqueue(self, job: Job) -> Job:
        self._queue.put(job.id)
        return self.jobs.get(job.id)

    def _work(self, job_id: str) -> None:
        self._runner.run(job_id)
        try:
            self._drop_sources()
        except FunzaError as error:
            log.warning("image_source_kept", code=error.code)  # until the next sweep

    def _resume(self) -> None:
        try:
            self.sweep()
            if self.jobs.count_open():
                self._queue.start()
        except (SQLAlchemyError, FunzaError) as error:
            log.warning("image_jobs_put_off", kind=type(error).__name__)

    def _drop_sources(self) -> None:
        """Remove the files that ended jobs were to change."""
        for job_id, name in self.jobs.sources_of_ended():
            self.library.files.delete_named(name)
            self.jobs.without_source(job_id)

    def _drop_strays(self) -> None:
        """Remove sources whose job was erased with its person, or never written down."""
        named = self.jobs.sources()
        for name in self.library.files.sources_before(now() - STRAY_AFTER):
            if name not in named:
                self.library.files.delete_named(name)
