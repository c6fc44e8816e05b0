"""Expiry dates of derivatives: the date inside the scrip's name wins over the 1980 epoch (API.md section 6)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from app.core.mofsl.fields import calendar_day

_DATE_IN_NAME = re.compile(r"(?<!\d)\d{2}-[A-Za-z]{3}-\d{4}(?!\d)")
_EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - wall-clock India time; through UTC, MCX expiries would move a day
_LAST_S = 4_000_000_000  # beyond the year 2100: not an expiry


def expiry_date(scrip_name: str, epoch_1980_s: int) -> date | None:
    """Return the expiry, or None on an instrument without one (0 in the master)."""
    found = _DATE_IN_NAME.search(scrip_name)
    if found and (named := calendar_day(found.group())) is not None:
        return named
    if not 0 < epoch_1980_s < _LAST_S:
        return None
    return (_EPOCH + timedelta(seconds=epoch_1980_s)).date()
