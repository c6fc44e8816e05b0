"""Reads an uploaded list of clients, CSV or XLSX, into plain text cells. Quotes nothing of the file in its errors.

Trusts nothing: size, rows, unpacked size and columns are bounded, and a cell that is a formula is refused.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

from app.domain.errors import InvalidInput

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 5_000
COLUMNS = (
    "name",
    "mofsl_client_code",
    "api_key",
    "api_secret",
    "password",
    "two_fa",
    "totp_secret",
    "dealer_code",
    "egress",
    "groups",
    "is_active",
)
_NEEDED_COLUMNS = ("name", "mofsl_client_code")
_MOST_UNPACKED_BYTES = 64 * 1024 * 1024
_MOST_LINES = 20_000  # blank ones included
_MOST_CELL = 1_000
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One line: `number` as a spreadsheet shows it, cells by column name, and what is wrong with single cells."""

    number: int
    cells: dict[str, str] = field(repr=False)
    problems: tuple[tuple[str, str], ...] = ()


def read_client_file(content: bytes) -> list[FileRow]:
    """Return the lines below the header that are not blank. Raises InvalidInput (field `file`)."""
    if not content:
        raise _refused("is empty")
    if len(content) > MOST_BYTES:
        raise _refused(f"must have at most {MOST_BYTES // (1024 * 1024)} MiB")
    lines = _xlsx_lines(content) if content.startswith(_ZIP_MAGIC) else _csv_lines(content)
    return _rows(lines)


def _rows(lines: Iterator[tuple[int, Sequence[Any]]]) -> list[FileRow]:
    names: list[str] | None = None
    rows: list[FileRow] = []
    for number, cells in lines:
        if number > _MOST_LINES:
            raise _refused(f"must have at most {_MOST_LINES} lines, blank ones included")
        if all(_is_blank(cell) for cell in cells):
            continue
        if names is None:
            names = _header(cells)
            continue
        if len(rows) == MOST_ROWS:
            raise _refused(f"must have at most {MOST_ROWS} clients")
        rows.append(_row(number, names, cells))
    if names is None:
        raise _refused("is empty")
    if not rows:
        raise _refused("has a header but no clients")
    return rows


def _header(cells: Sequence[Any]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") if isinstance(cell, str) else "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    known = f"the columns are: {', '.join(COLUMNS)}"
    for position, name in enumerate(names, start=1):
        if name not in COLUMNS:  # not quoted: a file without a header begins with somebody's secrets
            raise _refused(f"column {position} of the first line is not a known name; {known}")
    if len(set(names)) != len(names):
        raise _refused("names a column twice")
    if missing := [name for name in _NEEDED_COLUMNS if name not in names]:
        raise _refused(f"lacks the column {missing[0]}; {known}")
    return names


def _row(number: int, names: Sequence[str], cells: Sequence[Any]) -> FileRow:
    found: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    if any(not _is_blank(cell) for cell in cells[len(names) :]):
        problems.append(("row", "has more cells than the header has names"))
    for name, cell in zip(names, cells, strict=False):
        if _is_blank(cell):
            continue
        try:
            found[name] = _text(name, cell)
        except ValueError as error:
            problems.append((name, str(error)))
    return FileRow(number, found, tuple(problems))


def _text(name: str, cell: Any) -> str:
    if name == "two_fa" and isinstance(cell, date):  # datetime is a date too
        return cell.strftime("%d/%m/%Y")
    if name == "is_active" and isinstance(cell, bool):
        return "true" if cell else "false"
    if not isinstance(cell, str):
        raise ValueError("must be a text cell: as a number it may have lost digits")
    if cell.lstrip().startswith("="):
        raise ValueError("must not be a formula")
    if len(cell) > _MOST_CELL:
        raise ValueError(f"must have at most {_MOST_CELL} characters")
    return cell if name == "password" else cell.strip()


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _csv_lines(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("must be CSV in UTF-8, or XLSX") from None
    if "\x00" in text:
        raise _refused("must be CSV in UTF-8, or XLSX")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise _refused(f"cannot be read as CSV near line {reader.line_num}") from None


def _delimiter(text: str) -> str:
    """Spreadsheets of some countries save with semicolons."""
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    workbook = None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_UNPACKED_BYTES:
                raise _refused("unpacks to too much")
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = workbook.worksheets[0]
        lines: Iterable[Sequence[Any]] = sheet.iter_rows(max_row=_MOST_LINES + 1, max_col=len(COLUMNS) + 1)
        yield from ((number, [_cell(cell) for cell in line]) for number, line in enumerate(lines, start=1))
    except InvalidInput:
        raise
    except Exception:  # noqa: BLE001 (a hostile file can raise anything inside the reader; it is refused whatever it was)
        raise _refused("cannot be read as XLSX") from None
    finally:
        if workbook is not None:
            workbook.close()


def _cell(cell: Any) -> Any:
    if getattr(cell, "data_type", None) == "f":
        return "="
    value = cell.value
    return value if isinstance(value, (str, bool, int, float, datetime, date)) else None if value is None else object()


def _refused(message: str) -> InvalidInput:
    return InvalidInput(f"the file {message}", code="import_file_unreadable", field="file")
