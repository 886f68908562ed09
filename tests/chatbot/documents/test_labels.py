"""What the labels of a form say, without any model, in three languages and four kinds of files."""

from __future__ import annotations

import pytest

from chatbot.documents.evidence import Document
from chatbot.documents.extraction import Asked, order_for, passages_of_text
from chatbot.documents.labels import read_labels
from chatbot.documents.passages import Passage
from chatbot.documents.types import LANGUAGES, document_types, type_named
from chatbot.documents.upload import read_upload
from tests.chatbot.documents.forms import (
    CONTRACT_KO,
    COURSE_EN,
    FORMS,
    Form,
    as_docx,
    as_docx_table,
    as_pdf,
    as_pdf_without_its_font,
)


def read(passages: tuple[Passage, ...], document_type: str) -> dict[str, object]:
    order = order_for(passages, Asked(document_type=document_type))
    return {name: one.value for name, one in read_labels(order.fields, Document(order.passages)).found.items()}


def said(form: Form) -> dict[str, object]:
    return {name: value for name, value in form.says.items() if value is not None}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_labelled_value_of_a_text_is_read_and_blank_lines_give_nothing(form: Form) -> None:
    assert read(passages_of_text(form.text), form.document_type) == said(form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("name", "make"), [("a.docx", as_docx), ("table.docx", as_docx_table), ("a.pdf", as_pdf)])
def test_the_same_is_read_from_word_from_a_table_and_from_pdf(form: Form, name: str, make: object) -> None:
    data = make(form)  # type: ignore[operator]
    expected = said(form)
    if form is COURSE_EN and name == "table.docx":
        expected.pop("objectives")  # the list stands in no row of that table
    passages = read_upload(name, data).lines
    assert read(passages, form.document_type) == expected
    assert {one.page for one in passages} == ({1} if name.endswith("pdf") else {None})


def test_a_korean_pdf_that_embeds_no_font_is_read() -> None:
    lines = read_upload("a.pdf", as_pdf_without_its_font(CONTRACT_KO)).lines
    assert read(lines, "계약서") == said(CONTRACT_KO)


@pytest.mark.parametrize(("text", "expected"), [
    ("Name: ________ Date: ______", {}),
    ("Name of the nearest clinic is far away. Date palms grow.", {}),
    ("성 명 : 김하나\n동의일 : 2026. 3. 14.", {"person": "김하나", "signed_on": "2026-03-14"}),
    ("JINA LA MSHIRIKI: Amina Juma; TAREHE: 1 Machi 2026", {"person": "Amina Juma", "signed_on": "2026-03-01"}),
    ("Witness\nJuma Otieno\nDate\n14/3/2026", {"witness": "Juma Otieno", "signed_on": "2026-03-14"}),
])
def test_only_what_stands_right_after_a_label_is_taken(text: str, expected: dict[str, str]) -> None:
    found = read(passages_of_text(text), "consent_form")
    assert found == expected


def test_a_line_left_blank_is_known_to_be_blank() -> None:
    order = order_for(passages_of_text("Witness: ......\nGuardian:\nName: Asha"), Asked(document_type="consent form"))
    assert read_labels(order.fields, Document(order.passages)).blank == {"witness", "guardian"}


def test_a_date_of_birth_is_not_the_date_of_the_form() -> None:
    assert "signed_on" not in read(passages_of_text("Name: Asha Wanjiru Birth Date: 3/4/1990"), "consent_form")


def test_a_value_says_on_which_page_it_stands() -> None:
    order = order_for((Passage(1, "CONSENT FORM"), Passage(2, "Witness: Juma Otieno")), Asked(document_type="consent"))
    found = read_labels(order.fields, Document(order.passages)).found["witness"]
    assert (found.evidence.page, found.evidence.quote) == (2, "Witness: Juma Otieno")  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", document_types(), ids=lambda kind: kind.id)
def test_every_type_is_whole_in_three_languages(kind: object) -> None:
    made = type_named(kind.id)  # type: ignore[attr-defined]
    assert set(made.title) == set(LANGUAGES)
    for row in made.rows:
        assert set(row["description"]) == set(row["labels"]) == set(LANGUAGES), row["name"]
    labels = [label.casefold() for one in made.fields() for label in set(map(str.casefold, one.labels))]
    assert len(labels) == len(set(labels)), "a label that two fields share means neither"
    for language in LANGUAGES:
        schema = made.schema(language)
        assert list(schema["properties"]) == [row["name"] for row in made.rows]
        assert all(part.get("description") for part in schema["properties"].values())


@pytest.mark.parametrize(("name", "known"), [("계약서", "contract"), ("Consent-Form", "consent_form"),
                                             ("MKATABA", "contract"), ("anc card", "antenatal_card")])
def test_a_type_may_be_called_by_any_of_its_names(name: str, known: str) -> None:
    assert type_named(name).id == known
