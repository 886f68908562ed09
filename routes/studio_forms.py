"""The studio's forms: what a browser sent, kept as it was typed, and turned into what the API's shapes check."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from chatbot.errors import InvalidInput
from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Evidence, Item
from routes.errors import first_mistake
from routes.quiz_schemas import ItemIn, ItemPatch, QuizIn
from routes.quiz_shapes import evidence_of
from routes.schemas import In

MOST_OPTIONS = 6
Shape = TypeVar("Shape", bound=In)


@dataclass(frozen=True, slots=True)
class ItemForm:
    """An item as it stands in the form; `rows` are all options, also empty ones."""

    version: int = 1
    question: str = ""
    rows: tuple[tuple[str, str], ...] = (("", ""),) * 4
    """Option and rationale."""
    key: int | None = None
    """Place in `rows`."""
    difficulty: str = "medium"
    bloom: str = "remember"
    tags: str = ""
    quote: str = ""
    card_id: str = ""

    @classmethod
    def of(cls, item: Item, version: int) -> ItemForm:
        """The form that shows `item`."""
        reasons = [*item.rationale, *[""] * MOST_OPTIONS]
        return cls(version, item.stem, tuple(zip(item.options, reasons, strict=False)),
                   item.keys[0] if len(item.keys) == 1 else None, item.difficulty, item.bloom, ", ".join(item.tags),
                   item.evidence.quote, item.evidence.card_id)

    @classmethod
    def sent(cls, form: MultiDict[str, str]) -> ItemForm:
        """The form as it came back."""
        key = form.get("key", "")
        return cls(version_sent(), _text(form, "question"),
                   tuple((" ".join(_text(form, f"option.{place}").split()), _text(form, f"reason.{place}"))
                         for place in range(MOST_OPTIONS)),
                   int(key) if key in {str(place) for place in range(MOST_OPTIONS)} else None,
                   form.get("difficulty", "medium"), form.get("bloom", "remember"), _text(form, "tags"),
                   _text(form, "quote"), form.get("card_id", ""))

    def at(self, version: int) -> ItemForm:
        """The same words, written over another version."""
        return replace(self, version=version)

    def shown_rows(self) -> list[tuple[str, str]]:
        """Every option that says something and one to add; at least four rows."""
        last = max((place for place, row in enumerate(self.rows) if any(row)), default=-1)
        count = min(MOST_OPTIONS, max(4, last + 2))
        return [*self.rows, *[("", "")] * MOST_OPTIONS][:count]

    def fields(self, evidence: Evidence) -> dict[str, Any]:
        """What the API's shapes take; `evidence` is the item's own, whose document stays when no card is chosen."""
        kept = [place for place, (option, _) in enumerate(self.rows) if option]
        reasons = [self.rows[place][1] for place in kept]
        return {"question": self.question, "options": [self.rows[place][0] for place in kept],
                "answer_index": kept.index(self.key) if self.key in kept else None,
                "rationale": reasons if any(reasons) else [], "difficulty": self.difficulty, "bloom": self.bloom,
                "tags": [tag.strip() for tag in self.tags.split(",") if tag.strip()],
                "evidence": self._evidence(evidence)}

    def patch(self, evidence: Evidence) -> ItemPatch:
        """The change that the form asks for. Raises InvalidInput naming the field."""
        return checked_fields(ItemPatch, {"version": self.version, **self.fields(evidence)})

    def new(self) -> ItemIn:
        """The new item that the form asks for. Raises InvalidInput naming the field."""
        return checked_fields(ItemIn, self.fields(Evidence()))

    def item(self, before: Item) -> Item:
        """The item as it would be, in whatever state, for the lint."""
        fields = self.fields(before.evidence)
        key = fields["answer_index"]
        sent = checked_fields(ItemIn, {"evidence": fields["evidence"]}).evidence
        return before.model_copy(update={
            "stem": self.question, "options": tuple(fields["options"]), "keys": () if key is None else (key,),
            "rationale": tuple(fields["rationale"]), "evidence": evidence_of(sent, before.language)})

    def _evidence(self, evidence: Evidence) -> dict[str, Any]:
        if self.card_id:
            return {"quote": self.quote, "card_id": self.card_id}
        return {**evidence.model_dump(), "quote": self.quote, "card_id": ""} if evidence.document_id else {
            "quote": self.quote}


def order_of(form: MultiDict[str, str], stage: str, document_id: str = "") -> QuizIn:
    """The quiz that the form asks for, of a document when its id is given. Raises InvalidInput naming the field."""
    source = form.get("source", "cards")
    asked: dict[str, Any] = {name: form[name] for name in ("difficulty", "language", "title") if form.get(name)}
    for name in ("count", "options"):
        asked[name] = int(form[name]) if form.get(name, "").isdecimal() and len(form[name]) < 4 else form.get(name)
    if source == "text":
        asked["text"] = _text(form, "text")
    elif source == "cards":
        asked["topic"] = ", ".join(form.getlist("topic"))
    return checked_fields(QuizIn, {"stage": stage, **asked, **({"document_id": document_id} if document_id else {})})


def checked_fields(shape: type[Shape], fields: dict[str, Any]) -> Shape:
    """The same fields as a shape of the API. Raises InvalidInput for the first mistake."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise first_mistake(error) from None


def version_sent() -> int:
    """The version that the form was filled in for; 0, which no record has, when it names none."""
    return number_sent("version")


def number_sent(name: str) -> int:
    """A whole number of the form; 0 when there is none."""
    value = request.form.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def must_have_key(form: ItemForm, evidence: Evidence) -> None:
    """Refuse a form that marks no answer as right. Raises InvalidInput."""
    if form.fields(evidence)["answer_index"] is None:
        raise InvalidInput("No answer is marked as right.", field="answer_index")


def _text(form: MultiDict[str, str], name: str) -> str:
    """A field as it was typed; browsers send line ends as CR LF."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def written_in(language: Language) -> Item:
    """An item of which nothing is written yet."""
    return Item(stem="", options=(), keys=(), language=language)
