"""The trade socket over a real simulator: frames arrive as book rows, and every gap sends for both books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from app.brokers.mofsl_order_stream import MofslOrderStream
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.trade_socket import TradeSocketDialer
from app.core.mofsl.transport import DIRECT
from app.domain.broker import (
    AuthToken,
    BookOrder,
    BookStatus,
    BookTrade,
    OrderInstruction,
    Product,
    Side,
    Validity,
    WireOrderType,
)
from app.domain.errors import SessionExpired
from app.domain.instruments import Exchange
from app.domain.ports.order_stream import StreamLost, StreamNews
from app.engine.order_stream import OrderStreams
from tests.brokers.harness import MofslHarness, control
from tests.simulator.wire import SimulatorProcess
from tests.support.trading import running
from tests.support.waiting import until


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(clients=3, seed=3)
    yield process
    process.stop()


@dataclass
class Line:
    """A login's token, and what its stream has said so far."""

    url: str
    harness: MofslHarness
    token: AuthToken | None
    code: str
    orders: list[BookOrder] = field(default_factory=list)
    trades: list[BookTrade] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    async def auth_token(self, login_id: str) -> AuthToken:
        if self.token is None:
            raise SessionExpired("no session")
        return self.token

    async def report_expired(self, auth_token: AuthToken) -> None:
        raise AssertionError("a stream reports no session")

    def heard(self, news: StreamNews) -> None:
        self.orders += news.orders
        self.trades += news.trades

    def streams(self) -> OrderStreams:
        return OrderStreams(
            MofslOrderStream(dialer(self.url)),
            self,
            ready_logins=lambda: ["owner"],
            on_open=self.opened.append,
            on_news=self.heard,
            jitter=lambda: 0.0,
        )

    async def buy(self, price: str, tag: str) -> str:
        assert self.token is not None
        instruction = OrderInstruction(
            client_code=self.code,
            exchange=Exchange.NSE,
            symbol_token=1660,
            side=Side.BUY,
            product=Product.DELIVERY,
            order_type=WireOrderType.LIMIT,
            validity=Validity.DAY,
            quantity=3,
            lots=3,
            price=Decimal(price),
            trigger_price=Decimal(0),
            is_after_market=False,
            tag=tag,
        )
        return await self.harness.broker.place_order(self.token, instruction)


def dialer(url: str) -> TradeSocketDialer:
    return TradeSocketDialer(f"{url.replace('http', 'ws')}/ws", egress_of=lambda _: DIRECT)


@pytest.fixture
async def line(simulator: SimulatorProcess) -> AsyncIterator[Line]:
    accounts = {account["clientcode"]: account for account in control(simulator.url, "accounts")["accounts"]}
    code = sorted(accounts)[0]
    harness = MofslHarness(simulator.url, Generation.CURRENT, "http://127.0.0.1:1", (code,), accounts)
    token = await harness.broker.log_in(harness.login(code))
    yield Line(simulator.url, harness, token, code)
    await harness.broker.log_out(token)
    await harness.broker.close()


async def test_an_order_and_its_execution_arrive_as_the_books_would_show_them(line: Line) -> None:
    high = control(line.url, "prices?exchange=NSE&symboltoken=1660")["upper"]
    async with running(line.streams().run()):
        await until(lambda: bool(line.opened))
        broker_order_id = await line.buy(str(high), "STREAM0001")
        await until(lambda: any(row.status is BookStatus.TRADED for row in line.orders) and bool(line.trades))
    assert line.token is not None
    books = await line.harness.broker.order_book(line.token, line.code)
    (shown,) = [row for row in books if row.broker_order_id == broker_order_id]
    last = line.orders[-1]
    assert replace(last, recorded_text=shown.recorded_text, order_type=shown.order_type) == shown
    executions = await line.harness.broker.trade_book(line.token, line.code)
    assert set(line.trades) == {trade for trade in executions if trade.broker_order_id == broker_order_id}


async def test_a_cut_connection_comes_back_and_both_books_are_sent_for(line: Line) -> None:
    lowest = control(line.url, "prices?exchange=NSE&symboltoken=1660")["lower"]
    streams = line.streams()
    async with running(streams.run()):
        await until(lambda: len(line.opened) == 1)
        control(line.url, "faults", {"match": {"path": "tradesocket"}, "action": "cut"})
        await until(lambda: len(line.opened) == 2)
        await line.buy(str(lowest), "STREAM0002")
        await until(lambda: any(row.tag == "STREAM0002" for row in line.orders))
        assert streams.open_logins == {"owner"}


async def test_a_token_that_the_broker_does_not_know_is_refused(line: Line) -> None:
    assert line.token is not None
    with pytest.raises(StreamLost, match="MO1001"):
        async with MofslOrderStream(dialer(line.url)).open(replace(line.token, value="0" * 32 + "_M")) as connection:
            await connection.receive()


async def test_without_a_session_nothing_is_opened(line: Line) -> None:
    line.token, token = None, line.token
    streams = line.streams()
    async with running(streams.run()):
        line.token = token
        await until(lambda: len(line.opened) == 1)


@pytest.mark.parametrize("url", ["ws://10.0.0.1/ws", "http://127.0.0.1/ws", "ftp://x"])
def test_only_loopback_may_go_without_tls(url: str) -> None:
    with pytest.raises(ValueError, match="wss"):
        TradeSocketDialer(url, egress_of=lambda _: DIRECT)


async def test_an_address_where_nobody_listens_is_a_lost_stream(line: Line, free_port: int) -> None:
    assert line.token is not None
    with pytest.raises(StreamLost, match="no connection"):
        async with dialer(f"http://127.0.0.1:{free_port}").open(line.token):
            raise AssertionError("opened")
