"""Good documents, made by the programs' own libraries: a PDF with fpdf2, a .docx with python-docx."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

IRON = ("Iron and folic acid tablets are given every day in pregnancy. They prevent anaemia, which makes a mother "
        "tired and can make her baby small. One tablet is taken each day with water.")
BREASTFEEDING = ("Kunyonyesha maziwa ya mama pekee kwa miezi sita ya kwanza humlinda mtoto. Ng'ombe au maziwa ya kopo "
                 "hayahitajiki. Mtoto hunyonya mara nane au zaidi kwa siku.")
KOREAN = "임신 중에는 매일 철분제를 복용합니다. 빈혈을 예방하기 위해서입니다."
PAGES = (IRON, BREASTFEEDING, "Sleep under a treated net every night. Malaria in pregnancy harms mother and child.")


def font() -> Path | None:
    """A Unicode font of this machine."""
    folder = Path("/usr/share/fonts/truetype/liberation")
    return next(iter(sorted(folder.glob("LiberationSans-Regular.ttf"))), None)


@cache
def pdf(*pages: str, head: str = "County Health Office", title: str = "") -> bytes:
    """A PDF with one text on each page, a running head and page numbers."""
    from fpdf import FPDF

    class Book(FPDF):
        def header(self) -> None:
            self.cell(0, 10, f"{head} - Volume {self.page_no()}", new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.cell(0, 10, f"Page {self.page_no()} of {len(pages)}")

    book = Book()
    found = font()
    if found:
        book.add_font("Sans", "", str(found))
    book.set_font("Sans" if found else "Helvetica", size=12)
    if title:
        book.set_title(title)
    for text in pages:
        book.add_page()
        for paragraph in text.split("\n"):
            book.multi_cell(0, 7, paragraph, align="L", new_x="LMARGIN", new_y="NEXT")
    return bytes(book.output())


@cache
def docx(*paragraphs: str, heading: str = "Iron in pregnancy", items: tuple[str, ...] = ()) -> bytes:
    """A Word document with a heading, paragraphs and a list."""
    import docx as python_docx

    document = python_docx.Document()
    document.core_properties.title = ""
    document.add_heading(heading, 1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    for item in items:
        document.add_paragraph(item, style="List Bullet")
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()


def thick_pdf() -> bytes:
    """300 full pages, the most that a document may have."""
    return pdf(*(f"{IRON} This is leaf {number}. " * 6 for number in range(1, 301)))
