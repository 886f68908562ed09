"""`flask alt-text`: what it costs before and after, a run broken off, and files that come out with their texts."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from run import create_app
from tests.chatbot.images.good_pictures import jpeg, png, telling
from tests.chatbot.images.office_files import alt_texts_of_word, decorative_ones, word
from tests.chatbot.images.seeing import GOOD, clouds, said
from tests.house import make_settings
from tests.loopback import Answer, LoopbackProvider, Status


def alt_text(folder: Path, path: Path, *words: str, upstream: LoopbackProvider | None = None,
             **settings: Any) -> Result:
    app = create_app(make_settings(folder, **(clouds(upstream) if upstream else {}), **settings))
    return app.test_cli_runner().invoke(args=["alt-text", str(path), *words])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    (folder / "a.png").write_bytes(png())
    (folder / "b.jpg").write_bytes(telling())
    (folder / "more" / "same.png").write_bytes(png())
    (folder / "more" / "broken.png").write_bytes(png()[:200])
    (folder / "notes.txt").write_text("no picture")
    return folder


def lines(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_a_folder_is_described_each_picture_once_and_what_cannot_be_is_named(tmp_path: Path, pictures: Path) -> None:
    with LoopbackProvider(behaviour=Answer(said())) as upstream:
        result = alt_text(tmp_path, pictures, "--people", "none", "--yes", upstream=upstream)
        assert len(upstream.requests) == 2
    assert result.exit_code == 1
    assert "Pictures to describe: 3;" in result.output
    assert "openai/gpt-4.1-mini would write them for $0." in result.output
    assert "more/broken.png: The picture is broken off or damaged." in result.output
    assert "With alt text now: 2; decorative: 0. This run cost $0.000" in result.output
    told = lines(pictures / "alt-text.jsonl")
    assert [one["alt_text"] for one in told] == [GOOD, GOOD, ""]
    assert all(one["call_id"] and float(one["cost_usd"]) > 0 for one in told[:2])


def test_a_run_that_was_broken_off_goes_on_and_pays_for_nothing_twice(tmp_path: Path, pictures: Path) -> None:
    (pictures / "more" / "broken.png").unlink()
    with LoopbackProvider(behaviour=Status(402)) as upstream:
        upstream.will(Answer(said()))
        first = alt_text(tmp_path, pictures, "--people", "none", "--yes", upstream=upstream)
        assert first.exit_code == 1
        assert "Run it again to go on." in first.output
        with (pictures / "alt-text.jsonl").open("a") as journal:
            journal.write('{"key": "half a li')
        upstream.reset().always(Answer(said()))
        again = alt_text(tmp_path, pictures, "--people", "none", "--yes", upstream=upstream)
        assert len(upstream.requests) == 1
    assert again.exit_code == 0, again.output
    assert "Pictures to describe: 1; in alt-text.jsonl already: 1." in again.output


def test_a_dry_run_says_the_price_and_asks_nobody(tmp_path: Path, pictures: Path) -> None:
    with LoopbackProvider() as upstream:
        result = alt_text(tmp_path, pictures, "--people", "none", "--dry-run", upstream=upstream)
        assert upstream.requests == []
    assert result.exit_code == 0
    assert "would write them for" in result.output
    assert not (pictures / "alt-text.jsonl").exists()


def test_without_a_yes_nobody_is_asked(tmp_path: Path, pictures: Path) -> None:
    with LoopbackProvider() as upstream:
        result = alt_text(tmp_path, pictures, "--people", "none", upstream=upstream)
        assert upstream.requests == []
    assert result.exit_code == 1


def test_a_copy_of_a_word_file_has_the_texts_and_the_file_itself_is_untouched(tmp_path: Path) -> None:
    file = tmp_path / "guide.docx"
    file.write_bytes(word(png(), jpeg(), png(), described=png(words="Third")))
    before = file.read_bytes()
    with LoopbackProvider(behaviour=Answer(said())) as upstream:
        result = alt_text(tmp_path, file, "--people", "none", "--yes", upstream=upstream)
        assert len(upstream.requests) == 2
    assert result.exit_code == 0, result.output
    assert alt_texts_of_word((tmp_path / "guide.alt.docx").read_bytes()) == [GOOD, GOOD, GOOD, "Written by a person."]
    assert file.read_bytes() == before


def test_a_decorative_picture_is_marked_so_in_the_copy_and_said(tmp_path: Path) -> None:
    file = tmp_path / "guide.docx"
    file.write_bytes(word(png(), described=png(words="Third")))
    with LoopbackProvider(behaviour=Answer(said("", "", decorative=True))) as upstream:
        result = alt_text(tmp_path, file, "--people", "none", "--yes", upstream=upstream)
    assert result.exit_code == 0, result.output
    assert "image1.png: decorative, and marked so in the copy" in result.output
    assert "With alt text now: 0; decorative: 1." in result.output
    copy = tmp_path / "guide.alt.docx"
    assert decorative_ones(zipfile.ZipFile(copy).read("word/document.xml")) == ["Picture 1"]
    assert alt_texts_of_word(copy.read_bytes()) == ["", "Written by a person."]


def test_an_author_s_alt_text_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "guide.docx"
    file.write_bytes(word(described=png()))
    with LoopbackProvider(behaviour=Answer(said())) as upstream:
        left = alt_text(tmp_path, file, "--people", "none", "--yes", upstream=upstream)
        assert "Pictures to describe: 0;" in left.output
        result = alt_text(tmp_path, file, "--people", "none", "--yes", "--replace", upstream=upstream)
    assert result.exit_code == 0, result.output
    assert alt_texts_of_word((tmp_path / "guide.alt.docx").read_bytes()) == [GOOD]
    assert alt_texts_of_word(file.read_bytes()) == ["Written by a person."]


def test_pictures_that_may_show_people_are_not_sent_and_the_way_out_is_named(tmp_path: Path, pictures: Path) -> None:
    with LoopbackProvider() as upstream:
        result = alt_text(tmp_path, pictures, "--yes", upstream=upstream)
        assert upstream.requests == []
    assert result.exit_code == 1
    assert "people=none" in result.output


def test_a_single_file_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    result = alt_text(tmp_path, tmp_path / "a.pdf")
    assert result.exit_code == 1
    assert "neither a folder nor" in result.output
