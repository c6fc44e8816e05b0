"""The broadcast's packets (mofsl/STREAMS.md A.2, A.3): ours as bytes, the server's as numpy rows without a copy.

Server packets are 30 bytes, little-endian: exchange letter, code, stamp, message type, and 20 bytes that the type
explains. A stamp is seconds since 1980-01-01 00:00, read off an Indian wall clock.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.instruments import Exchange

PACKET_BYTES = 30
HEADER_BYTES = 10
STAMP_TO_UNIX_S = 315_513_000
HEARTBEAT_ANSWER = b"1\x00\x00"
LONGEST_CLIENT_CODE = 15
LARGEST_PRICE_RUPEES = 1e7

_LOGIN = struct.Struct("=cHB15sB30sBBBB10sBBBBB45s")
_REGISTER = struct.Struct("=cHcciB")
_PREFIX_BYTES = 3  # type and length, which the length does not count
_VERSION = b"VER 2.0"

WIRE_LETTERS: dict[Exchange, tuple[bytes, bytes]] = {
    Exchange.NSE: (b"N", b"C"),
    Exchange.NSEFO: (b"N", b"D"),
    Exchange.BSE: (b"B", b"C"),
    Exchange.BSEFO: (b"G", b"D"),
    Exchange.NSECD: (b"C", b"D"),
    Exchange.MCX: (b"M", b"D"),
}
_NCDEX_LETTER = b"D"
_BY_LETTER = {letter: exchange for exchange, (letter, _) in WIRE_LETTERS.items() if exchange is not Exchange.NSEFO}
_NSE_CODES = (range(1, 35_000), range(888_801, 888_821))

LAST_TRADE, DAY_PRICES, DAILY_RANGE, OPEN_INTEREST, INDEX, HEARTBEAT = b"A", b"G", b"W", b"m", b"H", b"1"
DEPTH_LEVELS = (b"B", b"C", b"D", b"E", b"F")  # the best first
SKIPPED = (b"X", b"Y", b"g", b"z")  # met in the field, explained nowhere

_HEADER = {"exchange": ("u1", 0), "code": ("<i4", 1), "stamp": ("<i4", 5), "kind": ("u1", 9)}
_BODIES: dict[bytes, dict[str, tuple[str, int]]] = {
    LAST_TRADE: {
        "price": ("<f4", 10),
        "quantity": ("<i4", 14),
        "day_volume": ("<u4", 18),  # sent as signed, and overflows on very busy instruments: see PriceBook
        "average_price": ("<f4", 22),
        "open_interest": ("<i4", 26),
    },
    DAY_PRICES: {"open": ("<f4", 10), "high": ("<f4", 14), "low": ("<f4", 18), "previous_close": ("<f4", 22)},
    DAILY_RANGE: {"upper": ("<f4", 10), "lower": ("<f4", 14)},
    OPEN_INTEREST: {"open_interest": ("<i4", 10), "highest": ("<i4", 14), "lowest": ("<i4", 18)},
    INDEX: {"price": ("<f4", 10)},
    HEARTBEAT: {},
} | {
    level: {
        "bid_price": ("<f4", 10),
        "bid_quantity": ("<i4", 14),
        "bid_orders": ("<u2", 18),
        "offer_price": ("<f4", 20),
        "offer_quantity": ("<i4", 24),
        "offer_orders": ("<u2", 28),
    }
    for level in DEPTH_LEVELS
}

Rows = NDArray[np.void]


def _dtype(fields: dict[str, tuple[str, int]]) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": list(fields),
            "formats": [form for form, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
            "itemsize": PACKET_BYTES,
        }
    )


HEADER_ROW = _dtype(_HEADER)
ROW_OF = {kind: _dtype(_HEADER | body) for kind, body in _BODIES.items()}


def login_packet(client_code: str) -> bytes:
    """Raises ValueError for a code that does not fit: 1 to 15 ASCII characters."""
    if not client_code.isascii() or not 1 <= len(client_code) <= LONGEST_CLIENT_CODE:
        raise ValueError("expected a client code of 1 to 15 ASCII characters")
    code, length = client_code.encode(), len(client_code)
    return _LOGIN.pack(
        b"Q", _LOGIN.size - _PREFIX_BYTES, length, code.ljust(15), length, code.ljust(30),
        1, 1, 1, len(_VERSION), _VERSION.ljust(10), 0, 0, 0, 0, 1, b" " * 45,
    )  # fmt: skip


def registration_packet(exchange: Exchange, code: int, *, is_wanted: bool) -> bytes:
    """Raises ValueError for a code that is no int32 above zero."""
    if not 0 < code < 2**31:
        raise ValueError(f"expected a scrip code of 1 to 2147483647, found {code}")
    letter, segment = WIRE_LETTERS[exchange]
    return _REGISTER.pack(b"D", _REGISTER.size - _PREFIX_BYTES, letter, segment, code, int(is_wanted))


def header_rows(packets: bytes) -> Rows:
    """Return one row per packet, over the same memory. `packets` is a whole number of them."""
    return np.frombuffer(packets, HEADER_ROW)


def rows_of(kind: bytes, packets: bytes, kinds: NDArray[np.uint8]) -> Rows:
    """Return the packets of one message type, with the fields of its body; `kinds` is the header column."""
    rows: Rows = np.frombuffer(packets, ROW_OF[kind])[kinds == kind[0]]
    return rows


def exchange_of(letter: bytes, code: int) -> Exchange | None:
    """Return the exchange of a packet that we did not ask for, by the Python SDK's ranges; None for one unknown.

    What we did ask for is told apart by our own table (`FeedDecoder`), never by this.
    """
    if letter == b"N":
        return Exchange.NSE if any(code in codes for codes in _NSE_CODES) or 26_000 <= code < 26_100 else Exchange.NSEFO
    return _BY_LETTER.get(letter)


def _is_one_of(*letters: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[[letter[0] for letter in letters]] = True
    return table


IS_EXCHANGE = _is_one_of(_NCDEX_LETTER, *(letter for letter, _ in WIRE_LETTERS.values()))
IS_EXPLAINED = _is_one_of(*_BODIES)
_IS_MET = _is_one_of(*_BODIES, *SKIPPED)
_YEAR_S = 365 * 86_400
_PLACE_VALUES = np.array([1, 1 << 8, 1 << 16, 1 << 24], np.int64)
_STAMPS = (30 * _YEAR_S, 65 * _YEAR_S)  # 2009 to 2044: no test of time, but of where a packet begins


def are_packets(rows: Rows) -> NDArray[np.bool_]:
    """Say which of `rows` look like packets at all; a stream read from the wrong byte on does not."""
    return _are_readable(rows["exchange"], rows["stamp"], rows["kind"])


def are_index_values(rows: Rows) -> NDArray[np.bool_]:
    """Say which of `rows` carry the value of an index, by the .NET SDK's code ranges."""
    codes: Any = rows["code"]
    is_nse = (rows["exchange"] == b"N"[0]) & (codes >= 26_000) & (codes < 26_100)
    is_bse = (rows["exchange"] == b"B"[0]) & (codes > 999_900) & (codes < 1_000_000)
    return np.asarray((rows["kind"] == INDEX[0]) & (is_nse | is_bse))


def are_headers(data: bytes) -> NDArray[np.bool_]:
    """Say for every byte of `data` that ten bytes begin with whether they look like a header."""
    every_byte = np.frombuffer(data, np.uint8)
    headers = np.lib.stride_tricks.sliding_window_view(every_byte, HEADER_BYTES)
    stamps = headers[:, 5:9].astype(np.int64) @ _PLACE_VALUES
    return _are_readable(headers[:, 0], stamps, headers[:, 9])


def _are_readable(exchanges: Any, stamps: Any, kinds: Any) -> NDArray[np.bool_]:
    in_time = (stamps > _STAMPS[0]) & (stamps < _STAMPS[1])
    return np.asarray(IS_EXCHANGE[exchanges] & _IS_MET[kinds] & in_time)


def paise(prices: NDArray[np.float32], ticks_paise: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return exact paise, 0 for what is no price (zero, negative, not finite, or above ten million rupees); and which
    stand on the tick.

    A float32 holds about seven digits. Where it could stand for a multiple of the tick it does. Otherwise the tick
    that we know is not the one in force, or the packet is damaged: the nearest paisa, to be confirmed.
    """
    is_price = (prices > 0) & (prices <= LARGEST_PRICE_RUPEES)  # NaN compares false
    rupees = np.where(is_price, prices, np.float32(0))
    exact = rupees.astype(np.float64) * 100
    multiple = np.rint(exact / ticks_paise) * ticks_paise
    is_on_tick = np.abs(multiple - exact) <= np.spacing(rupees).astype(np.float64) * 50 + 1e-6
    return np.where(is_on_tick, multiple, np.rint(exact)).astype(np.int64), is_on_tick
