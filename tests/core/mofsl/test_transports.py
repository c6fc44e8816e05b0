"""One conformance suite for every transport, over real sockets."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.errors import NotSent, PerhapsSent
from app.core.mofsl.httpx_transport import HttpxTransport
from app.core.mofsl.transport import DIRECT, Egress, EgressKind, Pool, Transport, WireRequest, verified_tls
from tests.core.mofsl.certificates import self_signed_certificate
from tests.core.mofsl.raw_server import Exchange, answer, answering, hang, raw_server
from tests.support.processes import free_port

OK = b'{"status":"SUCCESS"}'
MakeTransport = Callable[[ssl.SSLContext | None], Transport]


def _aiohttp(tls: ssl.SSLContext | None) -> Transport:
    return AiohttpTransport(tls=tls)


def _httpx(tls: ssl.SSLContext | None) -> Transport:
    return HttpxTransport(tls=tls)


@pytest.fixture(params=[_aiohttp, _httpx], ids=["aiohttp", "httpx"])
def make_transport(request: pytest.FixtureRequest) -> MakeTransport:
    made: MakeTransport = request.param
    return made


@pytest.fixture
async def transport(make_transport: MakeTransport) -> AsyncIterator[Transport]:
    made = make_transport(None)
    yield made
    await made.close()


def request_to(
    url: str,
    *,
    method: str = "POST",
    timeout_s: float = 5.0,
    max_bytes: int = 256 * 1024,
    egress: Egress = DIRECT,
    pool: Pool = Pool.WRITES,
) -> WireRequest:
    body = b'{"tag":"S7A0001"}' if method == "POST" else None
    return WireRequest(
        method, url, {"ApiKey": "k", "User-Agent": "MOSL/V.1.1.0"}, body, pool, timeout_s, max_bytes, egress
    )


async def test_an_answer_comes_back_with_status_and_body(transport: Transport) -> None:
    async with raw_server(answering(answer(OK))) as server:
        assert await transport.send(request_to(server.url)) == (200, OK)
    assert server.exchanges[0].body == b'{"tag":"S7A0001"}'
    assert b"apikey: k" in server.exchanges[0].head.lower()


@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_is_an_answer_and_is_not_followed(transport: Transport, status: str) -> None:
    async with (
        raw_server(answering(answer(OK))) as target,
        raw_server(answering(answer(b"moved", status, f"Location: {target.url}\r\n"))) as server,
    ):
        assert await transport.send(request_to(server.url)) == (int(status[:3]), b"moved")
        assert await transport.send(request_to(server.url, method="GET")) == (int(status[:3]), b"moved")
    assert target.exchanges == []


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "429 Too Many", "500 Oops", "502 Bad Gateway"])
async def test_a_failing_status_is_an_answer_with_its_body(transport: Transport, status: str) -> None:
    async with raw_server(answering(answer(b"<html>", status))) as server:
        assert await transport.send(request_to(server.url)) == (int(status[:3]), b"<html>")


async def test_a_refused_connection_is_surely_not_sent(transport: Transport) -> None:
    with pytest.raises(NotSent) as caught:
        await transport.send(request_to(f"http://127.0.0.1:{free_port()}/x"))
    assert caught.value.reason == "connect"
    assert "check the network" in caught.value.message
    assert "Error" not in caught.value.message


async def test_a_name_that_does_not_resolve_is_surely_not_sent(transport: Transport) -> None:
    with pytest.raises(NotSent):
        await transport.send(request_to("http://no-such-host.invalid/x"))


async def test_a_connection_that_is_never_accepted_is_surely_not_sent(transport: Transport) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port = free_port()
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))  # fills the queue: further handshakes get no reply
    try:
        with pytest.raises(NotSent) as caught:
            await transport.send(request_to(f"http://127.0.0.1:{port}/x", timeout_s=0.4))
        assert caught.value.reason == "connect_timeout"
    finally:
        for one in (*waiting, listener):
            one.close()


async def test_a_source_address_that_cannot_be_bound_is_surely_not_sent(transport: Transport) -> None:
    async with raw_server(answering(answer(OK))) as server:
        egress = Egress(EgressKind.LOCAL_ADDRESS, "192.0.2.77")
        with pytest.raises(NotSent):
            await transport.send(request_to(server.url, egress=egress))
    assert server.connections == 0


async def test_a_local_source_address_is_the_one_the_server_sees(transport: Transport) -> None:
    seen: list[str] = []

    async def behave(exchange: Exchange) -> None:
        seen.append(exchange.writer.get_extra_info("peername")[0])
        await exchange.send(answer(OK))

    async with raw_server(behave) as server:
        await transport.send(request_to(server.url, egress=Egress(EgressKind.LOCAL_ADDRESS, "127.0.0.9")))
    assert seen == ["127.0.0.9"]


async def test_a_request_through_a_proxy_reaches_the_proxy(transport: Transport) -> None:
    async with raw_server(answering(answer(OK))) as proxy:
        egress = Egress(EgressKind.PROXY, f"http://127.0.0.1:{proxy.port}")
        assert await transport.send(request_to("http://broker.invalid/rest/x", egress=egress)) == (200, OK)
    assert proxy.exchanges[0].head.startswith(b"POST http://broker.invalid/rest/x HTTP/1.1\r\n")


async def test_a_proxy_that_refuses_the_tunnel_is_surely_not_sent(transport: Transport) -> None:
    async with raw_server(answering(answer(b"no", "403 Forbidden"), close=True)) as proxy:
        egress = Egress(EgressKind.PROXY, f"http://user:pr0xy-secret@127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent) as caught:
            await transport.send(request_to("https://broker.invalid/rest/x", egress=egress))
    assert "pr0xy-secret" not in repr(caught.value) + str(caught.value) + repr(egress)


async def test_an_answer_that_never_comes_is_perhaps_sent(transport: Transport) -> None:
    async with raw_server(hang) as server:
        with pytest.raises(PerhapsSent) as caught:
            await transport.send(request_to(server.url, timeout_s=0.3))
    assert caught.value.reason == "timeout"
    assert len(server.exchanges) == 1


async def test_bytes_that_drip_do_not_outlive_the_deadline(transport: Transport) -> None:
    async def drip(exchange: Exchange) -> None:
        for byte in answer(OK):
            await exchange.send(bytes([byte]))
            await asyncio.sleep(0.05)

    async with raw_server(drip) as server:
        with pytest.raises(PerhapsSent) as caught:
            await transport.send(request_to(server.url, timeout_s=0.4))
    assert caught.value.reason == "timeout"


async def _close(exchange: Exchange) -> None:
    exchange.writer.close()


async def _reset(exchange: Exchange) -> None:
    exchange.reset()


async def _cut(exchange: Exchange) -> None:
    await exchange.send(answer(OK)[:-5])
    exchange.writer.close()


async def _no_http(exchange: Exchange) -> None:
    await exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    exchange.writer.close()


async def _cut_chunks(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + OK + b"\r\n")
    exchange.writer.close()


@pytest.mark.parametrize("behave", [_close, _reset, _cut, _no_http, _cut_chunks])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_exchange_that_breaks_off_is_perhaps_sent_and_is_not_repeated(
    transport: Transport, behave: Callable[[Exchange], object], method: str
) -> None:
    async with raw_server(behave) as server:  # type: ignore[arg-type]
        with pytest.raises(PerhapsSent):
            await transport.send(request_to(server.url, method=method))
        assert len(server.exchanges) == 1
        assert server.connections == 1


async def test_f7_a_reset_within_the_request_s_body_is_perhaps_sent(transport: Transport) -> None:
    """FAULTS.md F7: a part of the order has left, so nobody can say that it did not arrive."""
    whole = b"x" * 16 * 1024 * 1024  # more than the sockets of both sides hold

    async def reset_within_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1000)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    port = free_port()
    server = await asyncio.start_server(reset_within_the_body, "127.0.0.1", port)
    try:
        request = request_to(f"http://127.0.0.1:{port}/x")
        with pytest.raises(PerhapsSent):
            await transport.send(dataclasses.replace(request, body=whole))
    finally:
        server.close()


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_stale_kept_connection_never_makes_a_second_request(transport: Transport, method: str) -> None:
    async def first_answers_then_closes(exchange: Exchange) -> None:
        if exchange.nth_on_connection == 1:
            await exchange.send(answer(OK))
        else:
            exchange.reset()  # the second request was read whole, and its connection dies

    async with raw_server(first_answers_then_closes) as server:
        await transport.send(request_to(server.url, method=method))
        with pytest.raises(PerhapsSent):
            await transport.send(request_to(server.url, method=method))
        assert len(server.exchanges) == 2
        assert server.connections == 1


async def test_a_connection_closed_while_idle_gives_one_request_at_most(transport: Transport) -> None:
    async with raw_server(answering(answer(OK), close=True)) as server:
        for _ in range(20):
            try:
                await transport.send(request_to(server.url))
            except PerhapsSent:
                continue
        assert len(server.exchanges) <= 20


async def test_a_huge_answer_is_cut_off_at_the_limit(transport: Transport) -> None:
    async def flood(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while not exchange.writer.is_closing():
            await exchange.send(b"x" * 65_536)

    async with raw_server(flood) as server:
        with pytest.raises(PerhapsSent) as caught:
            await transport.send(request_to(server.url, max_bytes=100_000))
    assert caught.value.reason == "answer_too_large"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(OK, mtime=0)), ("deflate", zlib.compress(OK)), ("identity", OK)],
    ids=["gzip", "deflate", "identity"],
)
async def test_a_compressed_answer_is_unpacked(transport: Transport, encoding: str, packed: bytes) -> None:
    async with raw_server(answering(answer(packed, extra=f"Content-Encoding: {encoding}\r\n"))) as server:
        assert await transport.send(request_to(server.url)) == (200, OK)


@pytest.mark.parametrize(
    ("encoding", "packed", "reason"),
    [
        ("gzip", gzip.compress(b"0" * 20_000_000, mtime=0), "answer_too_large"),
        ("gzip", gzip.compress(OK, mtime=0)[:-6], "content_encoding"),
        ("gzip", b"not gzip at all", "content_encoding"),
        ("br", OK, "content_encoding"),
    ],
)
async def test_a_bomb_or_a_broken_compression_is_no_answer(
    transport: Transport, encoding: str, packed: bytes, reason: str
) -> None:
    async with raw_server(answering(answer(packed, extra=f"Content-Encoding: {encoding}\r\n"))) as server:
        with pytest.raises(PerhapsSent) as caught:
            await transport.send(request_to(server.url))
    assert caught.value.reason == reason


async def test_reads_and_writes_never_share_a_connection(transport: Transport) -> None:
    async with raw_server(answering(answer(OK))) as server:
        for pool in (Pool.WRITES, Pool.READS, Pool.WRITES, Pool.READS):
            await transport.send(request_to(server.url, pool=pool))
        assert server.connections == 2


async def test_the_environments_proxies_are_ignored(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with raw_server(answering(answer(OK))) as server:
        assert await transport.send(request_to(server.url)) == (200, OK)


async def test_a_cancelled_call_ends_cancelled_and_leaves_the_transport_usable(transport: Transport) -> None:
    async def behave(exchange: Exchange) -> None:
        if len(server.exchanges) == 1:
            await hang(exchange)
        else:
            await exchange.send(answer(OK))

    async with raw_server(behave) as server:
        task = asyncio.create_task(transport.send(request_to(server.url)))
        await asyncio.wait_for(server.arrived.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await transport.send(request_to(server.url)) == (200, OK)


async def test_a_closed_transport_sends_nothing(make_transport: MakeTransport) -> None:
    transport = make_transport(None)
    await transport.close()
    async with raw_server(answering(answer(OK))) as server:
        with pytest.raises(NotSent):
            await transport.send(request_to(server.url))
    assert server.connections == 0


async def test_many_requests_at_once_each_get_their_own_answer(transport: Transport) -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.send(answer(exchange.head.split(b" ")[1]))

    async with raw_server(echo) as server:
        base = server.url.rsplit("/", 1)[0]
        calls = [transport.send(request_to(f"{base}/{n}", timeout_s=20)) for n in range(60)]
        answers = await asyncio.gather(*calls)
    assert [body.rsplit(b"/", 1)[1] for _, body in answers] == [str(n).encode() for n in range(60)]


async def test_a_certificate_that_cannot_be_verified_is_surely_not_sent(
    make_transport: MakeTransport, tmp_path: Path
) -> None:
    certificate, key = self_signed_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    strict, trusting = make_transport(None), make_transport(ssl.create_default_context(cafile=str(certificate)))
    async with raw_server(answering(answer(OK)), tls) as server:
        with pytest.raises(NotSent) as caught:
            await strict.send(request_to(server.url))
        assert await trusting.send(request_to(server.url)) == (200, OK)
        assert len(server.exchanges) == 1
    assert caught.value.reason == "tls"
    await strict.close()
    await trusting.close()


async def test_a_handshake_that_hangs_is_surely_not_sent(make_transport: MakeTransport) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    port = free_port()
    listener = await asyncio.start_server(silent, "127.0.0.1", port)
    transport = make_transport(None)
    with pytest.raises(NotSent) as caught:
        await transport.send(request_to(f"https://127.0.0.1:{port}/x", timeout_s=0.4))
    assert caught.value.reason == "connect_timeout"
    await transport.close()
    listener.close()


def test_a_context_that_does_not_verify_is_refused() -> None:
    lax = ssl.create_default_context()
    lax.check_hostname = False
    lax.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verifies"):
        verified_tls(lax)
