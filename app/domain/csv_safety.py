"""Text that goes into a CSV file must not become a formula in somebody's spreadsheet (OWASP, CSV injection)."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_cell(text: str) -> str:
    """Return `text` with an apostrophe before whatever a spreadsheet would evaluate."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS) else text
