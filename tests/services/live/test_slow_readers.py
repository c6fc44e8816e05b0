"""A reader that stops reading costs nobody anything: little memory, no delay, and in the end its own socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson

from app.domain.events import FrameType
from app.services.live.frames import frame
from app.services.live.outbox import Outbox
from app.services.live.profit_feed import Step
from tests.services.live.conftest import SMALL
from tests.support.live import LiveFloor
from tests.support.waiting import until


@asynccontextmanager
async def stalled(floor: LiveFloor) -> AsyncIterator[socket.socket]:
    """A client that upgrades, and then reads nothing unless the test does."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", floor.web.port))
        head = (
            f"GET /ws/updates?batched=1 HTTP/1.1\r\nHost: 127.0.0.1:{floor.web.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Origin: {floor.web.url}\r\nCookie: desk_session={await floor.token()}\r\n\r\n"
        )
        await loop.sock_sendall(client, head.encode())
        yield client


async def read_to_the_end(client: socket.socket) -> list[tuple[int, bytes]]:
    """Read until the server ends the connection; return (opcode, payload) of each whole frame."""
    loop, received = asyncio.get_running_loop(), bytearray()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    with suppress(ConnectionError):
        while data := await loop.sock_recv(client, 65_536):
            received += data
    at, frames = received.index(b"\r\n\r\n") + 4, []
    while at + 2 <= len(received):
        opcode, length = received[at] & 0x0F, received[at + 1] & 0x7F
        at += 2
        if length >= 126:
            width = 2 if length == 126 else 8
            length = int.from_bytes(received[at : at + width], "big")
            at += width
        frames.append((opcode, bytes(received[at : at + length])))
        at += length
    return frames


def wide_step(floor: LiveFloor, beat: int) -> Step:
    """Two thousand clients, some 50 KB."""
    rows = [[f"client-{n:04d}", beat + n / 100] for n in range(2_000)]
    return Step(orjson.dumps(rows).decode(), floor.trading.clock.now())


async def push_profit(floor: LiveFloor, beats: range) -> None:
    for beat in beats:
        floor.web.live.hub.tell_profit(wide_step(floor, beat), is_whole=True)
        await asyncio.sleep(0.001)


async def box_of_the_only_socket(floor: LiveFloor) -> Outbox:
    hub = floor.web.live.hub
    await until(lambda: len(hub) == 1)
    (box,) = hub.outboxes
    return box


async def test_profit_for_a_stalled_reader_is_kept_once_and_others_get_every_step(small_floor: LiveFloor) -> None:
    async with stalled(small_floor):
        box = await box_of_the_only_socket(small_floor)
        async with small_floor.reader() as reader:
            for beat in range(100):
                await push_profit(small_floor, range(beat, beat + 1))
                await reader.until(lambda frame: frame["type"] == "pl_updates")
        assert [one["updates"][0][1] for one in reader.of_type("pl_updates")] == list(range(100))
        assert box.sending_since_s is not None  # it hangs in one send
        assert box.waiting <= 2  # the newest step, the newest state of the feed


async def test_a_reader_that_goes_on_after_a_while_gets_the_newest_and_then_everything(small_floor: LiveFloor) -> None:
    loop = asyncio.get_running_loop()
    async with stalled(small_floor) as client:
        await box_of_the_only_socket(small_floor)
        await push_profit(small_floor, range(100))
        received = bytearray()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        async with asyncio.timeout(20):
            while b'["client-1999",118.99]' not in received:  # that of the last step
                received += await loop.sock_recv(client, 65_536)
    assert received.count(b"pl_updates") < 60


async def test_a_reader_that_takes_nothing_for_long_is_closed_with_1013(small_floor: LiveFloor) -> None:
    async with stalled(small_floor) as client:
        box = await box_of_the_only_socket(small_floor)
        await push_profit(small_floor, range(100))
        await until(lambda: box.closes_with is not None)
        assert box.closes_with == (1013, "too_slow")
        async with asyncio.timeout(20):
            opcode, payload = (await read_to_the_end(client))[-1]
        assert (opcode, int.from_bytes(payload[:2], "big"), payload[2:]) == (8, 1013, b"too_slow")


async def test_more_orders_than_may_wait_close_with_1013_and_lose_nothing_before(small_floor: LiveFloor) -> None:
    hub, clock = small_floor.web.live.hub, small_floor.trading.clock
    async with stalled(small_floor) as client:
        box = await box_of_the_only_socket(small_floor)
        fed = 0
        while box.closes_with is None:
            body = {"order_id": str(fed), "message": "x" * 2_000}
            await hub.tell([frame(FrameType.ORDER_UPDATE, body, at=clock.now())])
            fed += 1
        assert fed < SMALL.waiting + 1_000
        assert box.waiting == 0
        async with asyncio.timeout(20):
            frames = await read_to_the_end(client)
    told = [orjson.loads(payload) for opcode, payload in frames if opcode == 1]
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    orders = [int(one["order_id"]) for one in told if one["type"] == "order_update"]
    assert orders == list(range(len(orders)))
    assert int.from_bytes(frames[-1][1][:2], "big") == 1013


async def test_a_connection_whose_reader_never_comes_back_is_cut(small_floor: LiveFloor) -> None:
    async with stalled(small_floor):
        box = await box_of_the_only_socket(small_floor)
        await push_profit(small_floor, range(100))
        await until(lambda: box.closes_with is not None)
        await until(lambda: small_floor.web.connections == 0)
    assert small_floor.web.live.hub.is_deserted
