"""In which scale a book's prices are, once a row of it allows only one: then every row is read so (API.md section 6).

A single row often cannot say: a sale may fill far above its limit, and 40 rupees look like 0.40 scaled. The scale is a
property of the broker's endpoint, so one clear row settles it for all.
"""

from __future__ import annotations

import logging
from decimal import Decimal

from app.brokers.mofsl_prices import PriceScale

log = logging.getLogger(__name__)

# Near a limit is not exact: it may have been changed since, and a purchase fills below it.
_NEAR = (Decimal("0.3"), Decimal("1.3"))


class ScaleProof:
    """What the rows of one book have proven so far. A setting other than AUTO needs no proof."""

    def __init__(self, what: str, setting: PriceScale) -> None:
        self._what = what
        self._is_set = setting is not PriceScale.AUTO
        self.scale = setting

    def execution(self, value: Decimal, precision: int) -> None:
        """Take the price of one execution: a scaled one is whole, so a fraction is rupees, whatever seemed clear."""
        if precision and value != value.to_integral_value():
            self._prove(PriceScale.RUPEES)

    def average(self, value: Decimal, limit: Decimal) -> None:
        """Take an average: a fraction near the limit is rupees; a scaled average may have one too, but not there."""
        if value != value.to_integral_value() and _is_near(value, limit):
            self._prove(PriceScale.RUPEES)

    def purchase(self, value: Decimal, precision: int, limit: Decimal) -> None:
        """Take what was paid, or the average, under `limit`: scaled, where only that is near what may be paid."""
        is_free = self.scale is PriceScale.AUTO and precision > 0
        if is_free and value > limit * _NEAR[1] and _is_near(value.scaleb(-precision), limit):
            self._prove(PriceScale.SCALED)

    def _prove(self, scale: PriceScale) -> None:
        if self._is_set or self.scale is scale:
            return
        self.scale = scale
        log.info("price_scale_proven", extra={"endpoint": self._what, "reason": scale.value})


def _is_near(value: Decimal, limit: Decimal) -> bool:
    return limit > 0 and _NEAR[0] <= value / limit <= _NEAR[1]
