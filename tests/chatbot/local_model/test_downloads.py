"""What every process of the machine can read of a download, and when it is tried again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import arrival, choice, downloads
from chatbot.local_model.arrival import Arrival, start_arrival
from chatbot.local_model.cache import entries, evict
from chatbot.local_model.catalogue import Model
from chatbot.local_model.download_lock import NotNow, one_downloader
from chatbot.local_model.downloads import PAUSE, DownloadReport, all_downloads, may_try
from chatbot.local_model.fetching import fetch
from chatbot.local_model.sources.failures import LoginNeeded, SourceUnreachable
from chatbot.local_model.weights import find, write_marker
from chatbot.providers.local import LocalProvider
from config import Settings
from tests.chatbot.local_model.fake_place import FakePlace
from tests.until import until

ROOT = Path(__file__).parents[3]
GGUF = b"GGUF" + os.urandom(2_000_000)
FILES = {"tiny-Q4_K_M.gguf": GGUF}
TINY = Model("tiny-GGUF", "hub", "llama_cpp", "someone/tiny-GGUF")
ID = TINY.id


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    def make(hub: FakePlace, **more: Any) -> Settings:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        return Settings(_env_file=None, model_dir=tmp_path, **{
            "local_model": "someone/tiny-GGUF", "local_engine": "llama_cpp", **more})

    return make


def test_a_download_tells_bytes_total_speed_and_the_time_left(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES, pause=0.03) as hub:
        thread = threading.Thread(target=fetch, args=(TINY, settings(hub)))
        thread.start()
        until(lambda: (one := all_downloads(tmp_path).get(ID)) is not None and bool(one.bytes_per_second))
        now = all_downloads(tmp_path)[ID]
        thread.join()
    assert (now.state, now.total, now.file) == ("downloading", len(GGUF), "tiny-Q4_K_M.gguf")
    assert 0 < now.bytes < len(GGUF)
    assert now.bytes_per_second is not None
    assert 100_000 < now.bytes_per_second < 50_000_000
    assert now.eta_seconds is not None
    after = all_downloads(tmp_path)[ID]
    assert (after.state, after.bytes, after.bytes_per_second) == ("done", len(GGUF), None)


def test_one_that_was_evicted_is_shown_as_removed_until_it_comes_again(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES) as hub:
        fetch(TINY, settings(hub))
        assert all_downloads(tmp_path)[ID].state == "done"
        evict(entries(tmp_path)[0])
        assert all_downloads(tmp_path)[ID].state == "removed"
        assert fetch(TINY, settings(hub)).read_bytes() == GGUF
    assert all_downloads(tmp_path)[ID].state == "done"


def test_one_whose_process_was_killed_is_shown_as_stopped_and_goes_on(settings: Any, tmp_path: Path) -> None:
    code = ("from tests.chatbot.local_model.test_downloads import TINY; from config import Settings; import sys\n"
            "from pathlib import Path; from chatbot.local_model.fetching import fetch\n"
            "fetch(TINY, Settings(_env_file=None, model_dir=Path(sys.argv[1])))")
    with FakePlace("hub", dict(FILES), pause=0.02) as hub:
        wanted = settings(hub)
        victim = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT,
                                  env={**os.environ, "HF_ENDPOINT": hub.url})
        until(lambda: hub.sent.get("tiny-Q4_K_M.gguf", 0) > 500_000, 30)
        assert all_downloads(tmp_path)[ID].state == "downloading"
        victim.kill()
        victim.wait()
        assert all_downloads(tmp_path)[ID].state == "stopped"
        hub.pause = 0
        kept = next(tmp_path.rglob("*.part")).stat().st_size
        assert fetch(TINY, wanted).read_bytes() == GGUF
        assert hub.gets == [("tiny-Q4_K_M.gguf", 0), ("tiny-Q4_K_M.gguf", kept)]


def test_after_a_refusal_nobody_asks_again_by_itself_for_five_minutes_and_longer_each_time(
        settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES, status=429) as hub:
        wanted = settings(hub)
        waits = []
        for _ in range(3):
            with pytest.raises(SourceUnreachable):
                fetch(TINY, wanted)   # somebody asks for it
            one = all_downloads(tmp_path)[ID]
            waits.append(one.next_try_at - time.time())
            with pytest.raises(NotNow):
                fetch(TINY, wanted, automatic=True)
        assert (one.state, one.failures) == ("failed", 3)
        assert "429" in one.reason
        assert PAUSE - 1 < waits[0] < 1.5 * PAUSE < 2 * PAUSE - 1 < waits[1] < waits[2]
        assert may_try(tmp_path, ID, one.next_try_at + 1)
        hub.status = 0
        fetch(TINY, wanted)
    assert (all_downloads(tmp_path)[ID].state, all_downloads(tmp_path)[ID].failures) == ("done", 0)


def test_a_clock_that_jumped_back_holds_no_download_up_for_long(tmp_path: Path) -> None:
    with one_downloader(tmp_path):
        DownloadReport(tmp_path, ID).failed(NotReady("no"))
    assert not may_try(tmp_path, ID)
    assert may_try(tmp_path, ID, time.time() - 100 * PAUSE)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tiny": 3}', '{"tiny": {"state": "done"}}'])
def test_a_damaged_state_file_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / downloads.FILE).write_text(text)
    assert all_downloads(tmp_path) == {}


def test_while_another_process_downloads_the_background_waits_its_turn(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES) as hub, one_downloader(tmp_path):
        assert Arrival(settings(hub)).once() == arrival.LOOK_IN
        assert hub.gets == []


def test_the_background_fetches_and_then_has_nothing_to_do(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES) as hub:
        assert Arrival(settings(hub)).once() is None
        assert find(TINY, tmp_path) is not None
        assert Arrival(settings(hub)).once() is None
    assert len(hub.gets) == 1


def test_a_login_that_is_missing_is_said_and_tried_again_later(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES, status=403) as hub:
        wait = Arrival(settings(hub)).once()
    assert wait is not None
    assert wait >= PAUSE
    assert "HUGGINGFACE_API_KEY" in all_downloads(tmp_path)[ID].reason
    assert issubclass(LoginNeeded, NotReady)


@pytest.mark.parametrize("more", [{"download_at_start": False}, {"download_at_start": True, "strategy": "cloud"}])
def test_nothing_is_fetched_that_the_settings_do_not_allow(tmp_path: Path, more: dict[str, Any]) -> None:
    assert start_arrival(Settings(_env_file=None, model_dir=tmp_path, **more)) is None


def test_a_model_server_of_ones_own_needs_no_download(tmp_path: Path) -> None:
    served = Settings(_env_file=None, model_dir=tmp_path, local_base_url="http://127.0.0.1:9/v1")
    assert Arrival(served).once() is None


def test_the_provider_shows_the_download_and_answers_once_it_has_arrived(settings: Any, tmp_path: Path) -> None:
    with FakePlace("hub", FILES, pause=0.01) as hub:
        wanted = settings(hub, download_at_start=True)
        provider = LocalProvider(wanted)
        assert provider.readiness().state == "unavailable"
        assert start_arrival(wanted) is not None
        until(lambda: bool(provider.downloads()))
        assert provider.downloads()[0]["model"] == ID
        until(lambda: provider.downloads()[0]["state"] == "done")
    provider._looked -= 60   # seconds pass
    assert provider.readiness().state == "ready"


def test_better_weights_that_arrive_are_taken_but_not_while_somebody_waits(tmp_path: Path) -> None:
    class Old:
        running = 1
        waiting = 0
        closed = False

        def status(self) -> Old:
            return self

        def close(self) -> None:
            self.closed = True

    made = Settings(_env_file=None, model_dir=tmp_path, local_model="someone/tiny-GGUF", local_engine="llama_cpp")
    provider, old = LocalProvider(made), Old()
    before = provider.choice
    provider._asked = old  # type: ignore[assignment]
    folder = tmp_path / "someone--tiny-GGUF" / ("a" * 40)
    folder.mkdir(parents=True)
    (folder.parent / "revision").write_text("a" * 40)
    (folder / "tiny-Q4_K_M.gguf").write_bytes(GGUF)
    write_marker(folder, {"tiny-Q4_K_M.gguf": "0"})
    provider._looked -= 60
    assert provider.choice == before
    old.running = 0
    provider._looked -= 60
    assert provider.choice.weights == folder / "tiny-Q4_K_M.gguf"
    assert old.closed


def test_a_choice_is_the_best_when_nothing_that_the_machine_prefers_is_missing() -> None:
    first = choice.Option(TINY, False, "")
    other = choice.Option(replace(TINY, id="other"), False, "")
    here = choice.Choice("llama_cpp", TINY, Path("x"), options=(first, other))
    assert here.is_best
    assert not replace(here, model=other.model).is_best
    assert not replace(here, why_not="The weights are not here.").is_best
