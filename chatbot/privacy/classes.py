"""What kinds of data there are here, and what may happen to each under each CLOUD_POLICY: one table.

Where two classes meet in one text, the stricter one decides for its own part: the words of a message may leave, the
phone number in it may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

DataClass = Literal["public", "pseudonymous", "message", "identifier", "secret"]
CloudPolicy = Literal["allowed", "ask", "never"]
Handling = Literal["leaves", "leaves redacted", "leaves redacted, with consent", "stays"]


@dataclass(frozen=True, slots=True)
class ClassRule:
    """One row: what belongs to a class, and what each policy does with it."""

    holds: str
    """Examples, for people."""
    under: Mapping[CloudPolicy, Handling]


CLASSES: dict[DataClass, ClassRule] = {
    "public": ClassRule("fact cards, danger-sign replies, our instructions to a model", {
        "never": "stays", "ask": "leaves redacted, with consent", "allowed": "leaves redacted"}),
    "pseudonymous": ClassRule("ids of conversations, calls and people; token counts; costs", {
        "never": "stays", "ask": "stays", "allowed": "stays"}),
    "message": ClassRule("what a person wrote, a document's text, a model's answer", {
        "never": "stays", "ask": "leaves redacted, with consent", "allowed": "leaves redacted"}),
    "identifier": ClassRule("phone, e-mail, document and record numbers, names, places, positions", {
        "never": "stays", "ask": "stays", "allowed": "stays"}),
    "secret": ClassRule("passwords, PINs, API keys, links with tokens", {
        "never": "stays", "ask": "stays", "allowed": "stays"}),
}
"""From the least to the most careful. `public` text goes through the same redaction: it only ever travels with a
message, and one way out is simpler to guard than two."""


def may_leave(kind: DataClass, policy: CloudPolicy, *, consented: bool = False) -> bool:
    """Whether data of a class may go to a cloud (redacted, where the table says so)."""
    handling = CLASSES[kind].under[policy]
    return handling in ("leaves", "leaves redacted") or (consented and handling == "leaves redacted, with consent")


def rows() -> Iterator[tuple[str, ...]]:
    """The table for the documents: class, what it holds, and what happens under `never`, `ask` and `allowed`."""
    for name, rule in CLASSES.items():
        yield name, rule.holds, rule.under["never"], rule.under["ask"], rule.under["allowed"]
