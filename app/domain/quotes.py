"""When a price read at the broker may be used for a decision (F57)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange, Instrument, Quote

LARGEST_CROSS = Decimal("0.005")  # bid and ask are not read at one instant: a small overlap happens
LARGEST_CLOCK_LEAD = timedelta(seconds=1)


class QuoteUnavailable(BrokerReadFailed):
    """No price that may be used. An order that needs one must not be sent."""

    default_code = "quote_unavailable"


def usable_quote(quote: Quote, exchange: Exchange, symbol_token: int, instrument: Instrument | None) -> Quote:
    """Return `quote` with unknown parts as None and the day's band from `instrument` where the quote has none.

    Raises QuoteUnavailable for another instrument's answer, a last price that is no price, or a crossed book.
    """
    name = f"{exchange}:{symbol_token}"
    if (quote.exchange, quote.symbol_token) != (exchange, symbol_token):
        raise QuoteUnavailable(f"asked for {name}, the broker answered {quote.exchange}:{quote.symbol_token}")
    if _price(quote.ltp) is None:
        raise QuoteUnavailable(f"the broker has no last price for {name}")
    bid, ask = _price(quote.bid), _price(quote.ask)
    if bid is not None and ask is not None and bid > ask * (1 + LARGEST_CROSS):
        raise QuoteUnavailable(f"the book of {name} is crossed: bid {bid} above ask {ask}")
    return replace(
        quote,
        bid=bid,
        ask=ask,
        close=_price(quote.close),
        upper=_price(quote.upper) or (_price(instrument.upper_band) if instrument else None),
        lower=_price(quote.lower) or (_price(instrument.lower_band) if instrument else None),
    )


def is_fresh(quote: Quote, now: datetime, *, max_age_s: float) -> bool:
    """Say whether `quote` is at most `max_age_s` old; one from the future is not fresh but wrong."""
    age = now - quote.as_of
    return -LARGEST_CLOCK_LEAD <= age <= timedelta(seconds=max_age_s)


def _price(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and amount.is_finite() and amount > 0 else None
