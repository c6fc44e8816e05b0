"""Limits on record: who changed what, from when they count, and what a press that breaks one leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from app.db.limit_store import SqlLimitStore
from app.db.session import Database
from app.domain.broker import Side, Validity
from app.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from app.domain.identity import Role, Session, SessionKind, SignedIn, User
from app.domain.limits import LIMIT_BREACHED, Limits, LimitScope, LimitSet
from app.domain.orders import OrderStatus
from app.domain.planning import Plan
from app.domain.ports.trading import Review
from app.domain.trading import OrderType
from app.services.execute_batch import Press
from app.services.manage_limits import ManageLimits
from app.services.modify_order import NewTerms, OrderModifier
from tests.support.operations import working
from tests.support.orders import NOW, trade
from tests.support.trading import COLLEAGUE, TRADER, TradingDesk

S = OrderStatus
CODE = "123456"
WHO = SignedIn(
    User("u1", "trader@desk.test", Role.ADMIN, is_active=True, created_at=NOW, updated_at=NOW),
    Session("s1", "u1", SessionKind.COOKIE, None, None, NOW, NOW, NOW + timedelta(hours=1)),
    "203.0.113.7",
)


class OneCode:
    async def step_up(self, who: SignedIn, totp_code: str) -> None:
        if totp_code != CODE:
            raise NotAllowed("That code does not count.", code="totp_refused")


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


@pytest.fixture
def admin(desk: TradingDesk) -> ManageLimits:
    return ManageLimits(SqlLimitStore(desk.database), desk.facts, OneCode(), lambda _who: False, desk.clock)


def of_desk(**values: Any) -> LimitSet:
    return LimitSet(LimitScope.DESK, "", "", **values)


def of(scope: LimitScope, subject_id: str, **values: Any) -> LimitSet:
    return LimitSet(scope, subject_id, "", **values)


async def codes(desk: TradingDesk, batch_id: str) -> list[str | None]:
    return [order.code for order in await desk.orders(batch_id)]


async def test_a_limit_counts_from_the_next_press_on_and_until_it_is_lifted(
    desk: TradingDesk, admin: ManageLimits
) -> None:
    assert await codes(desk, await desk.place(10)) == [None]
    await admin.put(WHO, of_desk(max_order_quantity=15), CODE)
    preview = await desk.planner.plan(trade(11, 16), operator_id="u1")
    batch_id = await desk.place(11, 16)
    assert await codes(desk, batch_id) == [order.code for order in preview.orders] == [None, "limit_order_quantity"]
    assert await desk.statuses(batch_id) == [S.QUEUED, S.BLOCKED]
    await desk.assert_history_folds(batch_id)
    await admin.put(WHO, of_desk(), CODE)
    assert (await admin.page(None, offset=0, limit=10))[1] == 0
    assert await codes(desk, await desk.place(16)) == [None]


async def test_limits_of_an_operator_and_of_a_client_are_theirs_alone(desk: TradingDesk, admin: ManageLimits) -> None:
    await admin.put(WHO, of(LimitScope.USER, "u1", max_order_quantity=15), CODE)
    await admin.put(WHO, of(LimitScope.CLIENT, "c2", max_order_quantity=5), CODE)
    mine = await desk.place(16, 6, 7)
    assert await codes(desk, mine) == ["limit_order_quantity", "limit_order_quantity", None]
    assert "client Client 0002" in ((await desk.orders(mine))[1].message or "")
    colleagues = await desk.execute(trade(17, 4, 8), desk.press(actor=COLLEAGUE))
    assert await codes(desk, colleagues.id) == [None, None, None]


async def test_what_is_limited_is_listed_with_names_the_desk_first(desk: TradingDesk, admin: ManageLimits) -> None:
    await admin.put(WHO, of(LimitScope.CLIENT, "c2", max_order_notional=Decimal("2500.50")), CODE)
    await admin.put(WHO, of(LimitScope.USER, "u2", max_batch_orders=3), CODE)
    await admin.put(WHO, of_desk(max_price_distance_percent=Decimal("7.5")), CODE)
    found, total = await admin.page(None, offset=0, limit=10)
    assert [(one.limits.scope.value, one.limits.subject_name) for one in found] == [
        ("desk", ""), ("user", "u2@desk.test"), ("client", "Client 0002"),
    ]  # fmt: skip
    assert total == 3
    assert found[0].limits.max_price_distance_percent == Decimal("7.5")
    assert found[2].limits.max_order_notional == Decimal("2500.50")
    assert found[2].updated_by == "u1"
    only, total = await admin.page(LimitScope.USER, offset=0, limit=10)
    assert ([one.limits.max_batch_orders for one in only], total) == ([3], 1)


async def test_every_change_says_what_was_before(desk: TradingDesk, admin: ManageLimits) -> None:
    await admin.put(WHO, of_desk(max_order_quantity=10, max_order_notional=Decimal(500)), CODE)
    await admin.put(WHO, of_desk(max_order_quantity=20), CODE)
    first, second = await desk.audited("desk")
    assert (first.action, first.detail["before"]) == ("limits.changed", {})
    assert first.detail["after"] == second.detail["before"]
    before: Any = second.detail["before"]
    assert (before["max_order_quantity"], before["max_order_notional"]) == (10, "500.00")
    after: Any = second.detail["after"]
    assert (after["max_order_quantity"], after["max_order_notional"]) == (20, None)


async def test_two_changes_at_once_are_both_on_record_one_after_the_other(
    desk: TradingDesk, admin: ManageLimits
) -> None:
    await asyncio.gather(*(admin.put(WHO, of_desk(max_order_quantity=number), CODE) for number in range(1, 9)))
    entries: list[Any] = await desk.audited("desk")
    for earlier, later in pairwise(entries):
        assert later.detail["before"] == earlier.detail["after"]
    assert (await desk.store.limits()).version == 8


@pytest.mark.parametrize(
    ("scope", "code"), [(LimitScope.USER, "user_not_found"), (LimitScope.CLIENT, "client_not_found")]
)
async def test_nobody_unknown_is_limited(desk: TradingDesk, admin: ManageLimits, scope: LimitScope, code: str) -> None:
    with pytest.raises(NotFound) as caught:
        await admin.put(WHO, of(scope, "nobody", max_order_quantity=1), CODE)
    assert caught.value.code == code
    assert await desk.store.limits() == Limits(users={}, clients={})


async def test_a_change_needs_a_recent_second_step(desk: TradingDesk, admin: ManageLimits) -> None:
    for code, expected in ((None, "step_up_needed"), ("000000", "totp_refused")):
        for act in (
            admin.put(WHO, of_desk(max_order_quantity=1), code),
            admin.restrict(WHO, "NSE:1660", "why", code),
            admin.lift(WHO, "NSE:1660", code),
        ):
            with pytest.raises(NotAllowed) as caught:
                await act
            assert caught.value.code == expected
    assert (await desk.store.limits()).version == 0
    recent = replace(admin, is_stepped_up=lambda _who: True)
    await recent.put(WHO, of_desk(max_order_quantity=1), None)
    assert (await desk.store.limits()).version == 1


async def test_a_press_that_breaks_limits_leaves_one_entry_that_names_them(
    desk: TradingDesk, admin: ManageLimits
) -> None:
    await admin.put(WHO, of_desk(max_order_quantity=15), CODE)
    await admin.put(WHO, of(LimitScope.CLIENT, "c1", max_order_quantity=5), CODE)
    batch_id = await desk.place(10, 20, 30)
    entries: list[Any] = await desk.audited(batch_id)
    assert [entry.action for entry in entries] == ["batch.execute", LIMIT_BREACHED]
    assert (entries[1].actor.user_id, entries[1].detail["count"]) == ("u1", 2)
    assert entries[1].detail["breaches"] == [
        {"code": "limit_order_quantity", "scope": "client", "of": "c1", "limit": "5", "rows": 1},
        {"code": "limit_order_quantity", "scope": "desk", "of": "", "limit": "15", "rows": 2},
    ]


async def test_a_batch_above_its_limit_is_recorded_whole_and_blocked_whole(
    desk: TradingDesk, admin: ManageLimits
) -> None:
    await admin.put(WHO, of_desk(max_batch_notional=Decimal(10_000)), CODE)
    batch_id = await desk.place(10, 20, 30)
    assert await codes(desk, batch_id) == ["limit_batch_notional"] * 3
    assert len(await desk.audited(batch_id)) == 2


async def test_a_restricted_instrument_is_listed_blocked_and_lifted(desk: TradingDesk, admin: ManageLimits) -> None:
    await admin.restrict(WHO, "NSE:1660", "Results are due", CODE)
    (listed,) = await admin.restrictions()
    assert (listed.restriction.name, listed.restriction.reason) == ("ITC EQ", "Results are due")
    assert await codes(desk, await desk.place(10)) == ["instrument_restricted"]
    await admin.lift(WHO, "NSE:1660", CODE)
    assert await codes(desk, await desk.place(10)) == [None]
    assert [entry.action for entry in await desk.audited("NSE:1660")] == ["restriction.added", "restriction.lifted"]
    with pytest.raises(NotFound) as caught:
        await admin.lift(WHO, "NSE:1660", CODE)
    assert caught.value.code == "not_restricted"
    for unknown in ("NSE:999", "nonsense"):
        with pytest.raises(NotFound) as caught:
            await admin.restrict(WHO, unknown, "why", CODE)
        assert caught.value.code == "instrument_not_found"


class Meddler:
    """A store in which the limits change between planning and recording, as often as it is told."""

    def __init__(self, desk: TradingDesk, admin: ManageLimits, times: int) -> None:
        self._desk, self._admin, self._left = desk, admin, times
        self._record = desk.store.record

    async def record(self, *given: Any) -> Any:
        if self._left:
            self._left -= 1
            await self._admin.put(WHO, of_desk(max_order_quantity=15 + self._left), CODE)
        return await self._record(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk.store, name)


async def test_a_limit_set_between_planning_and_recording_counts(desk: TradingDesk, admin: ManageLimits) -> None:
    executor = replace(desk.executor, store=Meddler(desk, admin, 1))
    recorded = await executor.execute(trade(10, 16), desk.press(), approved_plan_hash=None)
    assert await codes(desk, recorded.id) == [None, "limit_order_quantity"]


async def test_limits_that_never_rest_record_nothing(desk: TradingDesk, admin: ManageLimits) -> None:
    executor = replace(desk.executor, store=Meddler(desk, admin, 2))
    with pytest.raises(Conflict) as caught:
        await executor.execute(trade(10), desk.press(), approved_plan_hash=None)
    assert caught.value.code == "limits_changed"
    assert await desk.counts() == (0, 0, 0)


async def test_a_changed_limit_undoes_an_approval(desk: TradingDesk, admin: ManageLimits) -> None:
    approved = await desk.planner.plan(trade(10, 16), operator_id="u1")
    await admin.put(WHO, of_desk(max_order_quantity=15), CODE)
    with pytest.raises(Conflict) as caught:
        await desk.executor.execute(trade(10, 16), desk.press(), approved_plan_hash=approved.hash)
    assert caught.value.code == "plan_changed"


async def test_an_exit_is_recorded_whatever_the_limits_of_size(desk: TradingDesk, admin: ManageLimits) -> None:
    await admin.put(WHO, of_desk(max_order_quantity=1, max_batch_notional=Decimal(1)), CODE)
    exit_trade = replace(trade(10, 20, side=Side.SELL), is_exit=True)
    plan: Plan = await desk.planner.plan(exit_trade, operator_id="u1")
    press: Press = desk.press()
    review: Review = lambda _others: plan.orders  # noqa: E731
    await admin.put(WHO, of_desk(max_order_quantity=2), CODE)
    recorded = await desk.executor.record(exit_trade, press, plan, review, conflicts_since_s=1)
    assert await desk.statuses(recorded.id) == [S.QUEUED, S.QUEUED]


async def test_a_working_order_is_not_made_larger_than_a_limit(desk: TradingDesk, admin: ManageLimits) -> None:
    _, (order_id,) = await working(desk, 10)
    await admin.put(WHO, of_desk(max_order_quantity=15), CODE)
    modifier = OrderModifier(desk.control, desk.planner, desk.bus, desk.clock)
    asked = NewTerms(16, OrderType.LIMIT, Decimal("410.00"), None, Validity.DAY)
    with pytest.raises(RuleBroken) as caught:
        await modifier.modify(order_id, asked, TRADER)
    assert caught.value.code == "limit_order_quantity"
    (entry,) = await desk.audited(order_id)
    assert (entry.action, entry.actor.user_id) == (LIMIT_BREACHED, "u1")


async def test_limits_are_read_only_when_they_changed(desk: TradingDesk, admin: ManageLimits) -> None:
    loads = 0

    async def load() -> Limits:
        nonlocal loads
        loads += 1
        return await desk.store.limits()

    planner = replace(desk.planner, limits=type(desk.limits)(load))
    for _ in range(3):
        await planner.plan(trade(10), operator_id="u1")
    assert loads == 1
    await admin.put(WHO, of_desk(max_order_quantity=5), CODE)
    plans = [await planner.plan(trade(10), operator_id="u1") for _ in range(3)]
    assert [plan.orders[0].code for plan in plans] == ["limit_order_quantity"] * 3
    assert loads == 2
