"""What every `Broker` must do: the in-memory one, and MOFSL's against the simulator process in both generations."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest

from app.core.mofsl.endpoints import Generation
from app.domain.broker import (
    AuthToken,
    BookOrder,
    BookStatus,
    ModifyInstruction,
    OrderInstruction,
    Product,
    Side,
    Validity,
    WireOrderType,
)
from app.domain.errors import (
    BrokerReadFailed,
    BrokerRejected,
    BrokerUnreachable,
    LoginRefused,
    OutcomeUnknown,
    SessionExpired,
)
from app.domain.instruments import Exchange
from app.domain.money import floor_to_tick
from app.domain.time import next_session_cut
from tests.brokers.harness import ITC, Harness, MofslHarness, SimulatedHarness, control
from tests.support.processes import ROOT, RunningProcess, answers, clean_environment, free_port

_T = TypeVar("_T")
_ACCOUNTS = 120  # enough that each test has clients of its own, and no TOTP step is asked for twice
_tags = (f"C{n:05}" for n in itertools.count(1))


@pytest.fixture(scope="module")
def simulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "mofsl_simulator", "--port", str(port), "--clients", str(_ACCOUNTS), "--seed", "7"]
    log_path = tmp_path_factory.mktemp("simulator") / "simulator.log"
    process = RunningProcess(words, log_path=log_path, environment=clean_environment(), cwd=ROOT)
    process.wait_for(lambda: answers(f"{url}/_sim/accounts"), deadline_s=60, what="the simulator's start")
    control(url, "prices", {"freeze_all": True})
    yield url
    process.stop()


@pytest.fixture(scope="module")
def simulator_clients(simulator_url: str) -> Iterator[dict[str, str]]:
    return iter(control(simulator_url, "accounts")["accounts"])


@pytest.fixture(params=["simulated", "mofsl-current", "mofsl-older"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "simulated":
        yield SimulatedHarness()
        return
    url = request.getfixturevalue("simulator_url")
    accounts = {
        account["clientcode"]: account for account in itertools.islice(request.getfixturevalue("simulator_clients"), 2)
    }
    generation = Generation(request.param.removeprefix("mofsl-"))
    dead_url = f"http://127.0.0.1:{free_port()}"
    harness = MofslHarness(url, generation, dead_url, tuple(accounts), accounts)
    yield harness
    await harness.broker.close()


async def _eventually(read: Callable[[], Awaitable[_T]], holds: Callable[[_T], bool]) -> _T:
    async with asyncio.timeout(10):
        while True:
            if holds(found := await read()):
                return found
            await asyncio.sleep(0.05)


async def _signed_in(harness: Harness, code: str) -> AuthToken:
    return await harness.broker.log_in(harness.login(code))


async def _order(harness: Harness, token: AuthToken, code: str, *, share_of_price: str) -> OrderInstruction:
    """Return a buy order of 10 ITC at a share of the market price, on the tick."""
    quote = await harness.broker.quote(token, code, *ITC)
    return OrderInstruction(
        client_code=code,
        exchange=Exchange.NSE,
        symbol_token=1660,
        side=Side.BUY,
        product=Product.DELIVERY,
        order_type=WireOrderType.LIMIT,
        validity=Validity.DAY,
        quantity=10,
        lots=10,
        price=floor_to_tick(quote.ltp * Decimal(share_of_price), Decimal("0.05")),
        trigger_price=Decimal(0),
        is_after_market=False,
        tag=next(_tags),
    )


async def _row(harness: Harness, token: AuthToken, code: str, tag: str, *statuses: BookStatus) -> BookOrder:
    async def find() -> list[BookOrder]:
        return [row for row in await harness.broker.order_book(token, code) if row.tag == tag]

    rows = await _eventually(find, lambda rows: len(rows) == 1 and (not statuses or rows[0].status in statuses))
    return rows[0]


async def test_a_login_lasts_until_six_in_the_morning_at_most(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    now = datetime.now(UTC)
    assert (token.user_id, token.is_dealer) == (code, False)
    assert now < token.expires_at <= next_session_cut(now)


async def test_wrong_credentials_are_refused_with_a_code_for_people(harness: Harness) -> None:
    with pytest.raises(LoginRefused) as caught:
        await harness.broker.log_in(harness.wrong_login(harness.clients[0]))
    assert (caught.value.code, caught.value.broker_code) == ("credentials_refused", "MO1000")


async def test_the_books_of_a_client_without_orders_are_empty(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    assert await harness.broker.order_book(token, code) == ()
    assert await harness.broker.trade_book(token, code) == ()


async def test_a_placed_order_stands_in_the_book_exactly_as_sent(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    order_id = await harness.broker.place_order(token, order)
    row = await _row(harness, token, code, order.tag, BookStatus.CONFIRM)
    assert (row.broker_order_id, row.client_code, row.symbol_token) == (order_id, code, 1660)
    assert (row.exchange, row.side, row.product, row.order_type) == ("NSE", Side.BUY, "DELIVERY", "LIMIT")
    assert (row.quantity, row.filled, row.remaining, row.price) == (10, 0, 10, order.price)
    assert row.average_price is None
    assert await harness.broker.trade_book(token, code) == ()


async def test_a_matching_order_is_filled_and_shows_in_trades_and_positions(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    before = {(row.symbol_token, row.product): row.net_quantity for row in await harness.broker.positions(token, code)}
    order = await _order(harness, token, code, share_of_price="1.02")
    order_id = await harness.broker.place_order(token, order)
    row = await _row(harness, token, code, order.tag, BookStatus.TRADED)
    trades = [one for one in await harness.broker.trade_book(token, code) if one.broker_order_id == order_id]
    assert (row.filled, row.remaining) == (10, 0)
    assert sum(trade.quantity for trade in trades) == 10
    assert row.average_price is not None
    assert all(abs(trade.price - row.average_price) < 1 and trade.price <= order.price for trade in trades)
    after = {(row.symbol_token, row.product): row.net_quantity for row in await harness.broker.positions(token, code)}
    assert after[1660, "DELIVERY"] - before.get((1660, "DELIVERY"), 0) == 10


async def test_a_working_order_is_cancelled_once(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    order_id = await harness.broker.place_order(token, order)
    await _row(harness, token, code, order.tag, BookStatus.CONFIRM)
    await harness.broker.cancel_order(token, code, order_id)
    await _row(harness, token, code, order.tag, BookStatus.CANCEL)
    with pytest.raises(BrokerRejected) as caught:
        await harness.broker.cancel_order(token, code, order_id)
    assert (caught.value.code, caught.value.broker_code) == ("order_already_cancelled", "MO1066")


async def test_a_modify_replaces_the_terms_and_keeps_the_id(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    order_id = await harness.broker.place_order(token, order)
    row = await _row(harness, token, code, order.tag, BookStatus.CONFIRM)
    stamp = row.last_modified_text if row.last_modified_text.strip() not in {"", "0"} else row.recorded_text
    change = ModifyInstruction(
        client_code=code,
        broker_order_id=order_id,
        order_type=WireOrderType.LIMIT,
        validity=Validity.DAY,
        quantity=7,
        lots=7,
        price=order.price - Decimal("0.05"),
        trigger_price=Decimal(0),
        last_modified_text=stamp,
        filled_today=row.filled,
    )
    await harness.broker.modify_order(token, change)
    changed = await _eventually(lambda: _row(harness, token, code, order.tag), lambda row: row.quantity == 7)
    assert (changed.broker_order_id, changed.price) == (order_id, order.price - Decimal("0.05"))
    with pytest.raises(BrokerRejected) as caught:
        await harness.broker.modify_order(token, replace(change, filled_today=3))
    assert caught.value.code == "order_changed"


async def test_a_market_order_is_refused_and_leaves_nothing(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="1")
    market = replace(order, order_type=WireOrderType.MARKET, price=Decimal(0))
    with pytest.raises(BrokerRejected) as caught:
        await harness.broker.place_order(token, market)
    assert caught.value.code == "market_order_refused"
    assert harness.ledger_tags(code) == []


async def test_a_refusal_on_the_list_is_final(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    harness.next_place_is_refused(code, "MO1057")
    with pytest.raises(BrokerRejected) as caught:
        await harness.broker.place_order(token, order)
    assert caught.value.broker_code == "MO1057"
    assert harness.ledger_tags(code) == []


async def test_a_lost_reply_is_unknown_and_the_book_tells_by_tag(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    harness.next_place_loses_its_reply(code)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.place_order(token, order)
    row = await _row(harness, token, code, order.tag)
    assert row.quantity == 10
    assert harness.ledger_tags(code) == [order.tag]


async def test_an_unreachable_broker_is_surely_not_sent(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    broker = harness.unreachable()
    with pytest.raises(BrokerUnreachable):
        await (broker or harness.broker).place_order(token, order)
    if broker is not None:
        await broker.close()
    assert harness.ledger_tags(code) == []


async def test_a_session_found_dead_before_placement_is_surely_not_placed(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    order = await _order(harness, token, code, share_of_price="0.97")
    harness.next_place_finds_the_session_dead(code)
    with pytest.raises(SessionExpired):
        await harness.broker.place_order(token, order)
    assert harness.ledger_tags(code) == []


async def test_a_session_that_was_ended_reads_nothing(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    await harness.broker.log_out(token)
    with pytest.raises(SessionExpired):
        await harness.broker.order_book(token, code)
    await harness.broker.log_out(token)


@pytest.mark.parametrize("call", ["order_book", "trade_book", "positions", "holdings", "funds"])
async def test_a_failed_read_is_a_failure_and_never_empty(harness: Harness, call: str) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    harness.next_reads_fail(call, code)
    with pytest.raises(BrokerReadFailed):
        await getattr(harness.broker, call)(token, code)


async def test_a_session_never_acts_for_another_client(harness: Harness) -> None:
    code, other = harness.clients[:2]
    token = await _signed_in(harness, code)
    order = replace(await _order(harness, token, code, share_of_price="0.97"), client_code=other)
    with pytest.raises(BrokerRejected):
        await harness.broker.place_order(token, order)
    with pytest.raises(BrokerReadFailed):
        await harness.broker.funds(token, other)
    assert harness.ledger_tags(code) + harness.ledger_tags(other) == []


async def test_funds_profile_and_quote_are_typed_and_the_clients_own(harness: Harness) -> None:
    code = harness.clients[0]
    token = await _signed_in(harness, code)
    funds = await harness.broker.funds(token, code)
    profile = await harness.broker.profile(token, code)
    quote = await harness.broker.quote(token, code, *ITC)
    assert isinstance(await harness.broker.holdings(token, code), tuple)
    assert isinstance(funds.available, Decimal)
    assert {102, 201} <= {srno for srno, _, _ in funds.particulars}
    assert (profile.client_code, "NSE" in profile.exchanges) == (code, True)
    assert 50 < quote.ltp < 5_000  # rupees, not paise
    assert quote.as_of.tzinfo is not None


@pytest.mark.parametrize("exchange", [Exchange.NSE, Exchange.NSEFO])
async def test_the_scrip_master_gives_instruments_with_lot_and_tick(harness: Harness, exchange: Exchange) -> None:
    instruments = await harness.broker.instruments(exchange)
    assert instruments
    assert all(one.exchange is exchange and one.lot_size > 0 and one.tick_size > 0 for one in instruments)
    if exchange is Exchange.NSEFO:
        assert all(one.expiry is not None for one in instruments)
