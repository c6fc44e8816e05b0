from __future__ import annotations

import json
import random
import struct
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.mofsl import feed_packets as wire
from app.core.mofsl.feed_decoder import FeedDecoder
from app.domain.feed import FeedInstrument
from app.domain.instruments import Exchange

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "broadcast_packets.json").read_text())
SENT, RECEIVED = VECTORS["client_to_server"], VECTORS["server_to_client"]
TCS = FeedInstrument(Exchange.NSE, 11_536, slot=3, tick_paise=5)
NIFTY = FeedInstrument(Exchange.NSE, 26_000, slot=7, tick_paise=1, is_index=True)


def packet(name: str) -> bytes:
    return bytes.fromhex(RECEIVED[name]["hex"])


def trade(letter: bytes, code: int, price: float, *, stamp: int = 1_473_848_561, volume: int = 1) -> bytes:
    return struct.pack("<cii c fiifi", letter, code, stamp, b"A", price, 1, volume, price, 0)


def row(name: str) -> Any:
    data = packet(name)
    [only] = wire.rows_of(data[9:10], data, wire.header_rows(data)["kind"])
    return only


def decoder(*instruments: FeedInstrument) -> FeedDecoder:
    made = FeedDecoder()
    made.carry(instruments)
    return made


@pytest.mark.parametrize(
    ("name", "exchange", "code", "is_wanted"),
    [
        ("register_NSE_CASH_11536", Exchange.NSE, 11_536, True),
        ("unregister_NSE_CASH_11536", Exchange.NSE, 11_536, False),
        ("register_NSEFO_DERIVATIVES_54321", Exchange.NSEFO, 54_321, True),
        ("register_BSE_CASH_532540", Exchange.BSE, 532_540, True),
        ("register_MCX_DERIVATIVES_451669", Exchange.MCX, 451_669, True),
        ("register_NSECD_DERIVATIVES_4417", Exchange.NSECD, 4_417, True),
        ("register_BSEFO_DERIVATIVES_873973", Exchange.BSEFO, 873_973, True),
    ],
)
def test_a_registration_is_written_byte_for_byte(name: str, exchange: Exchange, code: int, is_wanted: bool) -> None:
    assert wire.registration_packet(exchange, code, is_wanted=is_wanted).hex() == SENT[name]


def test_the_login_and_the_heartbeat_answer_are_written_byte_for_byte() -> None:
    assert wire.login_packet("TC0042").hex() == SENT["login_client_TC0042_VER_2.0"]
    assert wire.HEARTBEAT_ANSWER.hex() == SENT["heartbeat_answer"]


@pytest.mark.parametrize("code", ["", "A" * 16, "TÇ1"])
def test_a_client_code_that_does_not_fit_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="client code"):
        wire.login_packet(code)


@pytest.mark.parametrize("code", [0, -1, 2**31])
def test_a_scrip_code_that_does_not_fit_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="scrip code"):
        wire.registration_packet(Exchange.NSE, code, is_wanted=True)


FIELDS = {
    "rate": "price",
    "qty": "quantity",
    "cumulative_qty": "day_volume",
    "avg_trade_price": "average_price",
    "bid_rate": "bid_price",
    "bid_qty": "bid_quantity",
    "offer_rate": "offer_price",
    "offer_qty": "offer_quantity",
    "prev_day_close": "previous_close",
    "oi": "open_interest",
    "oi_high": "highest",
    "oi_low": "lowest",
}


@pytest.mark.parametrize("name", [name for name in RECEIVED if name != "heartbeat_1"])
def test_every_sample_packet_is_read_exactly(name: str) -> None:
    expected, read = RECEIVED[name]["decoded"], row(name)
    assert int(read["code"]) == expected["ScripCode"]
    for field, value in expected.items():
        if field in {"Exchange", "ScripCode", "type"}:
            continue
        if field == "Time":
            at = datetime(1980, 1, 1) + timedelta(seconds=int(read["stamp"]))  # noqa: DTZ001 (an IST wall clock)
            assert at.isoformat(sep=" ") == value
        elif field == "level":
            assert wire.DEPTH_LEVELS[value - 1][0] == read["kind"]
        else:
            assert round(read[FIELDS.get(field, field)].item(), 2) == value
    assert wire.exchange_of(packet(name)[:1], expected["ScripCode"]) == expected["Exchange"]


def test_a_stamp_becomes_an_instant() -> None:
    stamp = int(row("ltp_A")["stamp"]) + wire.STAMP_TO_UNIX_S
    assert stamp == datetime.fromisoformat("2026-09-14T10:22:41+05:30").timestamp()


def test_a_combined_frame_gives_one_price_and_counts_its_packets() -> None:
    made = decoder(TCS)
    batch = made.decode([bytes.fromhex(VECTORS["server_to_client_combined_frame"]["hex"])])
    assert (batch.slots.tolist(), batch.paise.tolist(), batch.volumes.tolist()) == ([3], [312_740], [1_846_220])
    assert (batch.understood, made.counters.packets, made.counters.ticks) == (3, 3, 1)


def test_a_split_packet_gives_its_price_once_its_rest_has_come() -> None:
    made = decoder(TCS)
    first, second = (bytes.fromhex(frame) for frame in VECTORS["server_to_client_split_frame"]["frames"])
    assert made.decode([first]).slots.tolist() == []
    assert made.decode([second]).paise.tolist() == [312_740]


@pytest.mark.parametrize("cut", range(1, 60))
def test_packets_cut_anywhere_arrive_whole(cut: int) -> None:
    data = packet("ltp_A") + packet("depth1_B")
    made = decoder(TCS)
    batches = [made.decode([part]) for part in (data[:cut], data[cut:])]
    assert [price for batch in batches for price in batch.paise.tolist()] == [312_740]
    assert made.counters.skipped_bytes == 0


@pytest.mark.parametrize("cut", range(1, 30))
def test_half_a_packet_whose_rest_was_lost_never_mixes_with_the_next(cut: int) -> None:
    lost = trade(b"N", 11_536, 4_000.0)
    made = decoder(TCS)
    made.decode([lost[:cut]])
    assert made.decode([packet("ltp_A")]).paise.tolist() == [312_740]
    assert made.counters.skipped_bytes == cut
    assert made.decode([packet("ltp_A"), packet("ltp_A")]).paise.tolist() == [312_740] * 2


def test_half_a_packet_is_not_completed_even_where_the_next_one_s_body_looks_like_a_header() -> None:
    lost = trade(b"N", 11_536, 4_000.0)
    whole = packet("ltp_A")
    misleading = whole[:18] + whole[:10] + whole[28:]
    made = decoder(TCS)
    made.decode([lost[:12]])
    assert made.decode([misleading]).paise.tolist() == [312_740]


@pytest.mark.parametrize("noise", [1, 7, 29, 31])
def test_after_noise_between_packets_the_next_packets_are_found_again(noise: int) -> None:
    made = decoder(TCS)
    made.decode([b"\xff" * noise])
    assert made.decode([packet("ltp_A") * 3]).paise.tolist() == [312_740] * 3


def test_the_same_code_on_two_exchanges_is_told_apart_by_what_was_registered() -> None:
    future = FeedInstrument(Exchange.NSEFO, 20_000, slot=0, tick_paise=5)
    share = FeedInstrument(Exchange.NSE, 20_000, slot=1, tick_paise=5)
    data = trade(b"N", 20_000, 100.0)
    assert decoder(future).decode([data]).slots.tolist() == [0]
    assert decoder(share).decode([data]).slots.tolist() == [1]
    with pytest.raises(ValueError, match="same letter and code"):
        decoder(future, share)


@pytest.mark.parametrize(
    ("letter", "code", "exchange"),
    [
        (b"N", 34_999, Exchange.NSE),
        (b"N", 35_000, Exchange.NSEFO),
        (b"N", 888_801, Exchange.NSE),
        (b"N", 888_821, Exchange.NSEFO),
        (b"N", 26_000, Exchange.NSE),
        (b"G", 1, Exchange.BSEFO),
        (b"D", 1, None),
    ],
)
def test_a_packet_nobody_asked_for_has_the_exchange_of_its_range(
    letter: bytes, code: int, exchange: Exchange | None
) -> None:
    assert wire.exchange_of(letter, code) is exchange


def test_an_index_comes_by_its_own_packet_and_by_no_other() -> None:
    made = decoder(TCS, NIFTY)
    batch = made.decode([packet("index_H"), trade(b"N", 26_000, 1.0), packet("ltp_A")])
    assert dict(zip(batch.slots.tolist(), batch.paise.tolist(), strict=True)) == {3: 312_740, 7: 2_516_420}


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf"), float("-inf"), 3e38, 0.001])
def test_what_is_no_price_gives_none(price: float) -> None:
    made = decoder(TCS)
    assert made.decode([trade(b"N", 11_536, price)]).slots.tolist() == []
    assert made.counters.unpriced == 1


@pytest.mark.parametrize(
    ("tick_paise", "price", "paise", "is_on_tick"),
    [
        (5, 3_127.4, 312_740, True),
        (5, 152_344.85, 15_234_485, True),  # a float32 there stands for 1.5 paise
        (100, 72_000.0, 7_200_000, True),
        (1, 0.01, 1, True),
        (5, 100.03, 10_003, False),
        (1, 84.125, 8_412, False),
    ],
)
def test_a_price_is_the_tick_that_a_float32_can_mean(
    tick_paise: int, price: float, paise: int, is_on_tick: bool
) -> None:
    read, on_tick = wire.paise(np.array([price], np.float32), np.array([tick_paise], np.int64))
    assert (int(read[0]), bool(on_tick[0])) == (paise, is_on_tick)


def test_every_multiple_of_the_tick_survives_the_wire() -> None:
    ticks = np.arange(1, 2_000_000, 7, dtype=np.int64)
    read, on_tick = wire.paise((ticks * 5 / 100).astype(np.float32), np.full(len(ticks), 5, np.int64))
    assert on_tick.all()
    assert (read == ticks * 5).all()


def test_unknown_types_are_counted_and_change_nothing() -> None:
    made = decoder(TCS)
    strange = [packet("ltp_A")[:9] + kind + b"\x00" * 20 for kind in (b"X", b"Y", b"X", b"\x07")]
    batch = made.decode([b"".join(strange) + packet("ltp_A")])
    assert batch.paise.tolist() == [312_740]
    assert made.counters.unknown_types == {"X": 2, "Y": 1, "\x07": 1}


def test_an_instrument_that_is_carried_no_more_gives_no_price() -> None:
    made = decoder(TCS)
    made.carry([])
    assert made.decode([packet("ltp_A")]).slots.tolist() == []
    assert made.counters.unregistered == 1


def test_heartbeats_are_told() -> None:
    assert decoder().decode([packet("heartbeat_1")]).heartbeats == 1


def test_a_json_frame_is_a_fault_and_not_half_a_packet() -> None:
    made = decoder(TCS)
    batch = made.decode([packet("ltp_A")[:12], b'{"status": "ERROR"}', packet("ltp_A")[12:]])
    assert (batch.faults, batch.paise.tolist()) == (('{"status": "ERROR"}',), [312_740])


def test_the_second_half_of_a_packet_may_begin_like_json() -> None:
    data = struct.pack("<cii c f", b"N", 11_536, 1_473_848_561, b"A", 3_127.4) + b"{" + b"\x00" * 15
    made = decoder(TCS)
    made.decode([data[:14]])
    assert made.decode([data[14:]]).paise.tolist() == [312_740]


def test_noise_is_no_sign_of_life() -> None:
    chance = random.Random(3)
    made = decoder(TCS, NIFTY)
    signs = sum(made.decode([chance.randbytes(chance.randint(1, 400))]).understood for _ in range(20_000))
    assert signs == 0


def test_what_we_registered_indices_and_heartbeats_are_signs_of_life() -> None:
    made = decoder(TCS)
    assert made.decode([packet("depth1_B") + packet("ohlc_G")]).understood == 2
    assert made.decode([packet("index_H")]).understood == 1
    assert made.decode([packet("heartbeat_1")]).understood == 1
    assert made.decode([packet("oi_m")]).understood == 0


@pytest.mark.parametrize("seed", range(8))  # 100,000 in all
def test_damaged_frames_never_raise_and_never_price_what_was_not_asked_for(seed: int) -> None:
    chance = random.Random(seed)
    instruments = [FeedInstrument(Exchange.NSE, 1_000 + n, slot=n + 10, tick_paise=5) for n in range(40)]
    made = decoder(*instruments, NIFTY)
    headers = {one.slot: struct.pack("<ci", b"N", one.symbol_token) for one in [*instruments, NIFTY]}
    samples = [packet(name) for name in RECEIVED]
    samples += [trade(b"N", 1_000 + n, 100.0 + n) for n in range(60)]
    prices, before = 0, b""
    for number in range(12_500):
        frame = damaged(b"".join(chance.choices(samples, k=chance.randint(1, 5))), number % 4, chance)
        batch = made.decode([frame])
        assert all(headers[slot] in before + frame for slot in batch.slots.tolist())
        before = (before + frame)[-29:]
        assert all(0 < paise <= 10**9 for paise in batch.paise.tolist())
        assert len({len(batch.slots), len(batch.paise), len(batch.stamps_s), len(batch.volumes)}) == 1
        prices += len(batch.slots)
    assert prices > 1_000
    assert made.decode([packet("index_H") * 2]).paise.tolist() == [2_516_420] * 2


def damaged(frame: bytes, how: int, chance: random.Random) -> bytes:
    """Change some bytes, and then: nothing more, cut the end off, insert noise, or make it all noise."""
    bad = bytearray(frame)
    for _ in range(chance.randint(1, 7)):
        bad[chance.randrange(len(bad))] ^= chance.randint(1, 255)
    at = chance.randrange(len(bad))
    match how:
        case 0:
            return bytes(bad)
        case 1:
            return bytes(bad[:at])
        case 2:
            return bytes(bad[:at] + chance.randbytes(chance.randint(1, 39)) + bad[at:])
        case _:
            return chance.randbytes(chance.randint(1, 199))
