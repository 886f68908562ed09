"""One job from its beginning to its one end: drawn, made bare, kept with its note, described.

The picture is kept, and the job knows it, before anybody is asked to describe it: from there on nothing that was paid
for is lost. No alt text is not a failed job: the picture then awaits one, and cannot be used until a person writes it.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

import structlog

from chatbot.database import new_id, now
from chatbot.errors import FunzaError, InvalidInput, RecordsUnavailable
from chatbot.images.alt.alt_text import AltTextOrder, AltTextReply
from chatbot.images.alt.draft import Wanted
from chatbot.images.drawing.errors import Cancelled, NotDrawn
from chatbot.images.drawing.order import DrawOrder, Illustration, Stage, Watch
from chatbot.images.faces import may_leave
from chatbot.images.header import read_header
from chatbot.images.lessons.bare import with_xmp
from chatbot.images.lessons.files import ENDINGS
from chatbot.images.lessons.jobs import Job, Jobs
from chatbot.images.lessons.library import Description, Library, NewPicture, StoredImage
from chatbot.images.lessons.provenance import Origin, SourceType, note, xmp
from chatbot.images.picture import read_picture
from chatbot.providers.interface import Picture

log = structlog.get_logger()


class Draws(Protocol):
    """What a job needs of an illustrator."""

    def draw(self, order: DrawOrder, watch: Watch) -> Illustration: ...


class Describes(Protocol):
    """What a job needs of whoever writes alt texts."""

    def write(self, asked: AltTextOrder) -> AltTextReply: ...


class JobRunner:
    """Does jobs. One per process; safe in threads; `run` raises nothing."""

    def __init__(self, jobs: Jobs, library: Library, illustrator: Draws, describer: Describes) -> None:
        self._jobs = jobs
        self._library = library
        self._illustrator = illustrator
        self._describer = describer
        self._unwritten: dict[str, FunzaError] = {}
        """Jobs whose end the database did not take, until it does."""

    def run(self, job_id: str) -> None:
        """Do one job, unless somebody else does or nobody wants it."""
        try:
            job = self._jobs.begin(job_id)
        except FunzaError as error:
            log.warning("image_job_put_off", job_id=job_id, code=error.code)
            return
        if job is None:
            return
        started = time.monotonic()
        try:
            self._draw_and_describe(job)
        except FunzaError as error:
            self._fail(job.id, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave a job without an end
            log.error("image_job_broke", job_id=job.id, error=type(error).__name__)
            self._fail(job.id, FunzaError())
        log.info("image_job_ended", job_id=job.id, seconds=round(time.monotonic() - started, 1))

    def write_ends(self) -> None:
        """Write the ends that the database did not take. Raises RecordsUnavailable when it still does not."""
        for job_id, error in list(self._unwritten.items()):
            self._jobs.failed(job_id, error)
            self._unwritten.pop(job_id, None)

    def _draw_and_describe(self, job: Job) -> None:
        source = self._source(job)
        try:
            drawn = self._illustrator.draw(job.wish.order(job.principal, source), JobWatch(self._jobs, job.id))
        except Cancelled:
            self._jobs.cancelled(job.id)
            return
        if self._jobs.wants_cancel(job.id):
            self._jobs.cancelled(job.id)
            return
        pixels = _read(job, drawn)
        kept = self._keep(job, drawn)
        self._jobs.at_stage(job.id, "describing", None)
        self._describe(job, kept, pixels)
        self._jobs.done(job.id)

    def _source(self, job: Job) -> Picture | None:
        if not job.source:
            return None
        data = self._library.files.read_named(job.source)
        header = read_header(data)
        return Picture(data, "image/jpeg", header.width, header.height, may_leave(job.wish.people))

    def _keep(self, job: Job, drawn: Illustration) -> StoredImage:
        """Write the picture, its note and its row, in this order: a row never names a file that is not there."""
        origin = _origin(job, drawn)
        data = with_xmp(drawn.data, xmp(origin))
        header = read_header(data)
        digest = self._library.files.keep(data, drawn.media_type, note(origin, data, drawn.media_type))
        wish = job.wish
        kept = self._library.add(origin.id, NewPicture(
            job.principal, digest, drawn.media_type, header.width, header.height, len(data), wish.title, wish.language,
            wish.prompt, wish.negative_prompt, drawn.provider, drawn.model, drawn.provenance, origin.source_type,
            drawn.seed, drawn.call_id))
        self._jobs.drawn(job.id, kept.id, drawn.call_id)
        return kept

    def _describe(self, job: Job, kept: StoredImage, pixels: Picture) -> None:
        """Have a model look at it. Never told the prompt: it must say what is there, not what was asked for."""
        try:
            said = self._describer.write(AltTextOrder(
                pixels, Wanted(job.wish.language, people=job.wish.people), strategy=job.wish.strategy,
                principal=job.principal))
        except FunzaError as error:
            log.info("picture_awaits_alt_text", picture_id=kept.id, code=error.code)
            return
        if not said.decorative:  # a model does not decide that an illustration says nothing
            self._library.suggest(kept.id, Description(said.alt_text, said.long_description))

    def _fail(self, job_id: str, error: FunzaError) -> None:
        try:
            self._jobs.failed(job_id, error)
        except RecordsUnavailable:
            self._unwritten[job_id] = error


class JobWatch:
    """Writes down how far a job is, and asks the database now and then whether it is still wanted."""

    def __init__(self, jobs: Jobs, job_id: str, every: float = 0.5) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._every = every
        self._lock = threading.Lock()
        self._looked = -every
        self._cancelled = False

    def stage(self, name: Stage, eta_s: float | None) -> None:
        """Note the stage; a database that does not answer stops no drawing."""
        try:
            self._jobs.at_stage(self._job_id, name, eta_s)
        except RecordsUnavailable as error:
            log.warning("image_job_stage_unwritten", job_id=self._job_id, code=error.code)

    def cancelled(self) -> bool:
        """Whether it is no longer wanted, as far as was seen in the last half second."""
        with self._lock:
            if not self._cancelled and time.monotonic() - self._looked >= self._every:
                self._looked = time.monotonic()
                try:
                    self._cancelled = self._jobs.wants_cancel(self._job_id)
                except RecordsUnavailable as error:
                    log.warning("image_job_unread", job_id=self._job_id, code=error.code)
            return self._cancelled


def _read(job: Job, drawn: Illustration) -> Picture:
    """What is on the picture, decoded to its last pixel in a process of its own. Raises NotDrawn."""
    try:
        return read_picture(drawn.data, f"picture.{ENDINGS[drawn.media_type]}", may_leave=may_leave(job.wish.people))
    except InvalidInput as error:
        raise NotDrawn(f"What the model sent is no picture that can be kept: {error.detail}",
                       remedy="Ask for it again.") from None


def _origin(job: Job, drawn: Illustration) -> Origin:
    changes_another = bool(job.source) and not job.wish.source_is_drawn
    kind: SourceType = "compositeWithTrainedAlgorithmicMedia" if changes_another else "trainedAlgorithmicMedia"
    return Origin(new_id(), kind, drawn.provider, drawn.model, drawn.seed, job.wish.prompt, now(), job.role)
