"""What the passing of time does: the open, the close, and the turn of the trading day at 06:00."""

from mofsl_simulator import money
from mofsl_simulator.accounts import Account, Holding
from mofsl_simulator.clock import DAY_S, SimClock, day_text, seconds_of, weekday_after
from mofsl_simulator.instruments import CASH_EXCHANGES
from mofsl_simulator.market import Market
from mofsl_simulator.orders import Order, OrderRequest
from mofsl_simulator.positions import Position
from mofsl_simulator.prices import Prices

_SETTLED_AS_SHARES = frozenset({"DELIVERY", "NORMAL", "SELLFROMDP", "BTST"})
_SEGMENTS = ("NSE", "NSEFO")
"""One exchange for each closing time."""


class Calendar:
    def __init__(self, clock: SimClock, market: Market, prices: Prices, accounts: dict[str, Account]) -> None:
        self._clock = clock
        self._market = market
        self._prices = prices
        self._accounts = accounts
        self._day = clock.trading_day()
        self._token_day = clock.token_day()
        self._was_open = {segment: clock.is_open(segment) for segment in _SEGMENTS}

    def catch_up(self) -> None:
        """Do what the clock passed since the last call, in the order of the day."""
        if self._clock.mode == "demo" and self._clock.token_day() != self._token_day:
            self._clock.begin_demo_session(weekday_after(self._day))
        self._token_day = self._clock.token_day()
        day = self._clock.trading_day()
        if day != self._day:
            for segment in _SEGMENTS:
                self._close(segment)
            self._begin()
        for segment in _SEGMENTS:
            is_open = self._clock.is_open(segment)
            if self._was_open[segment] and not is_open and self._is_past_close():
                self._close(segment)
            self._was_open[segment] = is_open
        if self._was_open["NSE"]:
            self._market.release_after_market_orders()

    def _is_past_close(self) -> bool:
        return self._clock.now_s() - seconds_of(self._day) > DAY_S // 2

    def _close(self, segment: str) -> None:
        """DAY orders end; intraday positions are squared off at the last price."""
        for account in self._accounts.values():
            for order in list(account.working.values()):
                if _segment(order.instrument.exchange) == segment and self._ends_today(order):
                    self._market.end(order, "" if order.filled else "order expired at end of day")
            for position in list(account.positions.values()):
                is_intraday = position.product == "VALUEPLUS" and position.net != 0
                if is_intraday and _segment(position.instrument.exchange) == segment:
                    self._square_off(account, position)

    def _ends_today(self, order: Order) -> bool:
        if order.is_amo and order.entered_at == "0":
            return False
        if order.duration == "GTC":
            return False
        return not (order.duration == "GTD" and order.good_till is not None and order.good_till > self._day)

    def _square_off(self, account: Account, position: Position) -> None:
        """A trade by the risk desk: in the ledger like one from outside the API."""
        price = self._prices.ltp(position.instrument)
        request = OrderRequest(
            instrument=position.instrument,
            is_buy=position.net < 0,
            order_type="MARKET",
            product=position.product,
            duration="DAY",
            price_points=0,
            trigger_points=0,
            quantity=abs(position.net),
        )
        self._market.trade_at(account, request, price, initiator="RMS")

    def _begin(self) -> None:
        """Books empty, trades settle, positions are carried forward at the close."""
        previous, self._day = self._day, self._clock.trading_day()
        for account in self._accounts.values():
            if account.positions:
                self._settle(account, day_text(previous))
            account.trades = []
            if account.orders:
                account.orders = dict(account.working)
                account.next_sequence = 0
                for order in account.orders.values():
                    order.filled_before_today = order.filled
        self._prices.begin_day()

    def _settle(self, account: Account, traded_on: str) -> None:
        carried = []
        for position in account.positions.values():
            close = self._prices.ltp(position.instrument)
            account.cash_points += position.actual_profit(close).booked
            if position.net:
                self._prices.unwatch(position.instrument)
            expiry = position.instrument.expiry
            if position.instrument.is_cash and position.product in _SETTLED_AS_SHARES:
                _deliver(account, position)
            elif expiry is not None and expiry < self._day:
                account.cash_points += position.actual_profit(close).marked
            elif (row := position.carry_forward(close, traded_on)) is not None:
                carried.append(row)
                self._prices.watch(row.instrument)
        account.positions = {row.key: row for row in carried}


def _segment(exchange: str) -> str:
    return "NSE" if exchange in CASH_EXCHANGES else "NSEFO"


def _deliver(account: Account, position: Position) -> None:
    """Shares bought come into the demat account and are paid; shares sold leave it."""
    net, isin = position.net, position.instrument.isin
    if net == 0:
        return
    holding = account.holdings.get(isin)
    value = position.average_points() * net
    account.cash_points -= value
    if holding is None:
        if net > 0:
            account.holdings[isin] = Holding(isin, net, position.average_points(), bought_yesterday=net)
        return
    if net > 0:
        cost = holding.average_points * holding.quantity + value
        holding.average_points = money.divide(cost, holding.quantity + net)
    holding.quantity += net
    holding.bought_yesterday = max(0, net)
    if holding.quantity <= 0:
        del account.holdings[isin]
