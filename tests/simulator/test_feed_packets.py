"""The broadcast's bytes against recorded ones (made-up values, true layout)."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mofsl_simulator.streams import packets
from mofsl_simulator.streams.packets import (
    Address,
    HeartbeatAnswer,
    Ints,
    Registration,
    SignIn,
    Unreadable,
    client_packets,
)
from tests.simulator.broadcast import decoded

LOGIN = bytes.fromhex(
    "516f0006544330303432202020202020202020065443303034322020202020202020202020202020202020202020202020200101010756455220"
    "322e302020200000000001202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
)
TRADE = "4e102d0000f124d95741667643450c000000cc2b1c00ecfd424500000000"
DEPTH_1 = "4e102d0000f124d957429a754345f00000000700cd7843457600000004" + "00"
DEPTH_5 = "4e102d0000f124d95746666e4345fc0300001300cd804345660300000f00"
OHLC = "4e102d0000f124d9574700b04245cd3c444500e441456656424500000000"
DAILY_RANGE = "4e102d0000f124d95757cdc4554500e82e45000000000000000000000000"
INTEREST = "4e31d40000f124d9576ddfdc2500642f2600703f23000000000000000000"
INDEX = "4e90650000f124d957486698c44600000000000000000000000000000000"
HEARTBEAT = "4e00000000f124d957310000000000000000000000000000000000000000"
TIME_S = int((datetime(2026, 9, 14, 10, 22, 41) - datetime(1980, 1, 1)).total_seconds())  # noqa: DTZ001


def column(value: float) -> Ints:
    return np.array([value], dtype=np.int64)


def points(rupees: str) -> Ints:
    whole, _, part = rupees.partition(".")
    return column(int(whole) * 10_000 + int(f"{part:0<4}"))


def about(code: int) -> Address:
    return Address(np.array([ord("N")], dtype=np.uint8), np.array([code], dtype=np.int32), TIME_S)


def side(name: str, price: str, quantity: int, orders: int) -> dict[str, Any]:
    return {name: points(price), f"{name}_quantity": column(quantity), f"{name}_orders": column(orders)}


def test_a_trade_has_the_recorded_bytes() -> None:
    made = packets.trades(
        about(11536), ltp=points("3127.4"), quantity=column(12), volume=column(1846220),
        average=points("3119.87"), open_interest=column(0),
    )  # fmt: skip
    assert made.tobytes().hex() == TRADE


@pytest.mark.parametrize(
    ("level", "bid", "offer", "expected"),
    [
        (1, ("3127.35", 240, 7), ("3127.55", 118, 4), DEPTH_1),
        (5, ("3126.9", 1020, 19), ("3128.05", 870, 15), DEPTH_5),
    ],
)
def test_a_level_of_depth_has_the_recorded_bytes(
    level: int, bid: tuple[str, int, int], offer: tuple[str, int, int], expected: str
) -> None:
    made = packets.depth(about(11536), level, **side("bid", *bid), **side("offer", *offer))
    assert made.tobytes().hex() == expected


def test_day_figures_have_the_recorded_bytes() -> None:
    day = packets.ohlc(
        about(11536), open_=points("3115"), high=points("3139.8"), low=points("3102.25"), close=points("3109.4")
    )
    reach = packets.daily_range(about(11536), upper=points("3420.3"), lower=points("2798.5"))
    interest = packets.open_interest(about(54321), now=column(2481375), high=column(2502500), low=column(2310000))

    assert (day.tobytes().hex(), reach.tobytes().hex(), interest.tobytes().hex()) == (OHLC, DAILY_RANGE, INTEREST)


def test_indices_and_heartbeats_have_the_recorded_bytes() -> None:
    assert packets.indices(about(26000), value=points("25164.2")).tobytes().hex() == INDEX
    assert packets.heartbeat(TIME_S).hex() == HEARTBEAT


def test_the_decoder_of_these_tests_reads_the_recorded_frame() -> None:
    trade, depth, day = decoded(bytes.fromhex(TRADE + DEPTH_1 + OHLC))

    assert (trade.exchange, trade.code, trade.time_s, trade.kind) == ("N", 11536, TIME_S, "A")
    assert (trade.fields["ltp"], trade.fields["volume"], trade.fields["average"]) == (3127.4, 1846220, 3119.87)
    assert (depth.fields["bid"], depth.fields["bid_orders"], depth.fields["offer_quantity"]) == (3127.35, 7, 118)
    assert day.fields == {"open": 3115.0, "high": 3139.8, "low": 3102.25, "close": 3109.4}


def test_a_volume_beyond_31_bits_wraps_as_the_field_does() -> None:
    made = packets.trades(
        about(1), ltp=points("1"), quantity=column(1), volume=column(2**31 + 5), average=points("1"),
        open_interest=column(0),
    )  # fmt: skip
    (packet,) = decoded(made.tobytes())
    assert packet.fields["volume"] == -(2**31) + 5


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("4407004e43102d000001", Registration("N", "C", 11536, adds=True)),
        ("4407004e43102d000000", Registration("N", "C", 11536, adds=False)),
        ("4407004e4431d4000001", Registration("N", "D", 54321, adds=True)),
        ("44070042433c20080001", Registration("B", "C", 532540, adds=True)),
        ("4407004d4455e4060001", Registration("M", "D", 451669, adds=True)),
        ("44070043444111000001", Registration("C", "D", 4417, adds=True)),
        ("4407004744f5550d0001", Registration("G", "D", 873973, adds=True)),
        ("310000", HeartbeatAnswer()),
    ],
)
def test_recorded_client_packets_are_read(sent: str, expected: object) -> None:
    assert list(client_packets(bytes.fromhex(sent))) == [expected]


def test_a_login_is_read_in_both_letters_whatever_its_version() -> None:
    assert list(client_packets(LOGIN)) == [SignIn("TC0042")]
    assert list(client_packets(b"q" + LOGIN[1:])) == [SignIn("TC0042")]
    assert list(client_packets(LOGIN[:53] + b"\x051.0.0     " + LOGIN[64:])) == [SignIn("TC0042")]


def test_several_packets_in_one_message_are_read_in_order() -> None:
    message = LOGIN + bytes.fromhex("4407004e43102d000001") + b"1\x00\x00"
    assert list(client_packets(message)) == [
        SignIn("TC0042"),
        Registration("N", "C", 11536, adds=True),
        HeartbeatAnswer(),
    ]


@pytest.mark.parametrize(
    "sent",
    [
        b"Q",
        LOGIN[:-1],
        b"D\x07\x00NC",
        b"D\x06\x00NC1234",
        b"Z\x00\x00",
        b'{"a": 1}',
        b"D\x07\x00NC\x01\x00\x00\x00\x02",
    ],
)
def test_what_is_no_packet_is_unreadable(sent: bytes) -> None:
    assert [type(packet) for packet in client_packets(sent)] == [Unreadable]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_to_their_end(message: bytes) -> None:
    read = list(client_packets(message))
    left_over = [packet for packet in read if isinstance(packet, Unreadable)]
    assert bool(read) == bool(message)
    assert all(packet.data in message for packet in left_over)
    assert sum(len(packet.data) for packet in left_over) <= len(message)


def test_prices_are_the_nearest_single_precision_float() -> None:
    for rupees in ("82500.05", "0.05", "24499.95", "1.0025"):
        made = packets.indices(about(1), value=points(rupees)).tobytes()
        assert made[10:14] == struct.pack("<f", float(rupees))
