"""A price for an order or a person: the market feed's while it is fresh, else one read at the broker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from app.domain.errors import DeskError
from app.domain.feed import FeedState, InstrumentKey
from app.domain.instruments import Exchange, Quote, instrument_id
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.feed import PRICE_WANTED
from app.domain.ports.planning import Catalogue
from app.domain.quotes import is_fresh
from app.domain.time import trading_day
from app.services.live_figures import LiveFigures
from app.services.quotes import QuoteReader

_HINT_EVERY_S = 15.0
_MOST_HINTS = 1_000  # instruments remembered, so that a screen that asks each second sends few hints


class LiveQuotes:
    """Implements `Quotes`. Asking puts the instrument on the feed for a while, so the next price comes from there."""

    def __init__(self, *, reader: QuoteReader, live: LiveFigures, catalogue: Catalogue, bus: Bus, clock: Clock) -> None:
        self._reader = reader
        self._live = live
        self._catalogue = catalogue
        self._bus = bus
        self._clock = clock
        self._hinted_at_s: dict[InstrumentKey, float] = {}

    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        """Return a price at most `max_age_s` old; `bid` and `ask` are None unless they are as fresh.

        Raises QuoteUnavailable.
        """
        await self._ask_the_feed_for((exchange, symbol_token))
        streamed = await self._streamed(exchange, symbol_token, max_age_s)
        return streamed or await self._reader.quote(exchange, symbol_token, max_age_s=max_age_s)

    async def whole_quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        """As `quote`, with bid and ask wherever the broker gives them: the feed's last price replaces the one read with
        them only where the two still fit together.

        Raises QuoteUnavailable.
        """
        await self._ask_the_feed_for((exchange, symbol_token))
        try:
            read = await self._reader.quote(exchange, symbol_token, max_age_s=max_age_s)
        except DeskError:
            streamed = await self._streamed(exchange, symbol_token, max_age_s)
            if streamed is None:
                raise
            return streamed
        streamed = await self._streamed(exchange, symbol_token, max_age_s)
        if streamed is None or streamed.as_of <= read.as_of or not _fits(streamed):
            return read
        return streamed

    async def close(self) -> None:
        await self._reader.close()

    async def _streamed(self, exchange: Exchange, symbol_token: int, max_age_s: float) -> Quote | None:
        """Return the feed's price where the feed is live, the price is fresh, and the day's range allows it."""
        found = await self._live.price(exchange, symbol_token)
        now = self._clock.now()
        if found is None or now - found[1] > timedelta(seconds=max_age_s):
            return None
        if (await self._live.feed()).state is not FeedState.LIVE:
            return None
        price, at = found
        quote = self._around(exchange, symbol_token, price, max_age_s)
        if (quote.lower is not None and price < quote.lower) or (quote.upper is not None and price > quote.upper):
            return None
        return replace(quote, as_of=at)

    def _around(self, exchange: Exchange, symbol_token: int, price: Decimal, max_age_s: float) -> Quote:
        """Return `price` with what the last reading said besides, as far as that still holds."""
        now = self._clock.now()
        read = self._reader.last_known(exchange, symbol_token)
        if read is not None and trading_day(read.as_of) == trading_day(now):  # close and range are of the day
            if is_fresh(read, now, max_age_s=max_age_s):
                return replace(read, ltp=price)
            return replace(read, ltp=price, bid=None, ask=None, volume=None)
        instrument = self._catalogue.get(exchange, symbol_token)
        upper = instrument.upper_band if instrument is not None else None
        lower = instrument.lower_band if instrument is not None else None
        return Quote(exchange, symbol_token, price, None, None, None, now, upper=upper, lower=lower)

    async def _ask_the_feed_for(self, key: InstrumentKey) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._hinted_at_s.get(key, float("-inf")) < _HINT_EVERY_S:
            return
        if len(self._hinted_at_s) >= _MOST_HINTS:
            self._hinted_at_s.clear()
        self._hinted_at_s[key] = now_s
        await self._bus.publish(PRICE_WANTED, {"instruments": [instrument_id(*key)]})


def _fits(quote: Quote) -> bool:
    """Say whether the last price lies within bid and ask, as far as they are known."""
    return (quote.bid is None or quote.bid <= quote.ltp) and (quote.ask is None or quote.ltp <= quote.ask)
