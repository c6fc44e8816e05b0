from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from app.core.mofsl.feed_decoder import FeedBatch
from app.core.mofsl.feed_socket import FeedSocket, FeedSocketDialer
from app.domain.feed import FeedInstrument
from app.domain.instruments import Exchange
from app.domain.ports.feed import FeedLost
from tests.support.feed_server import HEARTBEAT, FeedServer, feed_server, index, trade
from tests.support.waiting import until

SHARE = FeedInstrument(Exchange.NSE, 1660, slot=0, tick_paise=5)
FUTURE = FeedInstrument(Exchange.NSEFO, 54_321, slot=1, tick_paise=5)
NIFTY = FeedInstrument(Exchange.NSE, 26_000, slot=2, tick_paise=1, is_index=True)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with feed_server() as running:
        yield running


def dialer(server: FeedServer, *, open_deadline_s: float = 10.0) -> FeedSocketDialer:
    return FeedSocketDialer(server.url, open_deadline_s=open_deadline_s)


async def next_prices(connection: FeedSocket) -> FeedBatch:
    async with asyncio.timeout(20):
        while not len((batch := await connection.receive()).slots):
            pass
    return batch


async def test_a_connection_logs_in_registers_and_delivers(server: FeedServer) -> None:
    async with dialer(server).open("TC0042") as connection:
        await connection.carry([SHARE, FUTURE, NIFTY])
        await until(lambda: server.registered() == {1660, 54_321})
        [listener] = server.listeners
        assert listener.client_code == "TC0042"
        assert listener.registered == {(b"N", b"C", 1660), (b"N", b"D", 54_321)}
        await server.send(trade(b"N", 1660, 101.05) + index(26_000, 25_000.1))
        batch = await next_prices(connection)
        assert dict(zip(batch.slots.tolist(), batch.paise.tolist(), strict=True)) == {0: 10_105, 2: 2_500_010}


async def test_only_what_changed_is_told_and_what_is_gone_goes_first(server: FeedServer) -> None:
    async with dialer(server).open("TC0042") as connection:
        await connection.carry([SHARE])
        await connection.carry([FUTURE])
        await connection.carry([FUTURE])
        await until(lambda: server.registered() == {54_321})
        told = [(packet[3:4], packet[-1]) for packet in server.listeners[0].packets[1:]]
        assert told == [(b"N", 1), (b"N", 0), (b"N", 1)]


async def test_heartbeats_are_answered(server: FeedServer) -> None:
    async with dialer(server).open("TC0042") as connection:
        await until(lambda: bool(server.listeners))
        await server.send(HEARTBEAT)
        assert (await connection.receive()).heartbeats == 1
        await until(lambda: server.listeners[0].answered_heartbeats == 1)


async def test_packets_split_over_frames_and_frames_of_text_are_read(server: FeedServer) -> None:
    async with dialer(server).open("TC0042") as connection:
        await connection.carry([SHARE])
        await until(lambda: server.registered() == {1660})
        data = trade(b"N", 1660, 101.05)
        await server.send(data[:17])
        await server.send(data[17:])
        assert (await next_prices(connection)).paise.tolist() == [10_105]
        await server.listeners[0].socket.send_str('{"status": "ERROR", "message": "no such client"}')
        assert "no such client" in (await connection.receive()).faults[0]


async def test_a_close_from_the_server_delivers_what_came_before_it_and_then_ends(server: FeedServer) -> None:
    async with dialer(server).open("TC0042") as connection:
        await connection.carry([SHARE])
        await until(lambda: server.registered() == {1660})
        await server.send(trade(b"N", 1660, 101.05))
        await server.listeners[0].socket.close()
        assert (await next_prices(connection)).paise.tolist() == [10_105]
        with pytest.raises(FeedLost, match="closed the connection"):
            await connection.receive()


async def test_no_server_is_a_lost_feed(server: FeedServer) -> None:
    await server.stop()
    with pytest.raises(FeedLost, match="no connection was made"):
        async with dialer(server).open("TC0042"):
            pass


async def test_a_client_code_that_fits_no_packet_is_a_lost_feed_and_no_crash(server: FeedServer) -> None:
    with pytest.raises(FeedLost, match="client code"):
        async with dialer(server).open("A" * 16):
            pass


async def test_a_server_that_never_shakes_hands_is_given_up_at_the_deadline(server: FeedServer) -> None:
    await server.stop()
    mute = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", server.port)
    async with mute:
        with pytest.raises(FeedLost, match=r"within 0\.2 s"):
            async with dialer(server, open_deadline_s=0.2).open("TC0042"):
                pass


async def test_a_redirect_is_not_followed(server: FeedServer) -> None:
    await server.stop()

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:22298/\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(redirect, "127.0.0.1", server.port):
        with pytest.raises(FeedLost, match="no connection was made"):
            async with dialer(server).open("TC0042"):
                pass


def test_an_address_without_tls_is_refused_unless_it_is_this_machine() -> None:
    with pytest.raises(ValueError, match="wss"):
        FeedSocketDialer("ws://feed.example.com/jwebsocket")
    with pytest.raises(ValueError, match="wss"):
        FeedSocketDialer("http://127.0.0.1:22298/")
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ValueError, match="verifies"):
        FeedSocketDialer("wss://feed.example.com/jwebsocket", tls=unverified)
