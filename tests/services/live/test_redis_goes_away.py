"""Redis is killed and started again under load: no order event is lost, and what was missed is told afterwards."""

from __future__ import annotations

import asyncio

from app.config import Settings
from tests.services.live.conftest import opened
from tests.services.live.test_orders_over_sockets import assert_as_in_http
from tests.services.live.test_profit_over_sockets import Profits, shows
from tests.support.engine import Engine
from tests.support.own_redis import one_redis


async def test_no_order_event_is_lost_while_redis_is_killed_and_started_again(
    postgres_url: str, settings: Settings, free_port: int
) -> None:
    async with one_redis(free_port) as server, opened(postgres_url, server.url, settings) as floor:
        token, desk, profits = await floor.token(), floor.trading, Profits(floor)
        engine = Engine(desk, rate=100_000)
        placed: list[str] = []

        async def press() -> None:
            while len(placed) < 30:
                placed.append(await desk.place(10, 20, 30))
                profits.move(c1=float(len(placed)), c2=-float(len(placed)))
                await asyncio.sleep(0.1)

        async with (
            floor.reader(token, web=floor.web) as one,
            floor.reader(token, web=floor.other) as two,
            engine.running(profits.relay.run()),
        ):
            pressing = asyncio.create_task(press())
            async with asyncio.timeout(60):
                for down_at, up_at in ((5, 10), (15, 20)):
                    while len(placed) < down_at:
                        await one.read()
                    server.kill()
                    while len(placed) < up_at:
                        await one.read()
                    await server.start()
                await pressing
                for reader in (one, two):
                    await reader.until_completed(*placed)
                    for batch_id in placed:
                        await assert_as_in_http(reader, floor, token, batch_id)
                    await shows(reader, profits.expected())


async def test_signing_out_closes_sockets_elsewhere_also_without_redis(
    postgres_url: str, settings: Settings, free_port: int
) -> None:
    async with one_redis(free_port) as server, opened(postgres_url, server.url, settings) as floor:
        token = await floor.token()
        async with floor.reader(token, web=floor.other) as there, floor.browser(token, floor.web) as browser:
            server.kill()
            async with asyncio.timeout(5):
                assert (await browser.post("/api/v1/auth/logout")).status_code == 204
                assert await there.until_closed() == (1008, "session_ended")
