"""Turns frames into prices of the instruments that one connection carries, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from numpy.typing import NDArray

from app.core.mofsl import feed_packets as wire
from app.core.mofsl.feed_frames import PacketJoiner
from app.domain.feed import FeedCounters, FeedInstrument
from app.domain.instruments import Exchange

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
_NOTHING: Int64s = np.empty(0, np.int64)
_NONE: Bools = np.empty(0, np.bool_)
_MISSING = -1


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """What came in at once. Columns run side by side, in the order of arrival; paise are above zero.

    `stamps_s` count from 1980 on an Indian wall clock, `volumes` are the day's so far modulo 2**32 (0 for an index).
    A price that is not `are_on_tick` was rounded to the paisa.
    `understood` counts what proves that the feed lives, which noise cannot imitate: packets of what we registered,
    index values, and heartbeats in frames of nothing but whole, readable packets.
    """

    slots: Int64s = field(default_factory=lambda: _NOTHING)
    paise: Int64s = field(default_factory=lambda: _NOTHING)
    stamps_s: Int64s = field(default_factory=lambda: _NOTHING)
    volumes: Int64s = field(default_factory=lambda: _NOTHING)
    are_on_tick: Bools = field(default_factory=lambda: _NONE)
    understood: int = 0
    heartbeats: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Priced:
    slots: Int64s
    paise: Int64s
    stamps_s: Int64s
    are_on_tick: Bools
    rows: wire.Rows

    def followed_by(self, other: _Priced) -> _Priced:
        return _Priced(
            np.concatenate((self.slots, other.slots)),
            np.concatenate((self.paise, other.paise)),
            np.concatenate((self.stamps_s, other.stamps_s)),
            np.concatenate((self.are_on_tick, other.are_on_tick)),
            self.rows,
        )


class FeedDecoder:
    def __init__(self) -> None:
        self.counters = FeedCounters()
        self._joiner = PacketJoiner()
        self._prices = _Table(())
        self._indices = _Table(())

    def carry(self, instruments: Iterable[FeedInstrument]) -> None:
        """Take prices of these from now on. Raises ValueError for two that the wire cannot tell apart."""
        listed = list(instruments)
        self._prices = _Table([one for one in listed if not one.is_index])
        self._indices = _Table([one for one in listed if one.is_index])

    def decode(self, frames: Sequence[bytes]) -> FeedBatch:
        """Never raises for anything in `frames`."""
        faults: list[str] = []
        if any(frame[:1] == b"{" for frame in frames):
            frames = self._without_json(frames, faults)
        are_whole = not self._joiner.holds_part and all(len(frame) % wire.PACKET_BYTES == 0 for frame in frames)
        packets = self._joiner.join(frames)
        self.counters.skipped_bytes = self._joiner.skipped_bytes
        if not packets:
            return FeedBatch(faults=tuple(faults))
        rows = wire.header_rows(packets)
        kinds: NDArray[np.uint8] = rows["kind"].copy()
        readable = wire.are_packets(rows)
        self._count(rows, kinds, readable)
        heartbeats = int(np.count_nonzero(readable & (kinds == wire.HEARTBEAT[0])))
        places = self._prices.places(rows)
        proofs = int(np.count_nonzero(places != _MISSING))
        if heartbeats and are_whole and readable.all():
            proofs += heartbeats
        trades = self._priced(wire.LAST_TRADE, self._prices, packets, kinds, places)
        volumes = trades.rows["day_volume"].astype(np.int64)
        if (kinds == wire.INDEX[0]).any():
            proofs += int(np.count_nonzero(wire.are_index_values(rows)))
            values = self._priced(wire.INDEX, self._indices, packets, kinds, self._indices.places(rows))
            trades = trades.followed_by(values)
            volumes = np.concatenate((volumes, np.zeros(len(values.slots), np.int64)))
        self.counters.ticks += len(trades.slots)
        return FeedBatch(
            trades.slots,
            trades.paise,
            trades.stamps_s,
            volumes,
            trades.are_on_tick,
            understood=proofs,
            heartbeats=heartbeats,
            faults=tuple(faults),
        )

    def _priced(
        self, kind: bytes, table: _Table, packets: bytes, kinds: NDArray[np.uint8], places_of_all: Int64s
    ) -> _Priced:
        rows, places = wire.rows_of(kind, packets, kinds), places_of_all[kinds == kind[0]]
        is_ours = places != _MISSING
        if not is_ours.all():
            if kind == wire.LAST_TRADE:
                self.counters.unregistered += int(np.count_nonzero(~is_ours))
            rows, places = rows[is_ours], places[is_ours]
        paise, are_on_tick = wire.paise(rows["price"], table.ticks_paise[places])
        is_price = paise > 0
        if not is_price.all():
            self.counters.unpriced += int(np.count_nonzero(~is_price))
            rows, places = rows[is_price], places[is_price]
            paise, are_on_tick = paise[is_price], are_on_tick[is_price]
        return _Priced(table.slots[places], paise, rows["stamp"].astype(np.int64), are_on_tick, rows)

    def _count(self, rows: wire.Rows, kinds: NDArray[np.uint8], readable: NDArray[np.bool_]) -> None:
        counters = self.counters
        counters.packets += len(kinds)
        if not wire.IS_EXPLAINED[kinds].all():
            for kind in kinds[~wire.IS_EXPLAINED[kinds]].tolist():
                name = chr(kind)
                counters.unknown_types[name] = counters.unknown_types.get(name, 0) + 1
        if not readable.all():
            counters.unknown_exchanges += int(np.count_nonzero(~wire.IS_EXCHANGE[rows["exchange"]]))

    def _without_json(self, frames: Sequence[bytes], faults: list[str]) -> list[bytes]:
        """Take out frames that are JSON; one that only begins like it may be the second half of a packet."""
        kept: list[bytes] = []
        for frame in frames:
            if frame[:1] == b"{" and (not self._joiner.holds_part or _is_json(frame)):
                self.counters.faults += 1
                faults.append(frame[:200].decode("ascii", "replace"))
            else:
                kept.append(frame)
        return kept


class _Table:
    """Instruments by what stands in a packet's header."""

    def __init__(self, instruments: Sequence[FeedInstrument]) -> None:
        keys = [_header_key(one.exchange, one.symbol_token) for one in instruments]
        if len(set(keys)) != len(keys):
            raise ValueError("two instruments of one connection have the same letter and code on the wire")
        order = np.argsort(np.array(keys, np.int64), kind="stable")
        self._keys: Int64s = np.array(keys, np.int64)[order]
        self.slots: Int64s = np.array([one.slot for one in instruments], np.int64)[order]
        self.ticks_paise: Int64s = np.array([one.tick_paise for one in instruments], np.int64)[order]

    def places(self, rows: wire.Rows) -> Int64s:
        """Return where each of `rows` stands in this table, `_MISSING` where it does not."""
        if not len(self._keys):
            return np.full(len(rows), _MISSING, np.int64)
        wanted = (rows["exchange"].astype(np.int64) << 32) | (rows["code"].astype(np.int64) & 0xFFFF_FFFF)
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[places] == wanted, places, _MISSING)


def _header_key(exchange: Exchange, code: int) -> int:
    return (wire.WIRE_LETTERS[exchange][0][0] << 32) | code


def _is_json(frame: bytes) -> bool:
    try:
        return isinstance(orjson.loads(frame), dict)
    except orjson.JSONDecodeError:
        return False
