"""Quizzes to export: a plain one, a hostile one, and any (hypothesis)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.imports.judging import LONGEST_OPTION
from chatbot.quizzes.item import BankItem, Evidence, Item, Quiz

MADE = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CARD = Evidence(quote="Iron prevents anaemia.", card_id="iron", title="WHO: daily iron", url="https://www.who.int/iron")
IRON = Item(
    stem="Why are iron tablets given in pregnancy?",
    options=("They prevent anaemia", "They prevent malaria", "They help with sleep", "They stop nausea"), keys=(0,),
    rationale=("Iron makes blood.", "Nets prevent malaria.", "Iron does not.", "Iron does not."), evidence=CARD,
    stage="antenatal", topic="iron", tags=("iron", "tablets"))
COWS = Item(stem="Maziwa ya ng'ombe kwa mtoto mchanga?", options=("Hapana", "Ndiyo", "Mara moja"), keys=(1,),
            language="sw", evidence=Evidence(quote="Hapana.", document_id="D1", page=4, title="Mwongozo"))
HOSTILE = (
    "~={}#:", "]]>", "=1+1", "<script>alert(1)</script>", "🤰🏽 ni mama 👩‍⚕️", "ng'ombe",
    'say "yes"', "one\ntwo\n\nthree",
    r"\back\slash\n \~", "&amp; &lt;!ENTITY x SYSTEM 'file:///etc/passwd'&gt;", "W" * 300, "임신 중 철분", "مرحبا ואבא",
    "%50%half", "[html]<b>bold</b>", "[sound:x.mp3]", "-1", "+1", "@SUM(A1)", "＝1", "'=1", "''=1", "' =1", "// remark",
    "1. first", "* star", "# head", "| a | b |", "---", "::title::", "{{Answer}}", "-> arrow", "$CATEGORY: x",
    "<customOperator/>", '<printedVariable identifier="RESPONSE"/>', "%s {0} ${x}", "`code` _em_ ~~no~~ ![i](http://x/y)",
    "_x0041_", "T", "A", "ﬁn", "é", "a\tb", "http://example.org/?a=1&b=2")
REMOVED = "\x00\x01\x08\x1f\x7f\x9f\ufffe\ud800\u202e\u2066\U000e0041"
"""Characters that no export writes."""


def bank_item(item: Item, place: int = 1, **fields: Any) -> BankItem:
    return BankItem(**{"id": f"01JD0000000000000000000{place:03d}", "quiz_id": "01JDQ", "status": "approved",
                       "item": item, **fields})


def quiz_of(*items: Item, **fields: Any) -> Quiz:
    shown = tuple(bank_item(item, place) for place, item in enumerate(items, 1))
    return Quiz(**{"id": "01JDQ00000000000000000000", "title": "Iron and folic acid", "stage": "antenatal",
                   "created_at": MADE, "created_by": "p", "items": shown, **fields})


def hostile_item(text: str, key: int = 0) -> Item:
    """An item with `text` in every place that holds words."""
    return Item(stem=text, options=(text, f"{text} too", f"not {text}"), keys=(key,),
                rationale=(f"{text}", "", f"why {text}"), topic=text, tags=(text,),
                evidence=Evidence(quote=text, title=text, url="https://www.who.int/x", page=2))


PLAIN = quiz_of(IRON, COWS)
WILD = quiz_of(*(hostile_item(text, place % 3) for place, text in enumerate(HOSTILE)), title="=Iron / <b>\n{x}")

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40).filter(writable)
pieces = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(
    lambda parts: "".join(parts)[:LONGEST_OPTION])
texts = st.one_of(words, pieces)


@st.composite
def items(draw: st.DrawFn) -> Item:
    options = tuple(draw(st.lists(texts, min_size=2, max_size=5)))
    rationale = draw(st.one_of(st.just(()), st.lists(st.one_of(st.just(""), texts), min_size=len(options),
                                                     max_size=len(options)).map(tuple)))
    return Item(stem=draw(texts), options=options, keys=(draw(st.integers(0, len(options) - 1)),), rationale=rationale)


quizzes = st.lists(items(), min_size=1, max_size=3).map(lambda made: quiz_of(*made))
