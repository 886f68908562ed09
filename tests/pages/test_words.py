"""The pages' words: all there, in both languages, for everything that can happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from chatbot.accounts.principal import LOCAL
from chatbot.calling.completion import Provenance
from chatbot.errors import ProviderError
from chatbot.knowledge.cards import Wording, all_cards
from chatbot.providers.interface import State
from chatbot.quizzes.exports import EXPORTS
from chatbot.quizzes.item import Bloom, Difficulty, Severity, Status
from chatbot.quizzes.item import Path as Maker
from chatbot.quizzes.learning.attempts import Kind
from chatbot.quizzes.learning.progress import BADGES
from chatbot.quizzes.records.history import Action
from chatbot.safety.levels import LEVELS
from routes.words import LANGUAGES, TABLES, _read, words_in


def _leaves(table: dict[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in table.items():
        if isinstance(entry, dict):
            yield from _leaves(entry, f"{where}{name}.")
        else:
            yield f"{where}{name}", entry


def test_every_word_is_there_in_both_languages_with_the_same_gaps() -> None:
    english, swahili = (dict(_leaves(words_in(language))) for language in LANGUAGES)
    assert english.keys() == swahili.keys()
    assert len(english) > 40
    for key, text in english.items():
        assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", swahili[key]), key
        assert text != swahili[key], key


@pytest.mark.parametrize("entry", ['a = { en = "x" }', 'a = { en = "x", sw = " " }', 'a = { en = "x", sw = 1 }',
                                   'a = { en = "x", sw = "y", fr = "z" }', '[b]\na = { sw = "x" }'])
def test_an_entry_without_both_languages_is_named(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "words.toml"
    path.write_text(entry)
    with pytest.raises(ValueError, match=r"words\.toml: (b\.)?a needs exactly en and sw"):
        _read(path)


def test_everything_that_a_reply_can_be_has_its_words() -> None:
    words = words_in("en")
    assert words["banner"].keys() - {"call"} == set(LEVELS) - {"none"}
    assert set(get_args(Provenance)) <= words["who"].keys()
    assert words["review"].keys() == set(get_args(Wording.model_fields["review"].annotation))


def test_no_entry_has_a_name_that_a_template_would_take_for_a_method_of_a_dict() -> None:
    names = {part for key, _ in _leaves(words_in("en")) for part in key.split(".")}
    assert not names & set(dir(dict))


def test_no_word_is_left_over() -> None:
    code = "".join(path.read_text() for path in TABLES[0].parent.rglob("*.*") if path.suffix in {".html", ".js", ".py"})
    for key, _ in _leaves(words_in("en")):
        group, _, name = key.rpartition(".")
        looked_up_by_value = group in {"who", "review", "error", "failure", "breaker", "state", "banner.emergency",
                                       "banner.urgent", "banner.soon", "sections", "problem", "quiz_state", "quiz_list",
                                       "item_state", "level", "bloom", "make_error", "made_by", "said", "edit_error",
                                       "field_name", "action", "format", "flag", "topic", "badge", "take_kind",
                                       "severity", "cost", "principal", "left", "illustrate_size", "illustrate_state",
                                       "illustrate_stage", "illustrate_step", "illustrate_strength", "illustrate_error",
                                       "alt_state", "alt_state_means"}
        assert looked_up_by_value or f"words.{group}.{name}" in code or f'{group}["{name}"]' in code, key


def test_every_way_a_try_can_fail_has_its_words() -> None:
    kinds, todo = {"aborted", "interrupted"}, [ProviderError]
    while todo:
        kind = todo.pop()
        kinds.add(kind.kind)
        todo += kind.__subclasses__()
    assert kinds <= words_in("en")["failure"].keys()
    assert set(get_args(State)) <= words_in("en")["state"].keys()


def test_everything_that_a_quiz_can_be_has_its_words() -> None:
    words = words_in("en")
    assert words["topic"].keys() == {card.topic for card in all_cards()}
    assert words["badge"].keys() == BADGES.keys()
    assert words["format"].keys() == EXPORTS.keys()
    assert words["item_state"].keys() == set(get_args(Status))
    assert words["quiz_state"].keys() == words["quiz_list"].keys() == set(get_args(Status)) - {"rejected"}
    assert words["made_by"].keys() == set(get_args(Maker))
    assert words["action"].keys() == set(get_args(Action))
    assert words["level"].keys() == set(get_args(Difficulty))
    assert words["bloom"].keys() == set(get_args(Bloom))
    assert words["take_kind"].keys() == set(get_args(Kind))
    assert words["severity"].keys() == set(get_args(Severity))
    assert words["principal"].keys() == {LOCAL.id}
