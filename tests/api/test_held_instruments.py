"""What clients hold, one row an instrument: where an exit begins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from app.brokers.simulated import plain_funds
from app.config import Settings
from app.core.cache import MemoryCache
from app.db.session import Database
from app.domain.broker import BrokerHolding, BrokerPosition
from app.domain.portfolio import HoldingsRead, Reading
from app.services.instruments import InstrumentCatalogue
from tests.api.test_accounts_api import Door, door_on
from tests.support.exits import in_demat
from tests.support.instruments import MemoryInstrumentStore, record_of, share
from tests.support.profit import Account

ITC = 1660


@pytest.fixture
async def door(settings: Settings, database: Database) -> AsyncIterator[Door]:
    """On SQLite and on PostgreSQL; the instrument master knows ITC alone."""
    async for opened in door_on(settings, database):
        clock, store, rows = opened.web.clock, MemoryInstrumentStore(), [share("ITC", ITC)]
        await store.replace(record_of(rows, clock.now()), rows)
        catalogue = InstrumentCatalogue(store=store, cache=MemoryCache(), clock=clock)
        await catalogue.refresh()
        opened.web.desk.catalogue = catalogue  # type: ignore[attr-defined]
        yield opened


def carried(units: int, token: int = ITC, product: str = "DELIVERY") -> BrokerPosition:
    return Account(("NSE", token, product), Decimal(100), carried=units, carried_price=Decimal(90)).row("101")


async def read(door: Door, client_id: str, positions: tuple[BrokerPosition, ...], *demat: BrokerHolding) -> None:
    now = door.accounts.clock.now()
    await door.accounts.snapshots.save([Reading(client_id, plain_funds(Decimal(1)), positions, now)])
    await door.accounts.snapshots.save([HoldingsRead(client_id, demat, now)])


async def added(door: Door, code: str) -> str:
    client_id: str = (await door.add(code)).json()["id"]
    return client_id


async def test_what_is_held_is_listed_once_with_all_its_holders(door: Door) -> None:
    long, short, in_account = [await added(door, code) for code in ("AA1", "AA2", "AA3")]
    await read(door, long, (carried(10), carried(4, product="VALUEPLUS"), carried(1, token=11536)))
    await read(door, short, (carried(-3),), in_demat(0))
    await read(door, in_account, (), in_demat(40))
    answer = (await door.viewer.get("/api/v1/positions")).json()
    assert (answer["total"], answer["known"], answer["unknown"]) == (2, 3, 0)
    assert answer["items"][0] == {
        "id": "NSE:1660",
        "exchange": "NSE",
        "symbol_token": ITC,
        "symbol": "ITC EQ",
        "holders": 3,
        "net_quantity": 11,
        "long_quantity": 14,
        "short_quantity": -3,
        "demat_quantity": 40,
    }
    assert (answer["items"][1]["id"], answer["items"][1]["symbol"]) == ("NSE:11536", "NSE:11536")


async def test_the_unread_are_counted_and_the_inactive_are_not(door: Door) -> None:
    gone, _unread = await added(door, "AA1"), await added(door, "AA2")
    await read(door, gone, (carried(10),), in_demat(5))
    await door.admin.delete(f"/admin/clients/{gone}")
    answer = (await door.viewer.get("/api/v1/positions")).json()
    assert (answer["items"], answer["known"], answer["unknown"]) == ([], 0, 1)


async def test_only_those_who_hold_nothing_are_left_out_of_the_holders(door: Door) -> None:
    hedged, in_account, flat = [await added(door, code) for code in ("AA1", "AA2", "AA3")]
    await read(door, hedged, (carried(5), carried(-5, product="VALUEPLUS")))  # nets to nothing, and both are open
    await read(door, in_account, (), in_demat(7))
    await read(door, flat, (carried(0),))
    only = await door.viewer.get("/api/v1/tokens/NSE:1660/positions", params={"only_open": "true"})
    assert [row["mofsl_client_code"] for row in only.json()["items"]] == ["AA1", "AA2"]
