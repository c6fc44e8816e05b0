"""What an engine shares with the processes that only answer people: its feed's state, prices, and everybody's profit.

It lies in the cache under two keys that end by themselves soon after the engine stops writing, so whoever finds them
may take them for current.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson

from app.domain.feed import FeedHealth, FeedState, InstrumentKey
from app.domain.instruments import instrument_id, parse_instrument_id
from app.domain.profit_views import ClientPl

log = logging.getLogger(__name__)

FEED_KEY, FIGURES_KEY = "live:feed", "live:figures"
FEED_TTL_S, FIGURES_TTL_S = 1.5, 4.0


@dataclass(frozen=True, slots=True)
class SharedFigures:
    """`prices`: rupees, and the instant (UTC) at which each came in."""

    prices: Mapping[InstrumentKey, tuple[Decimal, datetime]]
    profits: Mapping[str, ClientPl]


def write_feed(health: FeedHealth) -> bytes:
    return orjson.dumps(health.as_event())


def read_feed(given: bytes | None) -> FeedHealth | None:
    """Return None where there is nothing, or nothing that can be read."""
    if given is None:
        return None
    try:
        body = orjson.loads(given)
        at = body["last_tick_at"]
        return FeedHealth(
            FeedState(body["status"]),
            body["reason"],
            None if at is None else datetime.fromisoformat(at),
            body["streamed"],
            body["polled"],
            body["unsupported"],
        )
    except (ValueError, KeyError, TypeError):
        log.warning("the state of the market feed that the engine shares cannot be read")
        return None


def write_figures(figures: SharedFigures) -> bytes:
    prices = {instrument_id(*key): (str(price), at) for key, (price, at) in figures.prices.items()}
    profits = {client_id: (one.paise, one.stale_reason) for client_id, one in figures.profits.items()}
    return orjson.dumps({"prices": prices, "profits": profits})


def read_figures(given: bytes | None) -> SharedFigures | None:
    """Return None where there is nothing, or nothing that can be read."""
    if given is None:
        return None
    try:
        body = orjson.loads(given)
        return SharedFigures(
            prices={
                parse_instrument_id(name): (Decimal(price), datetime.fromisoformat(at))
                for name, (price, at) in body["prices"].items()
            },
            profits={client_id: ClientPl(*one) for client_id, one in body["profits"].items()},
        )
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError):
        log.warning("the figures that the engine shares cannot be read")
        return None
