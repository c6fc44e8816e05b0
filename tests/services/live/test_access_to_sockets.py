"""Who may open a socket is decided before the upgrade, and again for as long as it is open."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import func, select, update
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.domain.identity import SessionKind
from app.models.models import SocketTicket, User
from tests.support.live import LiveFloor, Reader, WebProcess

Json = dict[str, Any]


async def refusal(web: WebProcess, query: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return the status and the code with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(web.socket_url + query, additional_headers=headers or {}):
            pass
    answer = refused.value.response
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = orjson.loads(bytes(answer.body or b""))
    assert problem["status"] == answer.status_code
    return problem["status"], problem["code"]


async def ticket_of(floor: LiveFloor, token: str, web: WebProcess | None = None) -> str:
    async with floor.browser(token, web) as browser:
        answer = await browser.post("/api/v1/ws-ticket")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


async def opens(web: WebProcess, query: str, headers: dict[str, str] | None = None) -> None:
    async with connect(web.socket_url + query, additional_headers=headers or {}) as connection:
        assert (await Reader(connection).read())["type"] == "hello"


async def test_hello_comes_first_and_asks_for_a_snapshot(floor: LiveFloor) -> None:
    async with floor.reader() as reader:
        hello = reader.frames[0]
    assert (hello["type"], hello["seq"], hello["snapshot_required"]) == ("hello", 1, True)
    assert set(hello) == {"type", "seq", "ts", "snapshot_required", "server_time"}


@pytest.mark.parametrize(
    "origin",
    ["", "null", "http://evil.test", "http://127.0.0.1", "http://127.0.0.1:1", "file://", "http://evil.test:{port}"],
)
async def test_a_cookie_counts_only_from_our_own_pages(small_floor: LiveFloor, origin: str) -> None:
    web = small_floor.web
    headers = {"Cookie": f"desk_session={await small_floor.token()}"}
    if origin:
        headers["Origin"] = origin.format(port=web.port)
    assert await refusal(web, headers=headers) == (403, "origin_not_allowed")
    await opens(web, "", headers | {"Origin": web.url})


async def test_without_a_live_session_there_is_no_socket(small_floor: LiveFloor) -> None:
    web = small_floor.web
    bearer = await small_floor.token(kind=SessionKind.BEARER)
    expired = await small_floor.token(lives_s=1)
    small_floor.trading.clock.advance(2)
    origin = {"Origin": web.url}
    assert await refusal(web, headers=origin) == (401, "not_signed_in")
    for cookie in ("x", bearer, expired):
        headers = origin | {"Cookie": f"desk_session={cookie}"}
        assert await refusal(web, headers=headers) == (401, "not_signed_in")
    assert await refusal(web, headers=origin | {"Authorization": f"Bearer {bearer}"}) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "query",
    ["?token=abc", "?access_token=abc", "?batched=2", "?batched=true", "?batched=1&batched=1", "?ticket=a&ticket=b"],
)
async def test_what_the_address_may_not_say_is_refused(small_floor: LiveFloor, query: str) -> None:
    headers = {"Cookie": f"desk_session={await small_floor.token()}", "Origin": small_floor.web.url}
    assert await refusal(small_floor.web, query, headers) == (422, "invalid_input")


async def test_a_ticket_opens_one_socket_at_any_web_process(floor: LiveFloor) -> None:
    token = await floor.token()
    ticket = await ticket_of(floor, token, floor.web)
    await opens(floor.other, f"?ticket={ticket}&batched=1")
    for web in floor.webs:
        assert await refusal(web, f"?ticket={ticket}") == (401, "not_signed_in")


async def test_a_ticket_is_used_once_however_many_ask_at_once(floor: LiveFloor) -> None:
    ticket = await ticket_of(floor, await floor.token())

    async def attempt(web: WebProcess) -> bool:
        try:
            await opens(web, f"?ticket={ticket}")
        except InvalidStatus:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(web) for web in floor.webs for _ in range(8)))) == 1


async def test_a_ticket_expires_and_dies_with_its_session(floor: LiveFloor) -> None:
    token = await floor.token()
    first, second = await ticket_of(floor, token), await ticket_of(floor, token)
    async with floor.browser(token) as browser:
        assert (await browser.post("/api/v1/auth/logout")).status_code == 204
    assert await refusal(floor.web, f"?ticket={first}") == (401, "not_signed_in")
    third = await ticket_of(floor, await floor.token())
    floor.trading.clock.advance(30.1)
    for ticket in (second, third, "", "x" * 64, "x" * 500):
        assert await refusal(floor.web, f"?ticket={ticket}") == (401, "not_signed_in")


async def test_a_ticket_from_a_strangers_page_is_refused_and_stays_unused(small_floor: LiveFloor) -> None:
    ticket = await ticket_of(small_floor, await small_floor.token())
    headers = {"Origin": "http://evil.test"}
    assert await refusal(small_floor.web, f"?ticket={ticket}", headers) == (403, "origin_not_allowed")
    await opens(small_floor.web, f"?ticket={ticket}")


async def test_a_program_gets_its_socket_by_ticket(small_floor: LiveFloor) -> None:
    bearer = await small_floor.token(kind=SessionKind.BEARER)
    async with httpx.AsyncClient(base_url=small_floor.web.url) as program:
        answer = await program.post("/api/v1/ws-ticket", headers={"Authorization": f"Bearer {bearer}"})
        assert (await program.post("/api/v1/ws-ticket")).status_code == 401
    assert set(answer.json()) == {"ticket", "expires_at"}
    await opens(small_floor.web, f"?ticket={answer.json()['ticket']}")


async def test_the_database_holds_no_ticket_that_could_be_used_and_none_for_long(floor: LiveFloor) -> None:
    token = await floor.token()
    async with floor.browser(token) as browser:
        answers = [await browser.post("/api/v1/ws-ticket") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].json()["code"] == "too_many_tickets"
    secrets = {answer.json()["ticket"] for answer in answers[:-1]}
    async with floor.trading.database.read() as connection:
        kept = set(await connection.scalars(select(SocketTicket.id)))
    assert len(kept) == 20
    assert not kept & secrets
    floor.trading.clock.advance(31)
    await ticket_of(floor, token)
    async with floor.trading.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(SocketTicket)) == 1


async def test_a_session_has_few_sockets_and_a_closed_one_makes_room(small_floor: LiveFloor) -> None:
    token = await small_floor.token()
    headers = {"Cookie": f"desk_session={token}", "Origin": small_floor.web.url}
    async with small_floor.reader(token):
        async with small_floor.reader(token):
            assert await refusal(small_floor.web, headers=headers) == (429, "too_many_sockets")
        async with AsyncExitStack() as stack:
            for _ in range(3):  # of others: the process has its limit, too
                await stack.enter_async_context(small_floor.reader())
            assert await refusal(small_floor.web, headers=headers) == (429, "too_many_sockets")


async def test_signing_out_closes_the_sockets_of_that_session_at_every_web_process(floor: LiveFloor) -> None:
    token, another = await floor.token(), await floor.token()
    async with (
        floor.reader(token, web=floor.web) as here,
        floor.reader(token, web=floor.other) as there,
        floor.reader(another, web=floor.other) as stays,
    ):
        async with floor.browser(token) as browser, asyncio.timeout(5):
            assert (await browser.post("/api/v1/auth/logout")).status_code == 204
            assert await here.until_closed() == (1008, "session_ended")
            assert await there.until_closed() == (1008, "session_ended")
        await stays.until(lambda frame: frame["type"] == "feed_status")


async def test_an_administrators_end_of_a_session_closes_its_sockets(floor: LiveFloor) -> None:
    token = await floor.token("u1")
    async with floor.trading.database.write() as connection:
        await connection.execute(update(User).where(User.id == "u2").values(role="admin"))
    async with floor.reader(token, web=floor.other) as reader, floor.browser(await floor.token("u2")) as admin:
        answer = await admin.delete(f"/api/v1/auth/sessions/{floor.session_id(token)}")
        assert answer.status_code == 204, answer.text
        assert await reader.until_closed() == (1008, "session_ended")


async def test_a_session_that_ends_without_a_word_on_the_bus_closes_within_seconds(floor: LiveFloor) -> None:
    async with floor.reader(web=floor.other) as reader:
        async with floor.trading.database.write() as connection:
            await connection.execute(update(User).values(is_active=False))
        async with asyncio.timeout(5):  # SECURITY.md S16
            assert await reader.until_closed() == (1008, "session_ended")


async def test_a_session_whose_time_is_over_closes(floor: LiveFloor) -> None:
    async with floor.reader(await floor.token(lives_s=600)) as reader:
        floor.trading.clock.advance(601)
        assert await reader.until_closed() == (1008, "session_ended")


async def test_what_a_client_says_changes_nothing_and_too_much_of_it_closes(small_floor: LiveFloor) -> None:
    async with small_floor.reader() as reader:
        for junk in ("", "{", "null", '{"type": "subscribe", "client_id": "c9"}', b"\x00\xff", "x" * 4000):
            await reader.connection.send(junk)
        await reader.until(lambda frame: frame["type"] == "feed_status")
        for _ in range(30):
            await reader.connection.send("more")
        assert await reader.until_closed() == (1008, "too_many_messages")


async def test_a_message_that_is_too_long_closes(small_floor: LiveFloor) -> None:
    async with small_floor.reader() as reader:
        await reader.connection.send("x" * 5000)
        assert (await reader.until_closed())[0] == 1009


async def test_bytes_that_are_no_frames_close_only_their_own_socket(small_floor: LiveFloor) -> None:
    async with small_floor.reader() as broken, small_floor.reader() as whole:
        broken.connection.transport.write(b"\xff" * 64)
        assert (await broken.until_closed())[0] in (1002, 1006)
        await whole.until(lambda frame: frame["type"] == "feed_status")
