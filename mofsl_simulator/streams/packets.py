"""The broadcast's bytes: 30-byte packets encoded as columns, and the packets that clients send.

Everything is little-endian without padding. Prices come in as points and go out as rupees in float32.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mofsl_simulator.money import POINTS_PER_RUPEE

Ints = npt.NDArray[np.int64]
Packets = npt.NDArray[np.void]
"""One 30-byte item a packet."""
PACKET_BYTES = 30
SECONDS_TO_1980 = 315_532_800
"""From 1970-01-01 to 1980-01-01, both Indian wall time."""
DEPTH_KINDS = b"BCDEF"
_LOGIN_BODY_BYTES, _REGISTER_BODY_BYTES = 111, 7
_LONGEST_CODE = 15
_HEADER: list[tuple[str, str]] = [("exchange", "u1"), ("code", "<i4"), ("time_s", "<i4"), ("kind", "u1")]
HEADER = np.dtype([*_HEADER, ("body", "V20")])
_TRADE = np.dtype(
    [*_HEADER, ("ltp", "<f4"), ("quantity", "<i4"), ("volume", "<i4"), ("average", "<f4"), ("open_interest", "<i4")]
)
_DEPTH = np.dtype(
    [
        *_HEADER,
        *[("bid", "<f4"), ("bid_quantity", "<i4"), ("bid_orders", "<u2")],
        *[("offer", "<f4"), ("offer_quantity", "<i4"), ("offer_orders", "<u2")],
    ]
)
_OHLC = np.dtype([*_HEADER, ("open", "<f4"), ("high", "<f4"), ("low", "<f4"), ("close", "<f4"), ("reserved", "V4")])
_RANGE = np.dtype([*_HEADER, ("upper", "<f4"), ("lower", "<f4"), ("reserved", "V12")])
_INTEREST = np.dtype([*_HEADER, ("now", "<i4"), ("high", "<i4"), ("low", "<i4"), ("reserved", "V8")])
_INDEX = np.dtype([*_HEADER, ("value", "<f4"), ("reserved", "V16")])
_PRICES = frozenset(
    {"ltp", "average", "bid", "offer", "open", "high", "low", "close", "upper", "lower", "value"},
)
_HEARTBEAT = struct.Struct("<ciic20x")
NO_PACKETS: Packets = np.empty(0, dtype=f"V{PACKET_BYTES}")


@dataclass(frozen=True, slots=True)
class Address:
    """Whom packets are about, one item a packet, and when (seconds since 1980, Indian wall time)."""

    exchange: npt.NDArray[np.uint8]
    code: npt.NDArray[np.int32]
    time_s: int

    def __len__(self) -> int:
        return len(self.code)


def _encode(layout: np.dtype[Any], kind: bytes, address: Address, **columns: Ints) -> Packets:
    packets = np.zeros(len(address), dtype=layout)
    packets["exchange"], packets["code"] = address.exchange, address.code
    packets["time_s"], packets["kind"] = address.time_s, kind[0]
    for name, column in columns.items():
        is_price = name in _PRICES and layout[name].kind == "f"
        packets[name] = column / POINTS_PER_RUPEE if is_price else column
    return packets.view(f"V{PACKET_BYTES}")


def trades(address: Address, *, ltp: Ints, quantity: Ints, volume: Ints, average: Ints, open_interest: Ints) -> Packets:
    """`A`. A volume beyond 31 bits wraps, as the field does."""
    return _encode(
        _TRADE, b"A", address,
        ltp=ltp, quantity=quantity, volume=volume, average=average, open_interest=open_interest,
    )  # fmt: skip


def depth(
    address: Address,
    level: int,
    *,
    bid: Ints,
    bid_quantity: Ints,
    bid_orders: Ints,
    offer: Ints,
    offer_quantity: Ints,
    offer_orders: Ints,
) -> Packets:
    """`B` to `F` for level 1 to 5."""
    return _encode(
        _DEPTH, DEPTH_KINDS[level - 1 : level], address,
        bid=bid, bid_quantity=bid_quantity, bid_orders=bid_orders,
        offer=offer, offer_quantity=offer_quantity, offer_orders=offer_orders,
    )  # fmt: skip


def ohlc(address: Address, *, open_: Ints, high: Ints, low: Ints, close: Ints) -> Packets:
    """`G`; `close` is the previous day's."""
    return _encode(_OHLC, b"G", address, open=open_, high=high, low=low, close=close)


def daily_range(address: Address, *, upper: Ints, lower: Ints) -> Packets:
    """`W`."""
    return _encode(_RANGE, b"W", address, upper=upper, lower=lower)


def open_interest(address: Address, *, now: Ints, high: Ints, low: Ints) -> Packets:
    """`m`, in units."""
    return _encode(_INTEREST, b"m", address, now=now, high=high, low=low)


def indices(address: Address, *, value: Ints) -> Packets:
    """`H`."""
    return _encode(_INDEX, b"H", address, value=value)


def heartbeat(time_s: int) -> bytes:
    """`1`."""
    return _HEARTBEAT.pack(b"N", 0, time_s, b"1")


@dataclass(frozen=True, slots=True)
class SignIn:
    """`Q`, or `q` for a repeated one."""

    clientcode: str


@dataclass(frozen=True, slots=True)
class Registration:
    """`D`: `segment` is C (cash) or D (derivatives)."""

    exchange: str
    segment: str
    code: int
    adds: bool


@dataclass(frozen=True, slots=True)
class HeartbeatAnswer:
    pass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no packet; whatever follows them in the message is lost with them."""

    data: bytes


ClientPacket = SignIn | Registration | HeartbeatAnswer | Unreadable


def client_packets(message: bytes) -> Iterator[ClientPacket]:
    """The packets of one WebSocket message, in order."""
    start = 0
    while start < len(message):
        body_bytes = int.from_bytes(message[start + 1 : start + 3], "little")
        end = start + 3 + body_bytes
        if len(message) - start < 3 or end > len(message):
            yield Unreadable(message[start:])
            return
        yield _client_packet(message[start:end])
        start = end


def _client_packet(packet: bytes) -> ClientPacket:
    kind, body_bytes = packet[:1], len(packet) - 3
    if kind in (b"Q", b"q") and body_bytes == _LOGIN_BODY_BYTES and packet[3] <= _LONGEST_CODE:
        code = packet[4 : 4 + packet[3]].decode("ascii", "replace")
        return SignIn(code.strip().upper())
    if kind == b"D" and body_bytes == _REGISTER_BODY_BYTES and packet[9] in (0, 1):
        exchange, segment = packet[3:4].decode("latin-1"), packet[4:5].decode("latin-1")
        number = int.from_bytes(packet[5:9], "little", signed=True)
        return Registration(exchange, segment, number, adds=packet[9] == 1)
    if kind == b"1" and body_bytes == 0:
        return HeartbeatAnswer()
    return Unreadable(packet)
