"""The results of `flask extract`, one JSON line a file, on disk before the next file is begun.

The file of results is also what a run resumes from: after a kill -9 its last line may be cut, and is dropped; every
whole line is work that is not done, or paid for, again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chatbot.safe_csv import Cell, csv_text


class ExtractionLog:
    """Results of one folder for one order.

    Args:
        path: the JSONL file.
        order: a digest of what is asked for; results of another order are never mixed in. Raises ValueError then.
    """

    def __init__(self, path: Path, order: str) -> None:
        self.path, self._order = path, order
        self._lines: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._mend()
            for line in self._read():
                self._lines[line["file"]] = line

    def is_done(self, file: str, sha256: str) -> bool:
        """Whether that very file was read without an error."""
        known = self._lines.get(file, {})
        return known.get("sha256") == sha256 and "error" not in known

    def failed(self, files: Sequence[str]) -> list[tuple[str, str]]:
        """Those of `files` that could not be read, each with the reason."""
        return [(one, self._lines[one]["error"]) for one in files if "error" in self._lines.get(one, {})]

    def add(self, line: dict[str, Any]) -> None:
        """Write one result down, durably."""
        line = {**line, "order": self._order}
        with self.path.open("ab") as out:
            out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        self._lines[line["file"]] = line

    def write_csv(self, path: Path, fields: Sequence[str]) -> None:
        """The last result of each file as a table: a value, its page and its quote for each field."""
        header = ["file", "provider", "model", "cost_usd", "error",
                  *(name for one in fields for name in (one, f"{one}_page", f"{one}_quote"))]
        path.write_text(csv_text(header, (_row(line, fields) for line in self._lines.values())),
                        encoding="utf-8-sig", newline="")  # Excel reads UTF-8 only with a byte order mark

    def _mend(self) -> None:
        """Cut off a line that was not written to its end."""
        data = self.path.read_bytes()
        whole = data[:data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with self.path.open("r+b") as out:
                out.truncate(len(whole))
                os.fsync(out.fileno())

    def _read(self) -> Iterator[dict[str, Any]]:
        for number, raw in enumerate(self.path.read_bytes().splitlines(), 1):
            try:
                line = json.loads(raw)
                known = line["order"], line["file"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"line {number} of {self.path.name} is no result of this command") from None
            if known[0] != self._order:
                raise ValueError(f"{self.path.name} holds the results of another type or schema")
            yield line


def _row(line: dict[str, Any], fields: Sequence[str]) -> list[Cell]:
    cells: list[Cell] = [line["file"], line.get("provider"), line.get("model"), line.get("cost_usd"), line.get("error")]
    for name in fields:
        one = line.get("values", {}).get(name, {})
        value, evidence = one.get("value"), one.get("evidence") or {}
        cells += [_cell(value), evidence.get("page"), evidence.get("quote")]
    return cells


def _cell(value: Any) -> Cell:
    if isinstance(value, float):
        return str(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
