"""The daily bands out of the JSON scrip master, which alone has them (API.md 8.23)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN

from app.core.mofsl.answers import Row
from app.core.mofsl.fields import FieldError, count, number
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange, PriceBand
from app.domain.money import PLACES

log = logging.getLogger(__name__)

BAND_FIELDS = frozenset({"exchangename", "scripcode", "lowercircuitprice", "uppercircuitprice"})
_LARGEST = 10**12


def read_bands(exchange: Exchange, rows: Sequence[Row]) -> list[PriceBand]:
    """Return the band of every row that has one; a row without, or with one that cannot be, has none.

    Raises BrokerReadFailed for another exchange's rows, and where a token occurs twice.
    """
    bands: dict[int, PriceBand] = {}
    without = 0
    try:
        for row in rows:
            if str(row.get("exchangename", "")).strip().upper() != exchange:
                raise FieldError("exchangename", f"the exchange that was asked for, {exchange}")
            token = count(row, "scripcode")
            if token in bands:
                raise FieldError("scripcode", "a token that stands in the answer once")
            band = _band(token, row)
            if band is None:
                without += 1
            else:
                bands[token] = band
    except FieldError as error:
        raise BrokerReadFailed(f"price bands of {exchange}: a row cannot be read ({error})") from None
    if not bands:
        raise BrokerReadFailed(f"price bands of {exchange}: none of {len(rows)} rows has one")
    if without:
        log.info("price bands of %s: %d rows have none", exchange, without)
    return list(bands.values())


def _band(token: int, row: Row) -> PriceBand | None:
    try:
        lower, upper = number(row, "lowercircuitprice"), number(row, "uppercircuitprice")
    except FieldError:
        return None
    if not 0 <= lower < upper < _LARGEST:
        return None
    return PriceBand(token, lower.quantize(PLACES, ROUND_HALF_EVEN), upper.quantize(PLACES, ROUND_HALF_EVEN))
