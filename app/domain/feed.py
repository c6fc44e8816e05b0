"""The market feed's rules: what is subscribed where, when its prices count as live, and when to try again.

Ages and limits are in seconds. `docs/live-prices.md` explains the rules to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from app.domain.instruments import Exchange

FALLBACK_LIMIT = 200  # instruments a login, where the broker names none (mofsl/STREAMS.md A.1)
_NSE_INDEX_CODES = range(26_000, 26_100)
_BSE_INDEX_CODES = range(999_901, 1_000_000)
_PAISE = 100

InstrumentKey = tuple[Exchange, int]


class Need(IntEnum):
    """Why an instrument's price is wanted; the lower, the sooner it gets a place on the feed."""

    HELD = 0
    TICKET = 1
    WATCHED = 2


class FeedState(StrEnum):
    LIVE = "live"
    DELAYED = "delayed"  # prices may be old: their ages say how old
    DOWN = "down"  # no connection


@dataclass(frozen=True, slots=True)
class FeedInstrument:
    """What the feed must know to turn a packet into a price. `slot` is its place in the price book."""

    exchange: Exchange
    symbol_token: int
    slot: int
    tick_paise: int  # >= 1
    is_index: bool = False  # arrives without registration, and counts against no limit

    @property
    def key(self) -> InstrumentKey:
        return self.exchange, self.symbol_token


@dataclass(slots=True)
class FeedCounters:
    """What one connection has seen. `unknown_types` counts by the type's character."""

    packets: int = 0
    ticks: int = 0
    unknown_types: dict[str, int] = field(default_factory=dict)
    unknown_exchanges: int = 0
    unregistered: int = 0  # last trades of instruments that we did not ask for
    unpriced: int = 0  # last trades whose price is none: zero, negative, endless
    skipped_bytes: int = 0  # what stood between packets, or belonged to half a packet whose rest never came
    faults: int = 0  # JSON or text where packets belong


def sum_of(several: Iterable[FeedCounters]) -> FeedCounters:
    total = FeedCounters()
    for one in several:
        for name in _PLAIN_COUNTERS:
            setattr(total, name, getattr(total, name) + getattr(one, name))
        for kind, count in one.unknown_types.items():
            total.unknown_types[kind] = total.unknown_types.get(kind, 0) + count
    return total


_PLAIN_COUNTERS = tuple(one.name for one in fields(FeedCounters) if one.name != "unknown_types")


@dataclass(frozen=True, slots=True)
class LineView:
    """One login's connection as the rules see it."""

    is_open: bool
    registered: int  # instruments
    are_ticks_expected: bool  # an exchange that it carries is open
    open_s: float = 0.0  # since the connection was opened
    silent_s: float | None = None  # since the last packet that was understood; None: none yet


@dataclass(frozen=True, slots=True)
class FeedTimings:
    """When silence means something, and how long to wait. Seconds."""

    delayed_after_s: float = 2.0  # while ticks are expected; the feed sends several a second then
    dead_after_s: float = 60.0  # in market hours (mofsl/STREAMS.md A.5)
    dead_when_closed_after_s: float = 180.0  # several heartbeats
    silent_start_s: float = 10.0  # a server that does not know the client code stays silent
    asked_again_after_s: float = 0.5  # after bytes were lost, and perhaps a last price with them
    asked_again_every_s: float = 5.0  # while bytes are being lost
    first_retry_s: float = 0.25
    longest_retry_s: float = 2.0  # in market hours: the desk recovers within 5 s of the feed's return
    longest_retry_when_closed_s: float = 60.0


TIMINGS = FeedTimings()


def feed_state(lines: Sequence[LineView], timings: FeedTimings = TIMINGS) -> tuple[FeedState, str | None]:
    """Judge the feed as a whole, with a sentence on what is wrong. Every line in `lines` is one that is needed."""
    if not any(line.is_open for line in lines):
        return FeedState.DOWN, "There is no connection to the market feed."
    if not all(line.is_open for line in lines):
        return FeedState.DELAYED, "One of the connections to the market feed is down."
    if any(_is_late(line, timings) for line in lines):
        return FeedState.DELAYED, "The market feed is silent."
    return FeedState.LIVE, None


def is_streaming(line: LineView, timings: FeedTimings = TIMINGS) -> bool:
    """Say whether what this line carries needs no other source of prices now."""
    return line.is_open and not _is_late(line, timings)


def reason_to_hang_up(line: LineView, timings: FeedTimings = TIMINGS) -> str | None:
    """Return why an open line must be opened anew, or None."""
    silent_s = line.open_s if line.silent_s is None else line.silent_s
    is_silent_start = line.silent_s is None and line.are_ticks_expected and line.registered
    if is_silent_start and silent_s > timings.silent_start_s:
        return "nothing came after the login"
    limit_s = _dead_after_s(line, timings)
    return f"nothing came for {limit_s:g} s" if silent_s > limit_s else None


def reconnect_delay_s(
    failures: int, jitter: float, *, are_ticks_expected: bool, timings: FeedTimings = TIMINGS
) -> float:
    """Return the pause after `failures` (>= 1) in a row: doubling, capped, and spread by `jitter` in [0, 1)."""
    cap_s = timings.longest_retry_s if are_ticks_expected else timings.longest_retry_when_closed_s
    doubled = timings.first_retry_s * 2.0 ** min(failures - 1, 16)
    return min(doubled, cap_s) * (0.5 + 0.5 * jitter)


def _is_late(line: LineView, timings: FeedTimings) -> bool:
    if line.are_ticks_expected and line.registered:
        return line.silent_s is None or line.silent_s > timings.delayed_after_s
    return (line.open_s if line.silent_s is None else line.silent_s) > _dead_after_s(line, timings)


def _dead_after_s(line: LineView, timings: FeedTimings) -> float:
    return timings.dead_after_s if line.are_ticks_expected else timings.dead_when_closed_after_s


@dataclass(frozen=True, slots=True)
class Capacity:
    """One login's place on the feed. The order of logins is the order of filling them."""

    login_id: str
    limit: int  # instruments


@dataclass(frozen=True, slots=True)
class SubscriptionPlan:
    by_login: Mapping[str, frozenset[InstrumentKey]]
    indices: frozenset[InstrumentKey]
    without_place: tuple[InstrumentKey, ...]  # the most needed first


def plan_subscriptions(
    wanted: Mapping[InstrumentKey, Need],
    logins: Sequence[Capacity],
    current: Mapping[InstrumentKey, str],
) -> SubscriptionPlan:
    """Give the most needed instruments a place, and leave where they are those that have one.

    One login never carries two instruments that the wire cannot tell apart: the same code on NSE and NSEFO.
    """
    order = sorted((k for k in wanted if not is_index(k)), key=lambda k: (wanted[k], k not in current, k))
    chosen = order[: sum(max(login.limit, 0) for login in logins)]
    room = {login.login_id: max(login.limit, 0) for login in logins}
    placed: dict[str, dict[InstrumentKey, InstrumentKey]] = {login_id: {} for login_id in room}  # wire key -> key
    homeless: list[InstrumentKey] = []
    for key in chosen:
        home = current.get(key)
        if home is None or not _put(key, home, placed, room):
            homeless.append(key)
    without_place = [key for key in homeless if not any(_put(key, home, placed, room) for home in placed)]
    return SubscriptionPlan(
        by_login={login_id: frozenset(keys.values()) for login_id, keys in placed.items()},
        indices=frozenset(k for k in wanted if is_index(k)),
        without_place=(*without_place, *order[len(chosen) :]),
    )


def _put(
    key: InstrumentKey, login_id: str, placed: dict[str, dict[InstrumentKey, InstrumentKey]], room: Mapping[str, int]
) -> bool:
    there = placed.get(login_id)
    if there is None or len(there) >= room[login_id] or _wire_key(key) in there:
        return False
    there[_wire_key(key)] = key
    return True


def _wire_key(key: InstrumentKey) -> InstrumentKey:
    return (Exchange.NSE, key[1]) if key[0] is Exchange.NSEFO else key


def is_index(key: InstrumentKey) -> bool:
    """Say whether this is an index by the broker's code ranges (mofsl/STREAMS.md A.4)."""
    exchange, code = key
    return (exchange is Exchange.NSE and code in _NSE_INDEX_CODES) or (
        exchange is Exchange.BSE and code in _BSE_INDEX_CODES
    )


def tick_in_paise(tick_size: Decimal) -> int | None:
    """Return the tick in paise, or None for one that is no whole number of paise: paise cannot hold such prices."""
    paise = tick_size * _PAISE
    return int(paise) if paise == paise.to_integral_value() and paise >= 1 else None


def price_in_paise(price: Decimal) -> int | None:
    """Return `price` in paise where it is a price and paise can hold it exactly."""
    if not price.is_finite() or price <= 0:
        return None
    paise = price * _PAISE
    return int(paise) if paise == paise.to_integral_value() else None


def most_needed(needs: Iterable[tuple[InstrumentKey, Need]]) -> dict[InstrumentKey, Need]:
    """Return each instrument once, with the strongest of its reasons."""
    strongest: dict[InstrumentKey, Need] = {}
    for key, need in needs:
        strongest[key] = min(need, strongest.get(key, need))
    return strongest


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """What people are told about prices. Ages of single instruments are in the price book."""

    state: FeedState
    reason: str | None
    last_tick_at: datetime | None  # UTC
    streamed: int  # instruments on a line that delivers
    polled: int  # instruments read one by one instead, within the read limit
    unsupported: int  # ticks finer than a paisa, or not in the scrip master

    def as_event(self) -> dict[str, object]:
        return {
            "status": self.state.value,
            "reason": self.reason,
            "last_tick_at": self.last_tick_at.isoformat() if self.last_tick_at else None,
            "streamed": self.streamed,
            "polled": self.polled,
            "unsupported": self.unsupported,
        }
