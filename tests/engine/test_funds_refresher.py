from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.brokers.simulated import Does, SimulatedBroker
from app.db.session import Database
from app.domain.broker import AuthToken, BrokerHolding, BrokerPosition
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange
from app.domain.portfolio import ClientRow, TokenHolding
from tests.support.accounts import Accounts, make_accounts
from tests.support.clocks import SettableClock


def position(token: int, net: int, *, mtm: str, booked: str, product: str = "DELIVERY") -> BrokerPosition:
    buy, sell = (net, 0) if net > 0 else (0, -net)
    amount = Decimal(abs(net)) * Decimal("100.3333")
    zero = Decimal(0)
    return BrokerPosition(
        "NSE", token, f"S{token}", product,
        buy, amount if buy else zero, sell, amount if sell else zero,
        0, zero, 0, zero, 0, zero, 0, zero,
        Decimal("101.05"), Decimal(mtm), Decimal(booked), zero, zero,
    )  # fmt: skip


def demat(token: int, quantity: int, price: str) -> BrokerHolding:
    return BrokerHolding(f"INE{token:09d}", f"S{token}", token, None, quantity, 0, 0, 0, 0, 0, Decimal(price))


class HoldingBroker(SimulatedBroker):
    """The simulated broker, whose positions a test sets."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__(clock)
        self.held: dict[str, tuple[BrokerPosition, ...]] = {}
        self.reads: list[str] = []

    async def positions(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        self.reads.append(client_code)
        await super().positions(auth_token, client_code)
        return self.held.get(client_code, ())


class Bench:
    def __init__(self, database: Database) -> None:
        self.clock = SettableClock()
        self.broker = HoldingBroker(self.clock)
        self.accounts: Accounts = make_accounts(database, broker=self.broker, clock=self.clock)

    async def client(self, code: str) -> str:
        self.broker.add_account(code, available=Decimal("5000.5"))
        return (await self.accounts.add_client(code)).id

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.accounts.turn()
        await self.accounts.read_funds()

    async def row(self, client_id: str) -> ClientRow:
        return next(row for row in await self.accounts.client_rows.rows() if row.id == client_id)

    async def in_token(self, token: int) -> TokenHolding:
        """What the only client has of an instrument, as told to people."""
        return (await self.accounts.services.portfolio.in_token(Exchange.NSE, token))[0]


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_funds_and_profit_are_unknown_until_read_and_then_carry_their_time(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    before = await bench.row(client_id)
    assert (before.available_funds, before.pl, before.as_of) == (None, None, None)
    bench.broker.held["AA1"] = (position(1, 10, mtm="12.25", booked="-2"), position(2, -5, mtm="0.5", booked="1"))
    await bench.pass_time(1)
    row = await bench.row(client_id)
    assert (row.available_funds, row.pl, row.as_of) == (Decimal("5000.5"), Decimal("11.75"), bench.clock.now())


async def test_a_client_without_positions_has_a_profit_of_zero_once_read(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.pass_time(1)
    assert (await bench.row(client_id)).pl == 0


async def test_a_snapshot_is_replaced_whole(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.held["AA1"] = (position(1, 10, mtm="1", booked="0"), position(2, 5, mtm="2", booked="0"))
    await bench.pass_time(1)
    bench.broker.held["AA1"] = (position(2, 7, mtm="3", booked="0"),)
    await bench.pass_time(61)
    async with bench.accounts.database.read() as connection:
        rows = await connection.execute(text("SELECT symbol_token, net_quantity FROM positions"))
        assert [tuple(row) for row in rows] == [(2, 7)]
    assert (await bench.row(client_id)).pl == 3


@pytest.mark.parametrize("call", ["funds", "positions"])
async def test_a_failed_reading_keeps_the_old_one_with_its_age(bench: Bench, call: str) -> None:
    client_id = await bench.client("AA1")
    bench.broker.held["AA1"] = (position(1, 10, mtm="7", booked="0"),)
    await bench.pass_time(1)
    first = await bench.row(client_id)
    bench.broker.script(call, "AA1", Does.FAIL_READ)
    await bench.pass_time(61)
    assert await bench.row(client_id) == replace(first, failed_reason="the read failed")
    holding = (await bench.accounts.services.portfolio.in_token(Exchange.NSE, 1))[0]
    assert (holding.net_quantity, holding.client.failed_reason) == (10, "the read failed")
    await bench.pass_time(61)
    holding = (await bench.accounts.services.portfolio.in_token(Exchange.NSE, 1))[0]
    assert holding.client.failed_reason is None


async def test_one_client_that_cannot_be_read_delays_no_other(bench: Bench) -> None:
    bad, good = await bench.client("AA1"), await bench.client("AA2")
    bench.broker.script("funds", "AA1", Does.FAIL_READ)
    await bench.pass_time(1)
    assert (await bench.row(bad)).pl is None
    assert (await bench.row(good)).pl == 0


async def test_clients_are_read_every_interval_and_soon_after_an_order(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.pass_time(1)
    await bench.pass_time(30)
    assert len(bench.broker.reads) == 1
    bench.accounts.funds.touch(client_id)
    await bench.pass_time(0.5)
    assert len(bench.broker.reads) == 1
    await bench.pass_time(1)
    assert len(bench.broker.reads) == 2
    await bench.pass_time(60)
    assert len(bench.broker.reads) == 3


async def test_a_dead_session_found_by_a_reading_leads_to_a_new_login(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.pass_time(1)
    bench.broker.end_sessions()
    await bench.pass_time(61)
    assert bench.accounts.keeper.ready_logins() == frozenset()
    await bench.pass_time(30)
    await bench.pass_time(1)
    assert bench.accounts.keeper.ready_logins() == {client_id}
    as_of = (await bench.row(client_id)).as_of
    assert as_of is not None
    assert bench.clock.now() - as_of < timedelta(seconds=30)


async def test_a_client_never_read_is_unknown_in_an_instrument_and_never_flat(bench: Bench) -> None:
    for code in ("AA1", "AA2", "AA3"):
        await bench.client(code)
    bench.broker.held["AA1"] = (
        position(1, 10, mtm="1", booked="0"),
        position(1, -4, mtm="1", booked="0", product="VALUEPLUS"),
    )
    bench.broker.script("funds", "AA3", Does.FAIL_READ)
    await bench.pass_time(1)
    found = {h.client.mofsl_client_code: h for h in await bench.accounts.services.portfolio.in_token(Exchange.NSE, 1)}
    assert (found["AA1"].net_quantity, len(found["AA1"].products), found["AA1"].pl) == (6, 2, Decimal(2))
    assert (found["AA2"].net_quantity, found["AA2"].is_known) == (0, True)
    assert (found["AA3"].net_quantity, found["AA3"].pl, found["AA3"].is_known) == (None, None, False)
    bench.clock.advance(3600)
    assert all(h.is_stale for h in await bench.accounts.services.portfolio.in_token(Exchange.NSE, 1))


@pytest.mark.parametrize("call", ["positions", "holdings", "funds"])
async def test_a_portfolio_of_which_a_part_failed_is_no_portfolio(bench: Bench, call: str) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.broker.script(call, "AA1", Does.FAIL_READ)
    with pytest.raises(BrokerReadFailed, match=call):
        await bench.accounts.services.portfolio.of_client(client_id)
    whole = await bench.accounts.services.portfolio.of_client(client_id)
    assert (whole.positions, whole.holdings, whole.funds.available) == ((), (), Decimal("5000.5"))
    assert whole.as_of == datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)


async def test_a_portfolio_over_a_dead_session_says_so_and_asks_for_a_login(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.broker.end_sessions()
    with pytest.raises(BrokerReadFailed, match="could not be read"):
        await bench.accounts.services.portfolio.of_client(client_id)
    with pytest.raises(BrokerReadFailed, match="no session"):
        await bench.accounts.services.portfolio.of_client(client_id)
    await bench.pass_time(30)
    assert bench.accounts.keeper.ready_logins() == {client_id}


async def test_holdings_are_read_with_the_account_and_then_every_ten_minutes(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.set_holdings("AA1", [demat(1, 25, "90.5"), demat(2, 7, "10"), demat(1, 15, "99.3")])
    await bench.pass_time(1)
    found = await bench.in_token(1)
    assert (found.demat.quantity, found.demat.average_price) == (40, Decimal("93.8"))
    assert found.demat.read_at == bench.clock.now()
    assert found.demat.stale_reason is None
    bench.broker.set_holdings("AA1", [])
    await bench.pass_time(61)
    assert (await bench.in_token(1)).demat.quantity == 40
    await bench.pass_time(600)
    assert (await bench.in_token(1)).demat.quantity == 0
    assert (await bench.row(client_id)).as_of == bench.clock.now()


async def test_after_an_order_holdings_are_read_again_but_not_at_every_order(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.pass_time(1)
    bench.broker.set_holdings("AA1", [demat(1, 3, "1")])
    bench.accounts.funds.touch(client_id)
    await bench.pass_time(2)
    assert (await bench.in_token(1)).demat.quantity == 0
    await bench.pass_time(61)
    assert (await bench.in_token(1)).demat.quantity == 3


async def test_holdings_that_cannot_be_read_are_stale_and_leave_the_account_current(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("holdings", "AA1", Does.FAIL_READ)
    await bench.pass_time(1)
    found = await bench.in_token(1)
    assert (found.demat.quantity, found.demat.stale_reason) == (None, "the read failed")
    assert found.stale_reason is None
    bench.broker.set_holdings("AA1", [demat(1, 3, "1")])
    await bench.pass_time(601)
    bench.broker.script("holdings", "AA1", Does.FAIL_READ)
    await bench.pass_time(601)
    found = await bench.in_token(1)
    assert (found.demat.quantity, found.demat.stale_reason) == (3, "the read failed")
    assert found.demat.read_at == bench.clock.now() - timedelta(seconds=601)
    assert (await bench.row(client_id)).as_of == bench.clock.now()


async def test_a_client_that_could_never_be_read_says_why(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("positions", "AA1", Does.FAIL_READ)
    await bench.pass_time(1)
    row = await bench.row(client_id)
    assert (row.available_funds, row.pl, row.as_of, row.failed_reason) == (None, None, None, "the read failed")
    found = await bench.in_token(1)
    assert (found.is_known, found.pl, found.stale_reason) == (False, None, "The last reading failed: the read failed")
