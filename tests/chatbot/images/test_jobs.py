"""A job from its order to its picture: one end each, whoever dies, cancels or asks twice."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from chatbot.database import new_id, now
from chatbot.errors import EndpointPaused, NotFound
from chatbot.images.drawing.errors import NobodyDraws
from chatbot.images.lessons.errors import PromptRefused, TooManyJobs
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.images.lessons.jobs import Job
from chatbot.images.lessons.order import LONGEST_TITLE, Wish
from chatbot.images.lessons.recovery import recover_jobs
from chatbot.images.lessons.tables import JOBS
from chatbot.usage.ledger import Ending, NewCall
from chatbot.usage.tables import ATTEMPTS, CALLS
from deploy.parts import redis
from tests.chatbot.images.good_pictures import jpeg, telling
from tests.chatbot.images.illustrating import (
    ADMIN,
    EDUCATOR,
    OTHER,
    WISH,
    Desk,
    FakeIllustrator,
    blind,
    desk,
)
from tests.until import until

GONE = "a-host-of-ours:999999:0"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[Desk]:
    """With the real queue and its own thread, and drawing that waits for the test."""
    with desk(tmp_path, immediate=False, illustrator=FakeIllustrator(hold=threading.Event())) as made:
        yield made


def ended(house: Desk, job: Job) -> Job:
    return until(lambda: (found := house.illustrations.jobs.get(job.id)).ended_at and found)  # type: ignore[no-any-return]


def test_a_picture_is_drawn_described_and_kept_with_its_job(house: Desk) -> None:
    job = house.order()
    assert (job.state, job.error_code, job.runs) == ("done", "", 1)
    picture = house.illustrations.library.get(job.picture_id)
    assert (picture.alt_text, picture.alt_state, picture.is_usable) == (house.describer.says, "suggested", True)
    assert house.illustrator.asked[0].prompt == WISH.prompt
    assert (house.illustrator.asked[0].principal, house.illustrator.asked[0].feature) == (EDUCATOR.id, "illustration")


def test_the_real_queue_does_it_in_a_thread_of_its_own_and_tells_how_far_it_is(queued: Desk) -> None:
    job = queued.order()
    assert job.state in {"queued", "running"}
    going = until(lambda: (found := queued.illustrations.jobs.get(job.id)).stage == "waking" and found)
    assert 80 < going.eta_s <= 90
    assert queued.illustrator.hold
    queued.illustrator.hold.set()
    done = ended(queued, job)
    assert (done.state, done.eta_s) == ("done", None)
    assert queued.illustrations.library.get(done.picture_id).is_usable


def test_whoever_describes_it_is_not_told_what_was_asked_for(house: Desk) -> None:
    house.order()
    wanted = house.describer.asked[0]
    assert (wanted.wanted.context, wanted.audience) == ("", "")


def test_without_a_model_that_sees_the_picture_awaits_its_alt_text(tmp_path: Path) -> None:
    with desk(tmp_path, describer=blind()) as house:
        picture = house.picture()
        assert (picture.alt_text, picture.alt_state, picture.is_usable) == ("", "awaiting", False)


def test_what_cannot_be_drawn_ends_as_failed_with_the_remedy(tmp_path: Path) -> None:
    paused = EndpointPaused("The endpoint is paused.", remedy="Resume it at its provider.")
    with desk(tmp_path, illustrator=FakeIllustrator(fails=paused)) as house:
        job = house.order()
        assert (job.state, job.error_code, job.error_remedy, job.picture_id) == (
            "failed", "endpoint_paused", "Resume it at its provider.", "")


def test_a_mistake_of_ours_leaves_no_job_without_an_end(tmp_path: Path) -> None:
    with desk(tmp_path, illustrator=FakeIllustrator(fails=KeyError("her words"))) as house:
        job = house.order()
        assert (job.state, job.error_code) == ("failed", "internal_error")
        assert "her words" not in job.error_detail


@pytest.mark.parametrize("data", [b"<html>502</html>", jpeg()[:900]], ids=["html", "cut off"])
def test_what_is_no_whole_picture_is_not_kept(tmp_path: Path, data: bytes) -> None:
    with desk(tmp_path, illustrator=FakeIllustrator(data=data, media_type="image/jpeg")) as house:
        assert house.order().error_code == "not_drawn"
        assert house.illustrations.library.files.all() == []


def test_a_refused_prompt_makes_no_job(house: Desk) -> None:
    with pytest.raises(PromptRefused):
        house.order(Wish("a naked woman"))
    assert house.illustrations.jobs.mine(EDUCATOR.id) == []
    assert house.illustrator.asked == []


def test_with_nobody_to_draw_it_the_order_itself_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with desk(tmp_path, illustrator=FakeIllustrator(why_not="Set IMAGE_ENDPOINT_URL.")) as house:
        with pytest.raises(NobodyDraws, match="IMAGE_ENDPOINT_URL"):
            house.order()
        assert house.illustrations.jobs.count_open() == 0


def test_one_principal_has_so_many_open_jobs_and_others_theirs(queued: Desk) -> None:
    jobs = [queued.order() for _ in range(3)]
    with pytest.raises(TooManyJobs, match="3 pictures"):
        queued.order()
    assert queued.order(principal=OTHER).state == "queued"
    queued.illustrations.cancel(jobs[2].id)
    assert queued.order().state == "queued"


def test_the_limit_holds_between_requests_at_once(queued: Desk) -> None:
    refused: list[bool] = []

    def ask() -> None:
        try:
            queued.order()
            refused.append(False)
        except TooManyJobs:
            refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refused) == [False] * 3 + [True] * 5


def test_cancelling_a_queued_job_ends_it_and_nobody_is_asked(queued: Desk) -> None:
    first, second = queued.order(), queued.order()
    until(queued.illustrator.begun.is_set)
    assert queued.illustrations.cancel(second.id).state == "cancelled"
    assert queued.illustrator.hold
    queued.illustrator.hold.set()
    assert ended(queued, first).state == "done"
    assert len(queued.illustrator.asked) == 1


def test_cancelling_a_running_job_stops_it_at_the_next_look(queued: Desk) -> None:
    job = queued.order()
    until(queued.illustrator.begun.is_set)
    assert queued.illustrations.cancel(job.id).state == "running"
    assert ended(queued, job).state == "cancelled"
    assert queued.illustrations.library.search() == []


def test_cancelling_an_ended_job_changes_nothing(house: Desk) -> None:
    job = house.order()
    assert house.illustrations.cancel(job.id).state == "done"


def test_a_job_is_seen_by_who_asked_and_by_an_admin(house: Desk) -> None:
    job = house.order()
    assert house.illustrations.jobs.seen_by(job.id, EDUCATOR).id == house.illustrations.jobs.seen_by(job.id, ADMIN).id
    with pytest.raises(NotFound):
        house.illustrations.jobs.seen_by(job.id, OTHER)


def test_a_job_that_is_delivered_twice_is_drawn_once(house: Desk) -> None:
    job = house.order()
    house.illustrations._work(job.id)
    assert len(house.illustrator.asked) == 1


# --- what a dead worker left ---

def left_behind(house: Desk, **values: Any) -> str:
    """A job that a worker of another time began, of whom nobody knows; it began an hour ago."""
    job_id, then = new_id(), now() - timedelta(hours=1)
    with house.illustrations.jobs.engine.begin() as connection:
        connection.execute(insert(JOBS).values(**{
            "id": job_id, "principal": EDUCATOR.id, "role": "educator", "state": "running", "wish": WISH.as_json(),
            "created_at": then, "enqueued_at": then, "started_at": then, "worker": GONE, "runs": 1, **values}))
    return job_id


def asked_somebody(house: Desk, state: str) -> None:
    """A try that the dead worker made for this principal, as the ledger has it."""
    ledger = house.calls.ledger
    reserved = ledger.reserve(new_id(), ordinal=1, provider="endpoint", model="sdxl", price=None, prompt_tokens=9,
                              opening=NewCall("illustration", "hybrid", principal=EDUCATOR.id))
    if state != "reserved":
        from chatbot.providers.interface import Usage

        ledger.end(reserved, Ending(state, Usage(), 5))  # type: ignore[arg-type]
    with ledger.engine.begin() as connection:
        connection.execute(update(CALLS).values(worker=GONE))
        assert connection.scalar(select(ATTEMPTS.c.state)) == state


def test_a_job_that_asked_nobody_before_its_worker_died_is_drawn_again_once(house: Desk) -> None:
    job_id = left_behind(house)
    house.illustrations.sweep()
    assert house.illustrations.jobs.get(job_id).state == "done"
    assert house.illustrations.jobs.get(job_id).runs == 2
    house.illustrations.sweep()
    assert len(house.illustrator.asked) == 1


def test_two_sweeps_at_once_queue_it_once(house: Desk) -> None:
    left_behind(house)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(recover_jobs(house.illustrations.jobs.engine)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(ids) for ids in found) == [0, 0, 0, 1]


@pytest.mark.parametrize("state", ["reserved", "unknown", "settled"])
def test_a_job_whose_try_may_be_billed_is_not_drawn_again(house: Desk, state: str) -> None:
    job_id = left_behind(house)
    asked_somebody(house, state)
    house.illustrations.sweep()
    job = house.illustrations.jobs.get(job_id)
    assert (job.state, job.error_code) == ("failed", "server_restart")
    assert house.illustrator.asked == []


def test_a_try_that_cannot_be_billed_lets_it_be_drawn_again(house: Desk) -> None:
    job_id = left_behind(house)
    asked_somebody(house, "released")
    house.illustrations.sweep()
    assert house.illustrations.jobs.get(job_id).state == "done"


def test_a_second_death_ends_it(house: Desk) -> None:
    job_id = left_behind(house, runs=2)
    house.illustrations.sweep()
    assert house.illustrations.jobs.get(job_id).state == "failed"
    assert house.illustrator.asked == []


def test_a_picture_that_was_drawn_before_the_worker_died_is_not_lost(house: Desk) -> None:
    job_id = left_behind(house, stage="describing", picture_id=house.picture().id)
    house.illustrations.sweep()
    assert house.illustrations.jobs.get(job_id).state == "done"


def test_the_job_of_a_living_worker_is_left_alone(queued: Desk) -> None:
    job = queued.order()
    until(queued.illustrator.begun.is_set)
    queued.illustrations.sweep()
    assert queued.illustrations.jobs.get(job.id).state == "running"


def test_a_job_that_the_queue_lost_is_put_there_again(house: Desk) -> None:
    job_id = left_behind(house, state="queued", worker="", started_at=None, runs=0)
    house.illustrations.sweep()
    assert house.illustrations.jobs.get(job_id).state == "done"


def test_a_new_process_goes_on_with_what_the_last_one_left_in_the_queue(queued: Desk) -> None:
    first = queued.order()
    until(queued.illustrator.begun.is_set)
    second = queued.order(principal=OTHER)
    queued.illustrations._queue.stop()
    assert queued.illustrator.hold
    queued.illustrator.hold.set()
    ended(queued, first)
    assert queued.illustrations.jobs.get(second.id).state == "queued"
    later = Illustrations(queued.calls, queued.illustrations.jobs.engine, FakeIllustrator(), blind())  # type: ignore[arg-type]
    later.start()
    assert ended(queued, second).state == "done"
    later.close()


# --- editing, and forgetting ---

def test_an_edit_keeps_its_source_only_while_it_runs_and_says_that_it_is_one(house: Desk) -> None:
    wish = Wish("Make the background blue", people="some", strength=0.4)
    job = house.illustrations.edit(wish, EDUCATOR, telling(), "photo.jpg")
    asked = house.illustrator.asked[0]
    assert (job.state, asked.feature, asked.strength) == ("done", "illustration-edit", 0.4)
    assert asked.source
    assert not asked.source.may_leave
    assert b"TELLS" not in asked.source.data
    assert not [name for name in house.illustrations.library.files.all() if name.startswith("source-")]
    assert house.illustrations.library.get(job.picture_id).source_type == "compositeWithTrainedAlgorithmicMedia"
    assert house.describer.asked[0].picture.may_leave is False


def test_a_photo_of_a_real_person_is_not_put_into_a_clinic(house: Desk) -> None:
    with pytest.raises(PromptRefused, match="real-person-edited"):
        house.illustrations.edit(Wish("Put her in a hospital bed", people="unknown"), EDUCATOR, jpeg(), "a.jpg")


def test_a_variation_of_our_own_picture_shows_nobody_real(house: Desk) -> None:
    first = house.picture()
    job = house.illustrations.edit_stored(Wish("The same in a hospital", people="unknown"), OTHER, first.id)
    assert job.state == "done"
    assert house.illustrations.library.get(job.picture_id).source_type == "trainedAlgorithmicMedia"
    assert house.illustrator.asked[1].source
    assert house.illustrator.asked[1].source.may_leave


def test_ended_jobs_are_forgotten_with_their_prompts_and_pictures_stay(house: Desk) -> None:
    job = house.order()
    with house.illustrations.jobs.engine.begin() as connection:
        connection.execute(update(JOBS).values(ended_at=now() - timedelta(days=8)))
    house.illustrations.sweep()
    with pytest.raises(NotFound):
        house.illustrations.jobs.get(job.id)
    assert house.illustrations.library.get(job.picture_id)


def test_a_source_whose_job_was_erased_goes_too(house: Desk) -> None:
    files = house.illustrations.library.files
    name, young = files.keep_source(jpeg()), files.keep_source(jpeg())
    long_ago = time.time() - 3_600
    os.utime(files.folder / name, (long_ago, long_ago))
    house.illustrations.sweep()
    assert files.all() == [young]


def test_a_wish_without_a_title_is_called_as_it_begins() -> None:
    tidied = Wish("  A mother \u202edrinks\nwater  ").tidied()
    assert (tidied.prompt, tidied.title) == ("A mother drinks\nwater", "A mother drinks water")
    assert len(Wish("long " * 60).tidied().title) <= LONGEST_TITLE
    assert Wish.from_json(WISH.as_json()) == WISH


def test_the_queue_holds_ids_and_no_words(tmp_path: Path) -> None:
    with desk(tmp_path, immediate=False, illustrator=FakeIllustrator(hold=threading.Event())) as house:
        house.order()
        until(house.illustrator.begun.is_set)
        waiting = house.order()
        queue = (tmp_path / "image-jobs.db").read_bytes()
        assert waiting.id.encode() in queue
        assert b"teal" not in queue
        assert b"\x80\x05" not in queue  # a pickle


def test_with_redis_jobs_go_through_it_and_wait_while_it_is_gone(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine (apt-get install redis-server)")
    (tmp_path / "redis").mkdir()
    with redis(tmp_path / "redis") as part, desk(tmp_path, immediate=False, redis_url=part.address) as house:
        assert ended(house, house.order()).state == "done"
        assert not (tmp_path / "image-jobs.db").exists()
        part.process.terminate()
        part.process.wait(30)
        assert house.order().state == "queued"
