"""The broadcast over real sockets: both opcodes, live ticks against REST, faults, and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.simulator.broadcast import counts, decoded, kinds, last_prices, login, register
from tests.simulator.in_process import ITC
from tests.simulator.stream_sockets import FEED_PATH, FeedSocket, RawSocket, refused_status
from tests.simulator.wire import SimulatorProcess, WireClient, until

TEXT, BINARY = 1, 2
TCS = 11536


@pytest.fixture(scope="module")
def _simulator_process() -> Iterator[SimulatorProcess]:
    """A process of these tests alone: they move prices and send many orders in a second."""
    process = SimulatorProcess.start("--set", "orders_per_second=1000", clients=12, seed=7)
    yield process
    process.stop()


@pytest.fixture
async def settings(wire: WireClient) -> AsyncIterator[Any]:
    """Sets switches for one test."""
    before = await wire.control("GET", "settings")

    async def change(**changes: Any) -> None:
        await wire.control("POST", "settings", changes)

    yield change
    await wire.control("POST", "prices", {"freeze_all": False})
    await wire.control("POST", "settings", before)


async def fault(wire: WireClient, action: str, value: Any = None, **match: Any) -> str:
    body = {"match": {"path": "feed", **match}, "action": action, "value": value}
    return str((await wire.control("POST", "faults", body))["id"])


async def hits(wire: WireClient, fault_id: str) -> int:
    listed = (await wire.control("GET", "faults"))["faults"]
    return int(next(entry["hits"] for entry in listed if entry["id"] == fault_id))


def has(feed: FeedSocket, kind: str) -> Any:
    return lambda: kind in kinds(feed.data)


async def token_that_is_no_utf8(wire: WireClient) -> int:
    async with wire.http.get(f"{wire.url}/getscripmastercsv?name=NSEFO") as response:
        tokens = [int(line.split(",")[2]) for line in (await response.text()).splitlines()[1:]]
    for token in tokens:
        try:
            token.to_bytes(4, "little").decode()
        except UnicodeDecodeError:
            return token
    raise AssertionError("every token happens to be UTF-8")


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_packets_are_read_from_text_and_binary_frames_even_when_the_text_is_no_utf8(
    wire: WireClient, opcode: int
) -> None:
    token = await token_that_is_no_utf8(wire)
    feed = await RawSocket.connect(wire.url, FEED_PATH)
    try:
        feed.send(opcode, login("TC0001"))
        opcodes, data = set(), b""
        feed.send(opcode, register("N", "D", token))
        while not any(packet.code == token for packet in decoded(data)):
            got, payload = await feed.receive()
            opcodes.add(got)
            data += payload
        feed.send(opcode, b"\xff\xfe\xfd")
        feed.send(opcode, register("N", "C", ITC))
        while not any(packet.code == ITC for packet in decoded(data)):
            got, payload = await feed.receive()
            opcodes.add(got)
            data += payload
    finally:
        await feed.close()

    assert opcodes == {BINARY}
    assert counts(data)["m"] >= 1


async def test_an_ordinary_request_on_the_feed_is_refused(wire: WireClient) -> None:
    async with wire.http.get(wire.url + FEED_PATH) as response:
        assert response.status == 400


async def test_at_rest_the_feed_rest_and_control_show_one_price(wire: WireClient, settings: Any) -> None:
    async with wire.http.get(f"{wire.url}/getscripmastercsv?name=NSE") as response:
        tokens = [int(line.split(",")[2]) for line in (await response.text()).splitlines()[1:51]]
    async with FeedSocket(wire) as first, FeedSocket(wire, code="TC0002") as second:
        await settings(feed_ticks_per_s=5000, default_ms=0)
        await first.sign_in(*(("N", "C", token) for token in tokens[:30]))
        await second.sign_in(*(("N", "C", token) for token in tokens[20:]))
        await first.until(lambda: len(first.data) > 60_000)
        await second.until(lambda: len(second.data) > 60_000)
        await wire.control("POST", "prices", {"freeze_all": True})
        shown = {
            token: float((await wire.control("GET", f"prices?exchange=NSE&symboltoken={token}"))["ltp"])
            for token in tokens
        }

        def is_at_rest(feed: FeedSocket, mine: list[int]) -> bool:
            return last_prices(feed.data) == {("N", token): shown[token] for token in mine}

        await first.until(lambda: is_at_rest(first, tokens[:30]))
        await second.until(lambda: is_at_rest(second, tokens[20:]))
        quote = (await wire.post("getltpdata", {"exchange": "NSE", "scripcode": tokens[25]}))["data"]

    assert quote["ltp"] == round(shown[tokens[25]] * 100)
    assert max(len(frame) for frame in first.frames) > 30
    assert all(len(frame) % 30 == 0 for frame in first.frames)


async def test_the_feed_of_control_shows_connections_until_they_leave(wire: WireClient) -> None:
    async with FeedSocket(wire, code="TC0003") as feed:
        await feed.sign_in(("N", "C", ITC))
        await feed.until(has(feed, "F"))
        mine = [e for e in (await wire.control("GET", "feed"))["connections"] if e["clientcode"] == "TC0003"]

    async def is_gone() -> bool:
        return not (await wire.control("GET", "feed"))["connections"]

    await until(is_gone)
    assert [entry["registrations"] for entry in mine] == [[f"NSE:{ITC}"]]


@pytest.mark.parametrize(("value", "codes"), [(None, {1001}), ("clean", {1001}), ("abrupt", {1006, -1})])
async def test_a_cut_ends_what_is_open_and_lets_new_connections_in(
    wire: WireClient, value: str | None, codes: set[int]
) -> None:
    async with FeedSocket(wire) as first, FeedSocket(wire) as second:
        for feed in (first, second):
            await feed.sign_in()
            await feed.until(has(feed, "H"))
        fault_id = await fault(wire, "cut", value)
        ended = {await first.until_ended(), await second.until_ended()}

        assert ended <= codes
        assert await hits(wire, fault_id) == 2
    async with FeedSocket(wire) as again:
        await again.sign_in(("N", "C", ITC))
        await again.until(has(again, "F"))


async def test_a_cut_can_choose_a_client_and_a_number(wire: WireClient) -> None:
    async with FeedSocket(wire) as spared, FeedSocket(wire, code="TC0002") as chosen:
        for feed in (spared, chosen):
            await feed.sign_in()
            await feed.until(has(feed, "H"))
        await fault(wire, "cut", clientcode="TC0002", times=1)
        await chosen.until_ended()
        seen = len(spared.frames)
        await spared.send(register("N", "C", ITC))
        await spared.until(lambda: len(spared.frames) > seen)

        assert spared.ended is None


@pytest.mark.parametrize(("value", "status"), [(None, 503), (429, 429)])
async def test_new_connections_can_be_refused_a_number_of_times(wire: WireClient, value: Any, status: int) -> None:
    await fault(wire, "refuse", value, times=2)

    assert [await refused_status(wire, FEED_PATH) for _ in range(2)] == [status, status]
    async with FeedSocket(wire) as feed:
        await feed.sign_in()
        await feed.until(has(feed, "H"))


async def test_new_connections_can_be_reset(wire: WireClient) -> None:
    fault_id = await fault(wire, "refuse", "reset")

    assert await refused_status(wire, FEED_PATH) == 0
    assert await hits(wire, fault_id) >= 1


async def test_a_silent_feed_keeps_its_connection_and_comes_back_with_the_last_prices(
    wire: WireClient, settings: Any
) -> None:
    async with FeedSocket(wire) as feed:
        await feed.sign_in(("N", "C", ITC), ("N", "C", TCS))
        await feed.until(lambda: counts(feed.data)["F"] == 2)
        fault_id = await fault(wire, "silence")
        await wire.control("POST", "prices", {"freeze_all": True})
        feed.frames.clear()
        shown = await wire.control("POST", "prices", {"exchange": "NSE", "symboltoken": ITC, "ltp": 300.0})

        async def was_silenced() -> bool:
            return await hits(wire, fault_id) >= 5

        await until(was_silenced)
        assert counts(feed.data)["A"] == 0
        await wire.control("DELETE", f"faults/{fault_id}")
        await feed.until(lambda: ("N", ITC) in last_prices(feed.data))

        assert last_prices(feed.data)["N", ITC] == float(shown["ltp"]) == 300.0
        assert feed.ended is None


async def test_halves_of_packets_add_up_across_frames(wire: WireClient) -> None:
    await fault(wire, "half_packets")
    async with FeedSocket(wire) as feed:
        await feed.sign_in(("N", "C", ITC))
        await feed.until(lambda: len(feed.data) >= 18 * 30 and len(feed.data) % 30 == 0)

    assert any(len(frame) % 30 for frame in feed.frames)
    assert kinds(feed.data)[:18] == "H" * 10 + "GWABCDEF"


async def test_the_second_half_of_a_packet_can_be_lost(wire: WireClient) -> None:
    await fault(wire, "half_packets", "lost", times=1)
    async with FeedSocket(wire) as feed:
        await feed.sign_in(("N", "C", ITC))
        await feed.until(lambda: len(feed.frames) >= 2)

    assert len(feed.frames[0]) % 30
    assert kinds(feed.frames[1]).startswith("GWA")


async def test_garbage_is_noise_or_a_share_of_wrong_bytes(wire: WireClient) -> None:
    async with FeedSocket(wire) as feed:
        await fault(wire, "garble", times=1)
        await feed.sign_in()
        await feed.until(lambda: len(feed.frames) >= 1)
        await fault(wire, "garble", 1, times=1)
        await feed.send(register("N", "C", ITC))
        await feed.until(lambda: any(len(frame) == 240 for frame in feed.frames))
    noisy = next(frame for frame in feed.frames if len(frame) == 240)

    assert feed.frames[0]
    assert feed.frames[0][9::30] != b"H" * 10  # the letters of the indices, which an honest feed begins with
    assert kinds(noisy) != "GWABCDEF"


async def test_the_clock_of_packets_can_jump(wire: WireClient) -> None:
    async with FeedSocket(wire) as feed:
        await feed.sign_in()
        await feed.until(has(feed, "H"))
        await fault(wire, "clock_jump", -7200, times=1)
        await feed.send(register("N", "C", ITC))
        await feed.until(has(feed, "F"))
        await feed.send(register("N", "C", TCS))
        await feed.until(lambda: counts(feed.data)["F"] == 2)
    told = {(packet.kind, packet.code): packet.time_s for packet in decoded(feed.data) if packet.kind in "AF"}
    jumped, after = told["F", ITC], told["F", TCS]

    assert 7200 <= after - jumped <= 7200 + 15


async def test_unknown_types_come_beside_the_known_ones(wire: WireClient) -> None:
    await fault(wire, "unknown_types", 5)
    async with FeedSocket(wire) as feed:
        await feed.sign_in(("N", "C", ITC))
        await feed.until(has(feed, "F"))

    assert kinds(feed.data)[:28] == "XYgzX" + "H" * 10 + "XYgzX" + "GWABCDEF"


@pytest.mark.parametrize(
    ("action", "value"),
    [
        *[
            ("cut", "x"),
            ("refuse", 200),
            ("refuse", True),
            ("silence", 1),
            ("garble", 0),
            ("garble", 2),
            ("garble", "x"),
        ],
        *[("half_packets", "x"), ("clock_jump", "1"), ("clock_jump", 1.5), ("unknown_types", 0), ("drop", None)],
        *[("duplicate", None), ("hang_before_accept", None), (None, None), (["cut"], None)],
    ],
)
async def test_a_fault_that_the_feed_does_not_know_is_refused(wire: WireClient, action: Any, value: Any) -> None:
    body = {"match": {"path": "feed"}, "action": action, "value": value}
    async with wire.http.post(f"{wire.url}/_sim/faults", json=body) as response:
        assert response.status == 400
    assert (await wire.control("GET", "faults"))["faults"] == []


@pytest.mark.parametrize("path", ["*", "placeorder"])
async def test_feed_faults_cannot_be_set_on_calls(wire: WireClient, path: str) -> None:
    body = {"match": {"path": path}, "action": "silence"}
    async with wire.http.post(f"{wire.url}/_sim/faults", json=body) as response:
        assert response.status == 400


async def test_the_path_names_the_feed_as_well_and_calls_are_not_hit(wire: WireClient) -> None:
    fault_id = await fault(wire, "unknown_types", 1, path=FEED_PATH)
    quote = await wire.post("getltpdata", {"exchange": "NSE", "scripcode": ITC})
    assert (quote["status"], await hits(wire, fault_id)) == ("SUCCESS", 0)
    async with FeedSocket(wire) as feed:
        await feed.sign_in()
        await feed.until(has(feed, "X"))


async def test_faults_on_every_call_leave_the_feed_alone(wire: WireClient) -> None:
    body = {"match": {"path": "*"}, "action": "close_before_accept"}
    await wire.control("POST", "faults", body)
    async with FeedSocket(wire) as feed:
        await feed.sign_in(("N", "C", ITC))
        await feed.until(has(feed, "F"))


async def test_a_reader_that_stalls_neither_grows_the_server_nor_stops_the_others(
    wire: WireClient, settings: Any
) -> None:
    await settings(feed_ticks_per_s=100_000, feed_heartbeat_s=0)
    stalled = await RawSocket.connect(wire.url, FEED_PATH)
    try:
        stalled.send(BINARY, login("TC0004"))
        stalled.send(BINARY, register("N", "C", ITC))
        async with FeedSocket(wire) as feed:
            await feed.sign_in(("N", "C", ITC))

            async def is_stalled() -> bool:
                shown = (await wire.control("GET", "feed"))["connections"]
                return any(entry["clientcode"] == "TC0004" and entry["stalled"] for entry in shown)

            await until(is_stalled, deadline_s=60)
            seen = len(feed.frames)
            await feed.until(lambda: len(feed.frames) > seen + 5)
    finally:
        await settings(feed_ticks_per_s=0)
        await stalled.close()


async def test_the_process_ends_at_once_with_open_streams() -> None:
    process = SimulatorProcess.start(clients=1)
    try:
        async with WireClient(process.url) as wire, FeedSocket(wire) as feed, FeedSocket(wire) as idle:
            await feed.sign_in(("N", "C", ITC))
            await feed.until(has(feed, "F"))
            assert await asyncio.to_thread(process.stop) == 0
            await feed.until_ended()
            await idle.until_ended()
    finally:
        process.process.kill()
