"""The kill switch needs nobody's leave; arming and re-arming need a fresh code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db.session import Database
from app.domain.errors import NotAllowed
from app.domain.identity import Role, Session, SessionKind, SignedIn, User
from app.domain.orders import OrderStatus
from app.services.control_desk import DESK_CHANGED, DeskControl
from tests.support.orders import NOW
from tests.support.trading import TradingDesk

S = OrderStatus


class OneCode:
    """A second step that knows one code, once."""

    def __init__(self) -> None:
        self.left = ["123456"]

    async def step_up(self, who: SignedIn, totp_code: str) -> None:
        if totp_code not in self.left:
            raise NotAllowed("That code does not count.", code="totp_invalid")
        self.left.remove(totp_code)


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


@pytest.fixture
def control(desk: TradingDesk) -> DeskControl:
    return DeskControl(desk.control, OneCode(), desk.bus, desk.clock)


@pytest.fixture
def who() -> SignedIn:
    user = User("u1", "trader@desk.test", Role.ADMIN, is_active=True, created_at=NOW, updated_at=NOW)
    session = Session("s1", "u1", SessionKind.COOKIE, None, None, NOW, NOW, NOW + timedelta(hours=1))
    return SignedIn(user, session, "203.0.113.7")


async def test_a_kill_stops_at_once_and_is_told(desk: TradingDesk, control: DeskControl, who: SignedIn) -> None:
    batch_id = await desk.place(10, 20)
    async with desk.bus.subscribe(DESK_CHANGED) as hints:
        gate = await control.kill(who, "wrong instrument")
        hint = await hints.receive(5)
    assert (gate.is_killed, gate.reason, gate.changed_by) == (True, "wrong instrument", "u1")
    assert hint is not None
    assert hint.body == {"action": "killed"}
    assert await desk.statuses(batch_id) == [S.LAPSED, S.LAPSED]


async def test_a_kill_pressed_twice_stays_a_kill(desk: TradingDesk, control: DeskControl, who: SignedIn) -> None:
    await control.kill(who, None)
    assert (await control.kill(who, "again")).is_killed


@pytest.mark.parametrize("what", ["rearm", "arm"])
async def test_without_a_fresh_code_nothing_is_armed(
    desk: TradingDesk, control: DeskControl, who: SignedIn, what: str
) -> None:
    await desk.gate_set(is_killed=True, is_armed=False)
    with pytest.raises(NotAllowed):
        await getattr(control, what)(who, "000000")
    gate = await desk.control.gate()
    assert (gate.is_killed, gate.is_armed) == (True, False)


async def test_a_fresh_code_arms_once(desk: TradingDesk, control: DeskControl, who: SignedIn) -> None:
    await control.kill(who, None)
    assert not (await control.rearm(who, "123456")).is_killed
    await control.kill(who, None)
    with pytest.raises(NotAllowed):
        await control.rearm(who, "123456")
    assert (await desk.control.gate()).is_killed


async def test_what_a_kill_lapsed_stays_lapsed_after_the_desk_is_armed_again(
    desk: TradingDesk, control: DeskControl, who: SignedIn
) -> None:
    batch_id = await desk.place(10)
    await control.kill(who, None)
    await control.rearm(who, "123456")
    assert await desk.statuses(batch_id) == [S.LAPSED]
    assert await desk.engine.queued(10) == []


async def test_reduce_only_blocks_entries_until_it_is_taken_back(
    desk: TradingDesk, control: DeskControl, who: SignedIn
) -> None:
    await control.reduce_only(who, enabled=True, reason="margin call")
    assert [order.code for order in await desk.orders(await desk.place(10))] == ["desk_reduce_only"]
    await control.reduce_only(who, enabled=False, reason=None)
    assert await desk.statuses(await desk.place(10)) == [S.QUEUED]
