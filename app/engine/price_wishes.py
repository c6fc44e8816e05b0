"""Turns hints on the bus into places on the market feed: an instrument that somebody looks at."""

from __future__ import annotations

from app.domain.feed import Need
from app.domain.instruments import parse_instrument_id
from app.domain.ports.bus import Bus
from app.domain.ports.feed import PRICE_WANTED
from app.engine.market_feed import MarketFeed

KEPT_S = 60.0  # after the last hint; whoever looks on hints again


async def heed_price_wishes(bus: Bus, feed: MarketFeed) -> None:
    """Run until cancelled or until the bus closes. A lost hint costs one price its place for some seconds."""
    async with bus.subscribe(PRICE_WANTED) as hints:
        async for hint in hints:
            for name in hint.body.get("instruments", ()):
                try:
                    key = parse_instrument_id(name)
                except ValueError:
                    continue  # of another version of the desk
                feed.want(f"ticket {name}", Need.TICKET, [key], for_s=KEPT_S)
