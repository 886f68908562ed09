"""What is kept of downloaded weights: the least recently used goes first, never what is loaded or not ours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import cache
from chatbot.local_model.cache import InUse, entries, evict, make_room, shrink, taken
from chatbot.local_model.claim import Claim
from chatbot.local_model.download_lock import NotNow, one_downloader
from chatbot.local_model.fetching import fetch
from chatbot.local_model.sources.address import model_of
from chatbot.local_model.use import USED, Use, is_used, last_used
from chatbot.local_model.weights import MARKER, write_marker
from config import Settings
from tests.chatbot.local_model.fake_place import FakePlace

NOBODY: frozenset[Path] = frozenset()
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def make(name: str, size: int = 1000, used: float = 0.0, commit: str = "a" * 40) -> Path:
        folder = tmp_path / f"someone--{name}" / commit
        folder.mkdir(parents=True)
        (folder / "model.gguf").write_bytes(bytes(size))
        write_marker(folder, {"model.gguf": "0"}, source=f"someone/{name}")
        os.utime(folder / MARKER, (used, used))
        return folder

    return make


def test_the_least_recently_used_goes_first(put: Put, tmp_path: Path) -> None:
    old, newer, newest = put("old", used=100), put("newer", used=200), put("newest", used=300)
    use = Use(old / "model.gguf")
    use.begin()   # loaded now, and let go again: the last use, not the first, counts
    use.end()
    assert [entry.folder for entry in shrink(tmp_path, 2000)] == [newer]
    assert [entry.folder for entry in shrink(tmp_path, 1000)] == [newest]
    assert [entry.folder for entry in entries(tmp_path)] == [old]
    assert taken(tmp_path) == 1000


def test_what_is_loaded_or_wanted_stays_whatever_the_limit(put: Put, tmp_path: Path) -> None:
    loaded, wanted, other = put("loaded", used=1), put("wanted", used=2), put("other", used=3)
    claim = Claim(tmp_path / "owner.lock", loaded / "model.gguf")
    claim.take()
    assert is_used(loaded)
    assert [entry.folder for entry in shrink(tmp_path, 0, frozenset({wanted}))] == [other]
    with pytest.raises(InUse, match="someone/loaded is loaded now"):
        evict(entries(tmp_path)[-1])
    assert (loaded / MARKER).exists()
    claim.give_up()
    assert not is_used(loaded)
    assert [entry.source for entry in shrink(tmp_path, 1000)] == ["someone/wanted"]


def test_what_is_downloaded_now_is_not_evicted(put: Put, tmp_path: Path) -> None:
    folder = put("busy")
    with one_downloader(folder.parent):
        with pytest.raises(NotNow):
            evict(entries(tmp_path)[0])
        assert shrink(tmp_path, 0) == []


def test_only_files_of_ours_are_removed(put: Put, tmp_path: Path) -> None:
    folder = put("model")
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.gguf").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    write_marker(tmp_path / "elsewhere", {}, source="x")
    assert [entry.source for entry in shrink(tmp_path, 0)] == ["someone/model"]
    assert {path.name for path in folder.iterdir()} == {"notes.txt"}
    assert (tmp_path / "holiday" / "photo.gguf").read_text() == "mine"


def test_a_marker_that_names_a_file_elsewhere_removes_nothing_there(put: Put, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = put("evil")
    (folder / MARKER).write_text('{"source": "x", "files": {"../../precious": {"size": 4, "mtime_ns": 1, '
                                 '"sha256": "0"}}}')
    shrink(tmp_path, 0)
    assert precious.read_text() == "mine"


def test_half_a_download_counts_and_can_go(tmp_path: Path) -> None:
    folder = tmp_path / "someone--half" / ("b" * 40)
    folder.mkdir(parents=True)
    (folder / "model.gguf.part").write_bytes(bytes(500))
    with one_downloader(folder.parent):
        pass
    (entry,) = entries(tmp_path)
    assert (entry.state, entry.size, entry.source) == ("partial", 500, "someone--half")
    assert evict(entry) == 500
    assert not folder.exists()


def test_folders_of_ones_own_are_used_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    use = Use(tmp_path / "mine.gguf")
    use.begin()
    assert not (tmp_path / USED).exists()
    use.end()


def test_looking_is_no_use(put: Put, tmp_path: Path) -> None:
    folder = put("model", used=100)
    assert entries(tmp_path)[0].last_used == last_used(folder) == 100
    assert not (folder / USED).exists()


def test_room_is_made_for_what_comes_or_refused_with_the_numbers(put: Put, tmp_path: Path) -> None:
    put("old", used=1)
    keep = put("keep", used=2)
    make_room(tmp_path, 3000, frozenset({keep}), tmp_path / "new", 1000)
    assert taken(tmp_path) == 2000
    make_room(tmp_path, 2000, frozenset({keep}), tmp_path / "new", 1000)
    assert [entry.folder for entry in entries(tmp_path)] == [keep]
    with pytest.raises(NotReady, match="MODEL_CACHE_GB"):
        make_room(tmp_path, 1500, frozenset({keep}), tmp_path / "new", 1000)
    assert taken(tmp_path) == 1000


def test_bytes_that_came_already_are_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "someone--half" / ("b" * 40)
    folder.mkdir(parents=True)
    (folder / "model.gguf.part").write_bytes(bytes(800))
    with one_downloader(folder.parent):
        make_room(tmp_path, 1000, NOBODY, folder, 1000)
    assert taken(tmp_path) == 800


def test_a_download_evicts_what_was_used_longest_ago(put: Put, tmp_path: Path) -> None:
    old = put("old", size=600_000, used=1)
    content = b"GGUF" + bytes(500_000)
    with FakePlace("web", {"m/tiny.gguf": content}) as place:
        model = model_of(f"{place.url}/m/tiny.gguf#sha256={hashlib.sha256(content).hexdigest()}")
        small: dict[str, Any] = {"_env_file": None, "model_dir": tmp_path}
        with pytest.raises(NotReady, match="MODEL_CACHE_GB"):
            fetch(model, Settings(**small, model_cache_gb=0.0003))
        path = fetch(model, Settings(**small, model_cache_gb=0.001))
    assert path.read_bytes() == content
    assert not (old / "model.gguf").exists()
    assert cache.taken(tmp_path) == len(content)
