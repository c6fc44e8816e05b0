"""The desk's state, funds, broker sessions and the market feed, as sockets are told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import insert, update

from app.brokers.simulated import plain_funds
from app.db.snapshots import SqlSnapshotStore
from app.domain.broker_sessions import SessionState, SessionStatus
from app.domain.feed import FeedHealth, FeedState
from app.domain.portfolio import Reading
from app.domain.ports.portfolio import FUNDS_CHANGED
from app.engine.relay import EngineRelay
from app.models.models import BrokerSession
from tests.support.live import LiveFloor, Reader
from tests.support.trading import running

Json = dict[str, Any]
SENDING = {
    "sending", "is_armed", "is_killed", "is_reduce_only", "reason", "changed_by", "changed_by_email", "changed_at",
}  # fmt: skip


_FUNDS = ("available_funds", "as_of", "stale", "stale_reason", "pl_stale", "pl_reason")


async def rows_of(floor: LiveFloor, token: str) -> dict[str, Json]:
    async with floor.browser(token) as browser:
        answer = await browser.get("/api/v1/clients")
    assert answer.status_code == 200, answer.text
    return {row["id"]: row for row in answer.json()["items"]}


async def next_of(reader: Reader, kind: str) -> Json:
    return await reader.until(lambda frame: frame["type"] == kind)


async def test_a_new_reading_of_funds_is_told_as_the_client_list_shows_it(floor: LiveFloor) -> None:
    token, trading = await floor.token(), floor.trading
    store = SqlSnapshotStore(trading.database)
    async with floor.reader(token, web=floor.other) as reader:
        now = trading.clock.now()
        await store.save([Reading(id_, plain_funds(Decimal("1250.5")), (), now) for id_ in ("c1", "c3")])
        await trading.bus.publish(FUNDS_CHANGED, {"client_ids": ["c1", "c3"]})
        told = await next_of(reader, "funds_update")
        rows = await rows_of(floor, token)
    assert sorted(update["client_id"] for update in told["updates"]) == ["c1", "c3"]
    for one in told["updates"]:
        row = rows[one.pop("client_id")]
        assert one == {name: row[name] for name in _FUNDS}
        assert (one["available_funds"], one["stale"]) == ("1250.50", False)


async def test_a_change_of_a_broker_session_is_told_as_the_client_list_shows_it(floor: LiveFloor) -> None:
    token, trading = await floor.token(), floor.trading
    relay = EngineRelay(bus=trading.bus, clock=trading.clock)
    async with floor.reader(token, web=floor.other) as reader, running(relay.run()):
        for state, reason in ((SessionState.READY, None), (SessionState.REFUSED, "The broker refused the login: no.")):
            values = {"state": state.value, "reason": reason, "expires_at": trading.clock.now() + timedelta(hours=1)}
            async with trading.database.write() as connection:
                changed = await connection.execute(
                    update(BrokerSession).where(BrokerSession.owner_id == "c2").values(values)
                )
                if not changed.rowcount:
                    row = {"owner_id": "c2", "owner_kind": "client", "user_id": "TC0002", "generation": 1}
                    await connection.execute(insert(BrokerSession).values({**row, "failed_attempts": 0, **values}))
            relay.on_session("c2", SessionStatus(state, reason))
            told = await next_of(reader, "session_update")
            row = (await rows_of(floor, token))["c2"]
            assert told["updates"] == [{"client_id": "c2", "session": row["session"]}]
            assert row["session"]["state"] == state.value


async def test_a_change_of_the_desk_that_nobody_announced_is_told(floor: LiveFloor) -> None:
    token = await floor.token()
    async with floor.reader(token, web=floor.other) as reader, floor.browser(token) as browser:
        await floor.trading.gate_set(is_reduce_only=True)
        told = await next_of(reader, "desk_update")
        body = (await browser.get("/api/v1/desk")).json()
    assert {name: told[name] for name in told if name not in {"type", "seq", "ts"}} == {
        name: body[name] for name in SENDING
    }
    assert body["is_reduce_only"] is True


async def test_the_state_of_the_feed_is_told_every_second_also_while_nothing_else_happens(floor: LiveFloor) -> None:
    async with floor.reader(web=floor.other) as reader:
        for _ in range(3):
            await next_of(reader, "feed_status")
    times = [datetime.fromisoformat(frame["ts"]) for frame in reader.frames]
    assert all(later - earlier < timedelta(seconds=3) for earlier, later in pairwise(times))


async def test_without_an_engine_the_feed_is_down_and_says_why(floor: LiveFloor) -> None:
    async with floor.reader(web=floor.other) as reader:
        told = await next_of(reader, "feed_status")
    assert told["status"] == "down"
    assert told["last_tick_at"] is None
    assert "Nothing was heard" in told["reason"]


async def test_the_feed_is_as_the_engine_says_and_down_once_the_engine_is_silent(floor: LiveFloor) -> None:
    trading, at = floor.trading, datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    health = [FeedHealth(FeedState.LIVE, None, at, 5, 0, 0)]

    def as_event() -> dict[str, object]:
        return health[-1].as_event()

    relay = EngineRelay(bus=trading.bus, clock=trading.clock, feed_health=as_event)
    async with floor.reader(web=floor.other) as reader:
        async with running(relay.run()):
            told = await reader.until(lambda frame: frame.get("status") == "live")
            assert datetime.fromisoformat(told["last_tick_at"]) == at
            health.append(FeedHealth(FeedState.DELAYED, "No tick for 4 s.", at, 5, 0, 0))
            told = await reader.until(lambda frame: frame.get("status") == "delayed")
            assert told["reason"] == "No tick for 4 s."
        told = await reader.until(lambda frame: frame.get("status") == "down")
        assert "silent" in told["reason"]
        assert datetime.fromisoformat(told["last_tick_at"]) == at
