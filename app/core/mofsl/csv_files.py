"""MOFSL's CSV downloads, read by header name and whole or not at all.

A file that ends in the middle of a line, lacks a column, or has a row of another width is half-written or of another
kind: UnreadableAnswer. The last line must end with a line break: a cut inside the last field shows in no other way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from app.core.mofsl.errors import UnreadableAnswer

SCRIP_MASTER_COLUMNS = (
    "exchangename",
    "scripcode",
    "scripname",
    "marketlot",
    "scripshortname",
    "issuspended",
    "instrumentname",
    "expirydate",
    "strikeprice",
    "optiontype",
    "ticksize",
    "scripisinno",
    "isbanscrip",
    "scripfullname",
    "maxqtyperorder",
)
INDEX_COLUMNS = ("exchangename", "indexcode", "indexname")
EOD_COLUMNS = (
    "exchange",
    "scripcode",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "date",
    "scripfullname",
    "scripshortname",
    "expirydate",
    "strikeprice",
    "optiontype",
)
DPR_COLUMNS = (
    "exchangename",
    "scripcode",
    "scripname",
    "scripshortname",
    "strikeprice",
    "optiontype",
    "expirydate",
    "lowercircuitprice",
    "uppercircuitprice",
)


def csv_rows(http_status: int, body: bytes, required: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows under the file's own column names, at least one. Raises UnreadableAnswer."""

    def unreadable(message: str) -> UnreadableAnswer:
        return UnreadableAnswer(f"CSV: {message}", reason="csv", http_status=http_status)

    if http_status != 200:
        raise unreadable(f"HTTP {http_status}")
    if not body.endswith(b"\n"):
        raise unreadable("the file does not end with a whole line")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unreadable("the file is not UTF-8") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [column.strip() for column in next(lines, [])]
        missing = [column for column in required if column not in columns]
        if missing:
            raise unreadable(f"expected the columns {', '.join(missing)}")
        if len(set(columns)) != len(columns):
            raise unreadable("a column occurs twice")
        rows = [dict(zip(columns, line, strict=True)) for line in lines if line]
    except (csv.Error, ValueError):
        raise unreadable("a row does not have the header's columns") from None
    if not rows:
        raise unreadable("the file has no rows")
    return rows
