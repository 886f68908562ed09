"""Reads tests/data/flawed_items.toml: items, what must be said of them and what must not."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.quizzes.item import Evidence, Finding, Item
from chatbot.quizzes.lint import lint_item, lint_set

FLAWED_ITEMS = Path(__file__).parents[3] / "data" / "flawed_items.toml"
_REPEATED = re.compile(r"\{(\d+) times: ([^}]*)\}")
_OPTIONS = ("a first wrong answer", "a second wrong answer")


@dataclass(frozen=True)
class Case:
    """One item, or one set of them, and the rules that must and must not speak."""

    name: str
    fires: frozenset[str]
    quiet: frozenset[str]
    held_out: bool
    items: tuple[Item, ...]
    asked: dict[str, Any]
    """What the lint is told beside the items."""
    is_set: bool = False

    def findings(self) -> tuple[Finding, ...]:
        return lint_set(self.items, **self.asked) if self.is_set else lint_item(self.items[0], **self.asked)


@cache
def cases() -> tuple[Case, ...]:
    tables = tomllib.loads(FLAWED_ITEMS.read_text(encoding="utf-8"))
    single = [_single(number, table, tables) for number, table in enumerate(tables["case"], 1)]
    return (*single, *(_whole_set(number, table) for number, table in enumerate(tables["set"], 1)))


def _single(number: int, table: dict[str, Any], tables: dict[str, Any]) -> Case:
    base = tables["item"][table["of"]]
    made = base | table
    source = tables["source"][base["source"]]
    text = None if made["source"] == "" else source["text"] + made.get("append", "")
    item = Item(stem=_whole(made["stem"]), options=tuple(map(_whole, made["options"])),
                keys=tuple(made.get("keys", (made["key"],))), rationale=tuple(map(_whole, made.get("rationale", ()))),
                language=source["language"],
                evidence=Evidence(quote=made["quote"], card_id=made.get("evidence_from", base["source"])))
    asked = {"source_text": text, "bank_stems": tuple(made.get("bank", ())), "source_expires_on": made.get("expires"),
             "today": made.get("today", date(2026, 11, 21))}
    return Case(f"case {number} of {table['of']}", *_wanted(table), (item,), asked)


def _whole_set(number: int, table: dict[str, Any]) -> Case:
    items = []
    for (stem, topic, key), place in zip(table["items"], table["places"], strict=True):
        options = list(_OPTIONS)
        options.insert(place, key)
        items.append(Item(stem=stem, topic=topic, options=tuple(options), keys=(place,),
                          language=table.get("language", "en")))
    return Case(f"set {number}", *_wanted(table), tuple(items), {"topics": table.get("topics", ())}, is_set=True)


def _wanted(table: dict[str, Any]) -> tuple[frozenset[str], frozenset[str], bool]:
    return frozenset(table.get("fires", ())), frozenset(table.get("quiet", ())), table.get("held_out", False)


def _whole(text: str) -> str:
    return _REPEATED.sub(lambda found: " ".join([found[2]] * int(found[1])), text)
