"""The kinds of documents that are known by name, one TOML file each: their fields, and what each is called on paper.

To add one: copy a file. Descriptions and labels are in English, Korean and Swahili; a contract test reads every file.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.documents.fields import Field, schema_of
from chatbot.documents.tongue import DocumentLanguage
from chatbot.errors import InvalidInput

LANGUAGES: tuple[DocumentLanguage, ...] = ("en", "ko", "sw")


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One kind of document."""

    id: str
    names: tuple[str, ...]
    """What a caller may call it, the id among them, in small letters."""
    title: dict[str, str]
    """By language."""
    rows: tuple[dict[str, Any], ...]
    """The `[[field]]` tables, as they are."""

    def fields(self, language: DocumentLanguage = "en") -> tuple[Field, ...]:
        """Its fields, described in `language`; labels of every language, since forms are often bilingual."""
        return tuple(_field(row, language) for row in self.rows)

    def schema(self, language: DocumentLanguage = "en") -> dict[str, Any]:
        """Its JSON Schema."""
        return {"title": self.title[language], **schema_of(self.fields(language))}


def type_ids() -> list[str]:
    """The id of every type, in the order of the alphabet; no file is read for it."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


@cache
def document_types() -> tuple[DocumentType, ...]:
    """Every type, in the order of the alphabet."""
    return tuple(_type(Path(__file__).parent / f"{one}.toml") for one in type_ids())


def type_named(name: str) -> DocumentType:
    """The type of an id or of any of its names. Raises InvalidInput."""
    wanted = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    for one in document_types():
        if wanted in one.names:
            return one
    raise InvalidInput("There is no such document type.", field="document_type",
                       remedy=f"Use {', '.join(type_ids())}, or send a schema.")


def _type(path: Path) -> DocumentType:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    names = (path.stem.replace("_", " "), *(name.casefold() for name in table["names"]))
    return DocumentType(path.stem, tuple(dict.fromkeys(names)), table["title"], tuple(table["field"]))


def _field(row: dict[str, Any], language: DocumentLanguage) -> Field:
    labels = tuple(label for tongue in LANGUAGES for label in row["labels"].get(tongue, ()))
    many = row["kind"] == "list"
    item = (Field("item", "text"),) if many else ()
    return Field(row["name"], row["kind"], row["description"][language], labels, item)
