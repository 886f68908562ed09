"""Forms to extract from, as people file them: a Korean contract, a consent form, an antenatal card, and more.

Each is its text, and can be made a .docx (also one with a table), a PDF or a text file. What each says is written down
here by hand, so that no code of ours is its own judge. Every name is made up.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chatbot.documents.hostile_pdf import stream, write_pdf

KOREAN_FONT = Path(os.environ.get("FUNZA_TEST_KOREAN_FONT", "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"))
"""Debian's fonts-nanum; without it, a PDF with Korean names the reader's own font."""


@dataclass(frozen=True)
class Form:
    """A document and what it says."""

    document_type: str
    language: str
    text: str
    says: dict[str, Any]
    """The value of every field of its type; None where the document does not say it."""


CONTRACT_KO = Form("contract", "ko", """근 로 계 약 서
갑: 주식회사 한빛교육 (이하 "사용자")
을: 홍길동 (이하 "근로자")
사용자와 근로자는 다음과 같이 근로계약을 체결한다.
1. 계약 시작일: 2026년 3월 1일
2. 계약 종료일: 2027년 2월 28일
3. 근무장소: 서울특별시 종로구 사무실
4. 임 금: 월 2,500,000원
5. 임금지급일: 매월 25일
작성일: 2026. 2. 20.""", {
    "party_a": "주식회사 한빛교육", "party_b": "홍길동", "signed_on": "2026-02-20", "starts_on": "2026-03-01",
    "ends_on": "2027-02-28", "amount": "2,500,000원", "payment_terms": "매월 25일",
    "place": "서울특별시 종로구 사무실"})
CONSENT_EN = Form("consent_form", "en", """CONSENT FORM
Patient name: Asha Wanjiru
Procedure: Caesarean section with spinal anaesthesia
Health facility: Mtakuja Health Centre
Explained by: Baraka Otieno
Language used: Kiswahili
Witness: ____________________
Date of consent: 14 March 2026
The procedure, its benefits and its risks were explained to me, and my questions were answered.""", {
    "person": "Asha Wanjiru", "guardian": None, "purpose": "Caesarean section with spinal anaesthesia",
    "facility": "Mtakuja Health Centre", "explained_by": "Baraka Otieno", "witness": None, "signed_on": "2026-03-14",
    "language": "Kiswahili"})
CARD_EN = Form("antenatal_card", "en", """ANTENATAL CARD
Name of client: Asha Wanjiru
Health facility: Mtakuja Health Centre
Age: 24
Gravida: 2
Parity: 1
LMP: 01/03/2026
EDD: 06/12/2026
Hb: 11.2 g/dl
Next visit: ____________""", {
    "mother": "Asha Wanjiru", "card_number": None, "facility": "Mtakuja Health Centre", "age": 24, "gravida": 2,
    "parity": 1, "last_period_on": "2026-03-01", "due_on": "2026-12-06", "blood_group": None,
    "haemoglobin": "11.2 g/dl", "next_visit_on": None})
REFERRAL_SW = Form("referral_letter", "sw", """BARUA YA RUFAA
Tarehe: 1 Machi 2026
Kutoka: Zahanati ya Mtakuja
Kwenda: Hospitali ya Kaunti
Jina la mgonjwa: Amina Juma
Umri: 31
Sababu ya rufaa: mapacha, mmoja amelala vibaya
Wiki za ujauzito: 36
Mhudumu anayetuma: Neema Achieng""", {
    "patient": "Amina Juma", "age": 31, "written_on": "2026-03-01", "from_facility": "Zahanati ya Mtakuja",
    "to_facility": "Hospitali ya Kaunti", "referred_by": "Neema Achieng",
    "reason": "mapacha, mmoja amelala vibaya", "gestation_weeks": 36})
COURSE_EN = Form("course_outline", "en", """COURSE OUTLINE
Course title: Focused antenatal care
Course code: MCH 204
Institution: Mtakuja Medical Training College
Instructor: Neema Achieng
Start date: 4 May 2026
End date: 28 August 2026
Contact hours: 45
Learning outcomes:
1. Take a full history at the first contact
2. Name the danger signs of pregnancy
3. Plan a birth with a family

Assessment: two tests and one supervised clinic day""", {
    "course_title": "Focused antenatal care", "code": "MCH 204", "institution": "Mtakuja Medical Training College",
    "lecturer": "Neema Achieng", "starts_on": "2026-05-04", "ends_on": "2026-08-28", "hours": 45,
    "objectives": ["Take a full history at the first contact", "Name the danger signs of pregnancy",
                   "Plan a birth with a family"],
    "assessment": "two tests and one supervised clinic day"})
FORMS = {"contract, Korean": CONTRACT_KO, "consent form, English": CONSENT_EN, "antenatal card, English": CARD_EN,
         "referral letter, Swahili": REFERRAL_SW, "course outline, English": COURSE_EN}


def as_docx(form: Form) -> bytes:
    """A Word document with a paragraph for each line, the first one as its title."""
    import docx

    document = docx.Document()
    for number, line in enumerate(form.text.splitlines()):
        if number:
            document.add_paragraph(line)
        else:
            document.add_heading(line, 0)
    return _saved(document)


def as_docx_table(form: Form) -> bytes:
    """A Word document in which labels stand in the left column of a table, in bold, and values in the right one."""
    import docx

    document = docx.Document()
    title, *lines = form.text.splitlines()
    document.add_heading(title, 0)
    pairs = [line.partition(":") for line in lines if ":" in line]
    table = document.add_table(rows=len(pairs), cols=2)
    for row, (label, _, value) in zip(table.rows, pairs, strict=True):
        row.cells[0].paragraphs[0].add_run(label).bold = True
        row.cells[1].text = value.strip()
    return _saved(document)


def as_pdf(form: Form) -> bytes:
    """A PDF of one page."""
    from fpdf import FPDF

    if form.language == "ko" and not KOREAN_FONT.is_file():
        return as_pdf_without_its_font(form)
    book = FPDF()
    if form.language == "ko":
        book.add_font("Nanum", "", str(KOREAN_FONT))
        book.set_font("Nanum", size=12)
    else:
        book.set_font("Helvetica", size=12)
    book.add_page()
    for line in form.text.splitlines():
        book.multi_cell(0, 8, line, align="L", new_x="LMARGIN", new_y="NEXT")
    return bytes(book.output())


def as_pdf_without_its_font(form: Form) -> bytes:
    """As Korean office programs write it when they embed no font: a name, and UCS-2 (ISO 32000-1, 9.7.5.2)."""
    lines = b"".join(b"<%s> Tj T* " % line.encode("utf-16-be").hex().encode() for line in form.text.splitlines())
    return write_pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F 5 0 R >> >> >>",
        stream(b"BT /F 12 Tf 20 TL 60 780 Td " + lines + b"ET"),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HYSMyeongJo-Medium /Encoding /UniKS-UCS2-H "
        b"/DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYSMyeongJo-Medium /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 2 >> >>",
        b"<< /Type /FontDescriptor /FontName /HYSMyeongJo-Medium /Flags 6 /FontBBox [0 -150 1000 850] /ItalicAngle 0 "
        b"/Ascent 850 /Descent -150 /CapHeight 850 /StemV 90 >>"])


def _saved(document: Any) -> bytes:
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()
