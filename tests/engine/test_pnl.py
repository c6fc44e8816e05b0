from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.broker import Side
from app.domain.errors import StoreUnavailable
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.domain.profit_loss import Profit
from app.domain.working import Change
from app.engine.pnl import STEP_S
from app.services.live.profit_feed import SPACING_S
from app.services.profit_frames import ProfitFrame
from tests.support.orders import working
from tests.support.profit import ITC, Account, ProfitDesk
from tests.support.waiting import until

OTHER = ("NSE", 2885, "DELIVERY")


def bought(quantity: int, price: str, key: tuple[str, int, str] = ITC) -> Account:
    account = Account(key)
    account.trade(Side.BUY, quantity, price)
    return account


def told(frame: ProfitFrame) -> dict[str, int | None]:
    pairs = zip(frame.client_ids, frame.pl_paise.tolist(), frame.is_known.tolist(), strict=True)
    return {client_id: paise if is_known else None for client_id, paise, is_known in pairs}


@pytest.fixture
def desk() -> ProfitDesk:
    return ProfitDesk()


async def test_profit_is_unknown_until_positions_are_read_and_follows_the_price(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.profit.read()
    assert told(desk.step()) == {"c1": None}
    await desk.snapshot("c1", bought(10, "282.50").row())
    desk.prices.tick(ITC, "284.15")
    assert told(desk.step()) == {"c1": 1_650}
    desk.prices.tick(ITC, "282.00")
    assert told(desk.step()) == {"c1": -500}


async def test_only_clients_whose_profit_changed_are_told(desk: ProfitDesk) -> None:
    desk.add("c1")
    desk.add("c2")
    await desk.snapshot("c1", bought(10, "282.50").row())
    await desk.snapshot("c2", bought(1, "100", OTHER).row())
    desk.prices.tick(ITC, "283")
    desk.prices.tick(OTHER, "101")
    assert told(desk.step()) == {"c1": 500, "c2": 100}
    assert told(desk.step()) == {}
    desk.prices.tick(OTHER, "101.5")
    assert told(desk.step()) == {"c2": 150}


async def test_no_price_is_no_profit_and_the_instrument_is_named(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "282.50").row(), bought(1, "100", OTHER).row())
    desk.prices.tick(ITC, "283")
    assert told(desk.step()) == {"c1": None}
    found = desk.profit.of_client("c1")
    assert found is not None
    assert (found.day, found.actual, found.unpriced) == (None, None, (OTHER[:2],))
    assert [each.day for each in found.positions] == [Profit(0, 50_000), None]


async def test_a_client_who_holds_nothing_has_a_profit_of_zero_once_read(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    assert told(desk.step()) == {"c1": 0}
    assert desk.profit.of_client("c1").stale_reason is None  # type: ignore[union-attr]


async def test_without_the_feed_the_price_of_the_snapshot_counts_with_its_age_and_as_stale(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "282.50").row("284.15"))
    desk.clock.advance(7)
    frame = desk.step()
    assert (told(frame), frame.is_stale.tolist()) == ({"c1": 1_650}, [True])
    found = desk.profit.of_client("c1")
    assert found is not None
    assert (found.positions[0].price_age_s, found.positions[0].is_stale) == (7, True)
    assert found.stale_reason == "A price is old, or missing."


async def test_a_price_grows_old_and_the_newer_of_feed_and_snapshot_is_used(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "282.50").row("290"))
    desk.prices.tick(ITC, "283")
    assert desk.step().is_stale.tolist() == [False]
    desk.clock.advance(61)
    assert desk.step().is_stale.tolist() == [True]
    assert desk.pl("c1") == 5
    await desk.snapshot("c1", bought(10, "282.50").row("284"))
    assert desk.pl("c1") == 15
    desk.prices.tick(ITC, "285")
    assert (desk.pl("c1"), desk.step().is_stale.tolist()) == (25, [False])


async def test_while_the_feed_is_not_live_nothing_shows_as_live(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "282.50").row())
    desk.prices.tick(ITC, "283")
    desk.step()
    desk.is_feed_live = False
    frame = desk.step()
    assert (told(frame), frame.is_stale.tolist()) == ({"c1": 500}, [True])


async def test_a_reading_of_minutes_ago_or_one_that_failed_is_stale_with_its_reason(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    assert desk.step().is_stale.tolist() == [False]
    await desk.snapshot("c1", at=desk.readings.latest["c1"].read_at, failed="the broker did not answer")
    assert desk.step().is_stale.tolist() == [True]
    assert "the broker did not answer" in str(desk.profit.of_client("c1").stale_reason)  # type: ignore[union-attr]
    desk.clock.advance(1)
    await desk.snapshot("c1")
    assert desk.step().is_stale.tolist() == [False]
    desk.clock.advance(400)
    assert desk.step().is_stale.tolist() == [True]
    assert "minutes" in str(desk.profit.of_client("c1").stale_reason)  # type: ignore[union-attr]


async def test_a_reading_from_before_the_start_is_stale_until_the_next(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", at=desk.clock.now() - timedelta(seconds=5))
    assert desk.step().is_stale.tolist() == [True]
    await desk.snapshot("c1")
    assert desk.step().is_stale.tolist() == [False]


async def test_a_fill_counts_at_the_next_step_and_the_snapshot_that_holds_it_replaces_it(desk: ProfitDesk) -> None:
    desk.add("c1")
    account = bought(10, "282.50")
    await desk.snapshot("c1", account.row())
    desk.prices.tick(ITC, "284")
    assert told(desk.step()) == {"c1": 1_500}
    sent_at = desk.clock.now() + timedelta(seconds=1)
    desk.clock.advance(2)
    desk.fill("c1", "A", Side.SELL, 4, "1140", sent_at=sent_at)
    assert told(desk.step()) == {"c1": 1_900}
    found = desk.profit.of_client("c1")
    assert found is not None
    assert (found.positions[0].net_quantity, found.day) == (6, Profit(100_000, 90_000))
    account.trade(Side.SELL, 4, "285")
    desk.clock.advance(1)
    await desk.snapshot("c1", account.row())
    assert told(desk.step()) == {}
    assert desk.profit.of_client("c1") == replace(found, read_at=desk.clock.now(), positions=_aged(desk))


def _aged(desk: ProfitDesk) -> Any:
    return desk.profit.of_client("c1").positions  # type: ignore[union-attr]


async def test_a_snapshot_on_its_way_when_the_fill_was_seen_does_not_undo_it(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    desk.prices.tick(ITC, "284")
    sent_at, asked_at = desk.clock.now() + timedelta(seconds=1), desk.clock.now() + timedelta(seconds=2)
    desk.clock.advance(3)
    desk.fill("c1", "A", Side.BUY, 10, "2830", sent_at=sent_at)
    await desk.snapshot("c1", at=asked_at)
    assert told(desk.step()) == {"c1": 1_000}
    assert desk.profit.instruments_held() == {(Exchange.NSE, 1660)}


async def test_the_feed_hears_what_is_held_whenever_that_changes(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "283").row())
    desk.profit.publish()
    desk.clock.advance(1)
    await desk.snapshot("c1", bought(20, "283").row())
    desk.profit.publish()
    desk.fill("c1", "A", Side.BUY, 1, "100", key=OTHER, sent_at=desk.clock.now() + timedelta(seconds=1))
    desk.profit.publish()
    itc, other = (Exchange.NSE, 1660), (Exchange.NSE, 2885)
    assert desk.held == [{itc}, {itc, other}]


async def test_a_position_book_that_lags_is_read_again(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    sent_at = desk.clock.now() + timedelta(seconds=1)
    desk.clock.advance(2)
    desk.fill("c1", "A", Side.BUY, 10, "2830", sent_at=sent_at)
    desk.clock.advance(1)
    await desk.snapshot("c1")
    assert desk.read_again == ["c1"]


async def test_an_older_snapshot_never_replaces_a_newer(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "100").row("101"))
    await desk.snapshot("c1", at=desk.clock.now() - timedelta(seconds=1))
    assert desk.pl("c1") == 10


async def test_sums_of_group_and_desk_count_the_known_and_name_how_many_are_not(desk: ProfitDesk) -> None:
    desk.add("c1", "north")
    desk.add("c2", "north", "south")
    desk.add("c3", "south")
    carried = Account(ITC, Decimal(110), carried=50, carried_price=Decimal(100))
    carried.trade(Side.SELL, 25, "120")
    await desk.snapshot("c1", carried.row())
    await desk.snapshot("c2", bought(1, "100").row())
    await desk.snapshot("c3", bought(1, "100", OTHER).row())
    desk.prices.tick(ITC, "115")
    north, whole = desk.profit.of_group("north"), desk.profit.of_desk()
    assert (north.day, north.actual) == (Profit(2_500_000, 1_400_000), Profit(5_000_000, 3_900_000))
    assert (north.clients, north.unknown, north.stale, north.is_whole) == (2, 0, 0, True)
    assert (whole.day, whole.clients, whole.unknown, whole.is_whole) == (north.day, 3, 1, False)
    assert desk.profit.of_group("nobody").clients == 0


async def test_a_client_that_leaves_is_forgotten_and_one_that_joins_is_read(desk: ProfitDesk) -> None:
    desk.add("c1")
    desk.add("c2")
    await desk.snapshot("c1", bought(10, "100").row("101"))
    await desk.snapshot("c2", bought(10, "100").row("101"))
    desk.step()
    del desk.readings.clients["c1"]
    desk.clock.advance(6)
    await desk.profit.read()
    assert desk.profit.of_client("c1") is None
    assert desk.profit.of_desk().clients == 1
    assert told(desk.step()) == {}
    desk.add("c1")
    desk.clock.advance(6)
    await desk.profit.read()
    assert told(desk.step()) == {"c1": 1_000}


async def test_positions_too_large_to_compute_are_unknown_and_others_are_not(desk: ProfitDesk) -> None:
    desk.add("c1")
    desk.add("c2")
    await desk.snapshot("c1", bought(10**10, "100").row("101"))
    await desk.snapshot("c2", bought(10, "100").row("101"))
    assert told(desk.step()) == {"c1": None, "c2": 1_000}
    assert "cannot be used" in str(desk.profit.of_client("c1").stale_reason)  # type: ignore[union-attr]


async def test_an_instrument_of_an_exchange_that_the_desk_does_not_know_keeps_the_broker_s_price(
    desk: ProfitDesk,
) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "100", ("NCDEX", 1, "NORMAL")).row("101"))
    assert desk.pl("c1") == 10
    assert desk.profit.instruments_held() == frozenset()


async def test_what_was_announced_while_the_database_was_away_is_read_afterwards(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    desk.readings.failure = StoreUnavailable("away")
    desk.clock.advance(1)
    with pytest.raises(StoreUnavailable):
        await desk.snapshot("c1", bought(10, "100").row("101"))
    desk.readings.failure = None
    await desk.profit.read()
    assert desk.pl("c1") == 10


async def test_the_task_publishes_by_itself_and_a_listener_that_fails_stops_nobody(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1", bought(10, "100").row("101"))
    frames: list[ProfitFrame] = []

    def fail(_frame: ProfitFrame) -> None:
        raise RuntimeError("the listener's own fault")

    desk.profit.listeners += [fail, frames.append]
    task = asyncio.create_task(desk.profit.run())
    try:
        await until(lambda: len(frames) == 1)
        desk.prices.tick(ITC, "102")
        await until(lambda: len(frames) == 2)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert [told(frame) for frame in frames] == [{"c1": 1_000}, {"c1": 2_000}]


async def test_what_the_engine_writes_of_its_orders_counts_as_fills(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    desk.prices.tick(ITC, "284")
    sent_at = desk.clock.now() + timedelta(seconds=1)
    desk.clock.advance(2)
    sent = working(OrderStatus.ACKNOWLEDGED, id="A", client_id="c1", quantity=10, sent_at=sent_at)
    part = replace(sent, status=OrderStatus.PARTIALLY_FILLED, filled_quantity=4, average_price=Decimal("283.5"))
    whole = replace(part, status=OrderStatus.FILLED, filled_quantity=10, average_price=Decimal("283.2"))
    now = desk.clock.now()
    desk.profit.on_changes([Change(sent, part, now, "book"), Change(sent, replace(sent, message="x"), now, "book")])
    assert desk.pl("c1") == Decimal("2")
    desk.profit.on_changes([Change(part, whole, now, "book"), Change(sent, part, now, "book")])
    assert desk.pl("c1") == Decimal("8")
    elsewhere = replace(whole, client_id="nobody")
    desk.profit.on_changes([Change(replace(sent, client_id="nobody"), elsewhere, now, "book")])
    assert desk.pl("c1") == Decimal("8")


async def test_a_fill_without_a_price_makes_profit_stale_and_is_read_again(desk: ProfitDesk) -> None:
    desk.add("c1")
    await desk.snapshot("c1")
    desk.clock.advance(2)
    sent = working(OrderStatus.ACKNOWLEDGED, id="A", client_id="c1", quantity=10, sent_at=desk.clock.now())
    filled = replace(sent, status=OrderStatus.FILLED, filled_quantity=10, average_price=None)
    desk.profit.on_changes([Change(sent, filled, desk.clock.now(), "book")])
    assert (desk.step().is_stale.tolist(), desk.read_again) == ([True], ["c1"])
    desk.clock.advance(1)
    await desk.snapshot("c1", bought(10, "283").row("284"))
    found = desk.profit.of_client("c1")
    assert found is not None
    assert (desk.pl("c1"), found.stale_reason) == (10, "A price is old, or missing.")


def test_a_step_never_comes_sooner_than_sockets_may_be_told() -> None:
    assert STEP_S > SPACING_S  # at the same pace one drifts against the other, and figures are shown a step late
