"""CSV that no spreadsheet runs: text that could begin a formula is prefixed, numbers stay numbers.

OWASP ASVS 5.0, 1.2.10: a cell of text that starts with `= + - @`, tab, carriage return or NUL (or a full-width
form of those signs, which Excel reads as the plain one) gets a leading apostrophe. Quoting is RFC 4180's.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | bool | None
"""None is an empty cell: something that is not known."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A whole CSV file, its lines ended with CR LF."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe_cell(name) for name in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe_cell(cell: Cell) -> str:
    """One cell as it may be written. Amounts are written out in full (`0.0000001`, never `1E-7`)."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    if not isinstance(cell, str):
        return str(cell).lower() if isinstance(cell, bool) else str(cell)
    # Excel drops leading spaces before it looks for a formula, so they do not hide one.
    start = unicodedata.normalize("NFKC", cell.lstrip(" \u00a0\u3000\ufeff"))[:1]
    text = cell.replace("\0", "")
    return f"'{text}" if start in FORMULA_STARTS and start else text


def plain(amount: Decimal) -> str:
    """An amount without an exponent and without zeros at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
