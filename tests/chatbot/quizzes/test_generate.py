"""A quiz, item by item: who makes each, what it costs, what is missing and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.calls import Calls
from chatbot.errors import InvalidInput, QuizUnavailable, RateLimited, ServerFailed
from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.passages import SourcePassage
from chatbot.providers.interface import ChatRequest, Provider
from chatbot.quizzes.lint import lint_set
from chatbot.quizzes.making.events import Failed, ItemReady, Progress, QuizDone, QuizEvent
from chatbot.quizzes.making.generate import QuizMaker
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.stems import stem_key
from chatbot.usage.budget_limits import set_budget
from chatbot.usage.budgets import EVERYONE
from tests.chatbot.quizzes.writers import good
from tests.house import attempts, call_rows, make_calls
from tests.scripted import Scripted, answer

SUPPLEMENTS = QuizOrder("antenatal", topic="supplements", count=2)
APPLY = replace(SUPPLEMENTS, bloom="apply")
"""No card's own question asks to apply, so models are asked."""


class Writer(Scripted):
    """A provider that answers each card with a good item of its own wording."""

    def answer(self, request: ChatRequest, model: str, cancel):  # type: ignore[no-untyped-def]
        body = {"messages": [{"content": turn.content} for turn in request.messages]}
        self._scripts = [answer(good(body))]
        return super().answer(request, model, cancel)


def _maker(folder: Path, *providers: Provider, **settings: Any) -> tuple[QuizMaker, Calls]:
    calls = make_calls(folder, *providers, **settings)
    return QuizMaker(calls, calls.ledger._engine, seed=5), calls


def _quiz(maker: QuizMaker, order: QuizOrder) -> tuple[list[QuizEvent], QuizDone]:
    events = list(maker.make(order))
    ends = [event for event in events if isinstance(event, QuizDone | Failed)]
    assert ends == events[-1:]
    assert isinstance(events[-1], QuizDone), events[-1]
    return events, events[-1]


def test_a_bare_machine_makes_a_hundred_items_with_a_span_each_and_nothing_asked_twice(tmp_path: Path) -> None:
    maker, calls = _maker(tmp_path)
    for stage in ("preconception", "antenatal", "birth", "postnatal"):
        _, first = _quiz(maker, QuizOrder(stage, count=20))
        taken = frozenset(stem_key(item.stem) for item in first.items)
        used = frozenset(item.evidence.card_id for item in first.items)
        _, second = _quiz(maker, QuizOrder(stage, count=5, taken=taken, used_cards=used))
        items = first.items + second.items
        assert len({stem_key(item.stem) for item in items}) == 25
        assert all(item.key in item.evidence.quote for item in items)
        assert max(Counter(item.answer_index for item in first.items).values()) <= 0.45 * 20
        assert [finding for finding in lint_set(first.items) if finding.severity == "block"] == []
    assert call_rows(calls) == []


def test_items_arrive_one_by_one_and_the_end_holds_them_all(tmp_path: Path) -> None:
    events, done = _quiz(_maker(tmp_path)[0], QuizOrder("birth", count=3))
    arrived = [event for event in events if isinstance(event, ItemReady)]
    assert [(event.done, event.of) for event in arrived] == [(1, 3), (2, 3), (3, 3)]
    assert tuple(event.item for event in arrived) == done.items
    assert (done.short_of, done.reason, done.cost_nano_usd) == (0, "", 0)


def test_topics_are_spread_before_one_comes_a_second_time(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("postnatal", count=15))
    assert len({item.topic for item in done.items}) == 15


def test_a_good_local_item_never_reaches_the_cloud(tmp_path: Path) -> None:
    local, cloud = Writer("local", cloud=False), Writer("together")
    maker, _ = _maker(tmp_path, local, cloud)
    _, done = _quiz(maker, SUPPLEMENTS)
    assert [item.made_by.path for item in done.items] == ["local", "local"]
    assert cloud.asked == []


def test_only_what_the_local_model_failed_goes_to_the_cloud_and_its_calls_are_all_on_the_item(tmp_path: Path) -> None:
    local, cloud = Scripted("local", answer("no JSON"), cloud=False), Writer("together")
    maker, calls = _maker(tmp_path, local, cloud)
    _, done = _quiz(maker, APPLY)
    assert [item.made_by.path for item in done.items] == ["cloud", "cloud"]
    rows = attempts(calls)
    assert [(row.provider, row.failure) for row in rows] == 2 * [
        ("local", "schema"), ("local", "schema"), ("together", "")]
    made = done.items[0].made_by
    assert len(made.call_ids) == 2
    assert made.cost_nano_usd == rows[2].cost_nano_usd
    assert made.prompt_tokens == sum(row.prompt_tokens for row in rows[:3])


def test_an_item_that_the_card_gives_for_nothing_is_not_paid_for(tmp_path: Path) -> None:
    local, cloud = Scripted("local", answer("no JSON"), cloud=False), Writer("together")
    _, done = _quiz(_maker(tmp_path, local, cloud)[0], SUPPLEMENTS)
    assert [item.made_by.path for item in done.items] == ["template", "template"]
    assert (cloud.asked, done.cost_nano_usd) == ([], 0)


def test_a_question_that_is_taken_is_asked_anew_by_the_cloud(tmp_path: Path) -> None:
    taken = frozenset(stem_key(card.en.question) for card in all_cards())
    _, done = _quiz(_maker(tmp_path, Writer("together"))[0], replace(SUPPLEMENTS, taken=taken))
    assert [item.made_by.path for item in done.items] == ["cloud", "cloud"]


def test_an_embedded_model_is_asked_after_the_clouds_and_never_about_a_card(tmp_path: Path) -> None:
    local, cloud = Writer("local", cloud=False, last_resort=True), Writer("together")
    _, done = _quiz(_maker(tmp_path, local, cloud)[0], APPLY)
    assert {item.made_by.provider for item in done.items} == {"together"}
    _, done = _quiz(_maker(tmp_path, local)[0], replace(APPLY, strategy="local"))
    assert {item.made_by.path for item in done.items} == {"template"}
    assert local.asked == []
    text = "The cord falls off after 2 weeks, so keep it clean and dry."
    asked = Scripted("local", answer("no"), cloud=False, last_resort=True)
    order = QuizOrder("postnatal", count=3, text=f"{text} The bath waits for 24 hours.", strategy="local")
    list(_maker(tmp_path, asked)[0].make(order))
    assert len(asked.asked) == 2  # the two tries of one call: one item in vain, then no more waiting


@pytest.mark.parametrize(("strategy", "asked"), [("local", ["local"]), ("cloud", ["together"])])
def test_a_strategy_keeps_to_its_side(tmp_path: Path, strategy: str, asked: list[str]) -> None:
    both = Scripted("local", answer("no"), cloud=False), Scripted("together", answer("no"))
    maker, calls = _maker(tmp_path, *both)
    _, done = _quiz(maker, replace(SUPPLEMENTS, strategy=strategy))  # type: ignore[arg-type]
    assert {row.provider for row in attempts(calls)} == set(asked)
    assert {item.made_by.path for item in done.items} == {"template"}


def test_a_model_that_fails_three_items_in_a_row_is_not_asked_again(tmp_path: Path) -> None:
    cloud = Scripted("together", answer("no JSON"))
    maker, calls = _maker(tmp_path, cloud)
    events, done = _quiz(maker, QuizOrder("antenatal", count=8, strategy="cloud"))
    assert len(call_rows(calls)) == 3
    assert len(done.items) == 8
    assert any("not asked any more" in note for note in done.notes)
    assert any(isinstance(event, Progress) and "not asked any more" in event.note for event in events)


def test_a_failed_attempt_is_on_the_item_that_needed_it(tmp_path: Path) -> None:
    maker, calls = _maker(tmp_path, Scripted("together", answer("no JSON", prompt=100, completion=10)))
    _, done = _quiz(maker, replace(APPLY, count=1))
    (item,) = done.items
    booked = sum(row.cost_nano_usd or 0 for row in attempts(calls))
    assert (item.made_by.path, item.made_by.cost_nano_usd, done.cost_nano_usd) == ("template", booked, booked)
    assert booked == 2 * (100 * 2_000 + 10 * 10_000)


def test_a_cost_that_nobody_knows_is_not_called_nothing(tmp_path: Path) -> None:
    maker, _ = _maker(tmp_path, Writer("together", models=("unheard-of",)))
    _, done = _quiz(maker, APPLY)
    assert done.cost_nano_usd is None
    assert {item.made_by.cost_nano_usd for item in done.items} == {None}


def test_an_empty_budget_costs_no_call_and_the_cards_make_the_quiz(tmp_path: Path) -> None:
    cloud = Writer("together")
    maker, calls = _maker(tmp_path, cloud)
    set_budget(calls.ledger._engine, EVERYONE, "day", 0)
    _, done = _quiz(maker, APPLY)
    assert cloud.asked == []
    assert [item.made_by.path for item in done.items] == ["template", "template"]
    assert any("budget" in note.casefold() for note in done.notes)


@pytest.mark.parametrize("error", [ServerFailed("down", status=500), RateLimited("busy", retry_after=500)])
def test_a_provider_that_is_down_does_not_stop_a_quiz(tmp_path: Path, error: ServerFailed | RateLimited) -> None:
    maker, _ = _maker(tmp_path, Scripted("together", [error]))
    _, done = _quiz(maker, APPLY)
    assert len(done.items) == 2
    assert done.notes


def test_a_swahili_quiz_is_made_of_swahili_text_alone(tmp_path: Path) -> None:
    english = Scripted("local", answer("no"), cloud=False, languages=("en",))
    _, done = _quiz(_maker(tmp_path, english)[0], QuizOrder("birth", count=4, language="sw"))
    texts = {card.id: card.sw.text for card in all_cards()}
    assert all(item.language == "sw" and item.evidence.quote in texts[item.evidence.card_id] for item in done.items)
    assert english.asked == []


def test_fewer_items_than_asked_say_how_many_and_why(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("antenatal", topic="malaria", count=10))
    assert (len(done.items), done.short_of, done.of) == (2, 8, 10)
    assert done.reason == "There are no more fact cards on this topic."


def test_not_one_item_is_an_error_and_never_half_a_quiz(tmp_path: Path) -> None:
    text = "Mothers often like to sit together in the shade of the big tree."
    (*_, end) = _maker(tmp_path)[0].make(QuizOrder("birth", text=text))
    assert isinstance(end, Failed)
    assert isinstance(end.error, QuizUnavailable)
    assert end.error.code == "quiz_unavailable"


def test_a_topic_that_no_card_has_names_the_topics_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        _maker(tmp_path)[0].make(QuizOrder("birth", topic="zzyzx"))
    assert caught.value.field == "topic"
    assert "labour" in (caught.value.remedy or "")


def test_words_that_are_no_topic_are_searched_for(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("antenatal", topic="folic acid tablets, malaria", count=3))
    assert {item.topic for item in done.items} <= {"supplements", "malaria"}


def test_a_danger_sign_does_not_stop_the_quiz_and_is_on_its_end(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("antenatal", topic="bleeding heavily while pregnant", count=1))
    assert done.triage.level == "emergency"
    assert done.items


def test_a_documents_items_cite_their_pages_and_pass_over_what_makes_none(tmp_path: Path) -> None:
    pages = (SourcePassage("01DOC", 1, "The first visit is in week 12. Eat well and rest when you are tired."),
             SourcePassage("01DOC", 2, "The cord falls off after 2 weeks. The bath waits for 24 hours.", "Notes"),
             SourcePassage("01DOC", 3, "Only breast milk is given for 6 months.", "Notes"))
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("postnatal", count=9, passages=pages))
    assert done.items
    for item in done.items:
        page = pages[(item.evidence.page or 0) - 1]
        assert item.evidence.quote in page.text
        assert item.evidence.document_id == "01DOC"
    assert any(note.startswith("Page 1: a sentence was passed over") for note in done.notes)
    assert done.short_of == 9 - len(done.items)


def test_what_was_asked_and_not_reached_is_said(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("birth", count=3, bloom="apply", difficulty="hard"))
    assert {item.bloom for item in done.items} <= {"remember", "understand"}
    assert any("`apply`" in note for note in done.notes)
    assert any("`hard`" in note for note in done.notes)


def test_why_questions_come_first_where_understanding_is_asked_for(tmp_path: Path) -> None:
    _, done = _quiz(_maker(tmp_path)[0], QuizOrder("birth", count=3, bloom="understand"))
    assert {item.bloom for item in done.items} == {"understand"}


def test_a_remade_item_asks_something_new(tmp_path: Path) -> None:
    maker, _ = _maker(tmp_path)
    order = QuizOrder("antenatal", count=5)
    _, done = _quiz(maker, order)
    taken = replace(order, taken=frozenset(stem_key(item.stem) for item in done.items),
                    used_cards=frozenset(item.evidence.card_id for item in done.items))
    fresh = maker.remake(taken, done.items[0])
    assert stem_key(fresh.stem) not in taken.taken
    assert fresh.evidence.card_id not in {item.evidence.card_id for item in done.items}


def test_a_model_remakes_an_item_on_the_same_fact(tmp_path: Path) -> None:
    old = next(iter(_quiz(_maker(tmp_path)[0], replace(SUPPLEMENTS, count=1))[1].items))
    maker, _ = _maker(tmp_path, Writer("together"))
    fresh = maker.remake(replace(SUPPLEMENTS, used_cards=frozenset({old.evidence.card_id})), old)
    assert fresh.evidence.card_id == old.evidence.card_id
    assert stem_key(fresh.stem) != stem_key(old.stem)


def test_a_client_that_leaves_ends_the_call_in_the_ledger(tmp_path: Path) -> None:
    slow = Scripted("together", [5.0, *answer("{}")])
    maker, calls = _maker(tmp_path, slow, first_token_timeout=5)
    events = maker.make(QuizOrder("birth", count=2, strategy="cloud"))
    assert next(events) == Progress(0, 2)  # a second went by
    events.close()  # type: ignore[attr-defined]
    assert {row.state for row in call_rows(calls)} == {"aborted"}
