"""What the simulated broker holds: orders, fills and prices, with plain price matching and nothing left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.domain.broker import (
    BookOrder,
    BookStatus,
    BookTrade,
    BrokerPosition,
    ModifyInstruction,
    OrderInstruction,
    Side,
    Validity,
    WireOrderType,
)
from app.domain.errors import BrokerRejected
from app.domain.instruments import Exchange, Instrument
from app.domain.time import IST

_WORKING = frozenset({BookStatus.CONFIRM, BookStatus.PARTIAL})
_CLOSED_CODES = {
    BookStatus.CANCEL: ("order_already_cancelled", "MO1066"),
    BookStatus.TRADED: ("order_already_filled", "MO1067"),
    BookStatus.REJECTED: ("order_already_rejected", "MO1068"),
    BookStatus.ERROR: ("order_in_error", "MO1069"),
}


@dataclass(slots=True)
class LedgerOrder:
    broker_order_id: str
    instruction: OrderInstruction
    order_type: WireOrderType
    quantity: int
    price: Decimal
    trigger_price: Decimal
    accepted_at: datetime
    modified_at: datetime
    status: BookStatus = BookStatus.CONFIRM
    error_text: str = ""
    trades: list[BookTrade] = field(default_factory=list)

    @property
    def filled(self) -> int:
        return sum(trade.quantity for trade in self.trades)

    @property
    def stamp(self) -> str:
        return self.modified_at.astimezone(IST).strftime("%d-%b-%Y %H:%M:%S")

    def as_book_row(self) -> BookOrder:
        filled = self.filled
        paid = sum((trade.price * trade.quantity for trade in self.trades), Decimal(0))
        is_closed = self.status not in _WORKING
        return BookOrder(
            client_code=self.instruction.client_code,
            broker_order_id=self.broker_order_id,
            exchange=self.instruction.exchange.value,
            symbol_token=self.instruction.symbol_token,
            side=self.instruction.side,
            product=self.instruction.product.value,
            order_type=self.order_type.value,
            status=self.status,
            status_text=self.status.value.title(),
            quantity=self.quantity,
            filled=filled,
            remaining=0 if is_closed else self.quantity - filled,
            price=self.price,
            trigger_price=self.trigger_price,
            average_price=paid / filled if filled else None,
            tag=self.instruction.tag,
            error_text=self.error_text,
            exchange_order_id=f"11{self.broker_order_id}",
            last_modified_text=self.stamp,
            recorded_text=self.accepted_at.astimezone(IST).strftime("%d-%b-%Y %H:%M:%S"),
            entered_at=self.accepted_at,
            modified_at=self.modified_at,
        )


class SimulatedLedger:
    def __init__(self) -> None:
        self.orders: dict[str, LedgerOrder] = {}
        self.prices: dict[tuple[Exchange, int], Decimal] = {}
        self._trades = 0

    def of_client(self, client_code: str) -> list[LedgerOrder]:
        return [order for order in self.orders.values() if order.instruction.client_code == client_code]

    def accept(self, instruction: OrderInstruction, now: datetime) -> LedgerOrder:
        broker_order_id = f"{len(self.orders) + 1:07}{instruction.client_code}"
        order = LedgerOrder(
            broker_order_id=broker_order_id,
            instruction=instruction,
            order_type=instruction.order_type,
            quantity=instruction.quantity,
            price=instruction.price,
            trigger_price=instruction.trigger_price,
            accepted_at=now,
            modified_at=now,
        )
        self.orders[broker_order_id] = order
        self._match(order, now)
        if instruction.validity is Validity.IOC and order.status in _WORKING:
            order.status = BookStatus.CANCEL
        return order

    def modify(self, change: ModifyInstruction, now: datetime) -> None:
        """Replace the terms. Raises BrokerRejected as the broker does: closed order, stale stamp or stale fill."""
        order = self._working(change.client_code, change.broker_order_id)
        if change.last_modified_text != order.stamp:
            raise BrokerRejected("stale stamp", code="order_changed", broker_code="MO1089")
        if change.filled_today != order.filled:
            raise BrokerRejected("stale fill", code="order_changed", broker_code="MO1090")
        if change.quantity <= order.filled:
            raise BrokerRejected("quantity not acceptable", broker_code="MO1055")
        order.order_type, order.quantity = change.order_type, change.quantity
        order.price, order.trigger_price, order.modified_at = change.price, change.trigger_price, now
        self._match(order, now)

    def cancel(self, client_code: str, broker_order_id: str, now: datetime) -> None:
        order = self._working(client_code, broker_order_id)
        order.status, order.modified_at = BookStatus.CANCEL, now

    def reject(self, broker_order_id: str, error_text: str, now: datetime) -> None:
        """Refuse an accepted order afterwards, as risk checks and exchanges do."""
        order = self.orders[broker_order_id]
        order.status, order.error_text, order.modified_at = BookStatus.REJECTED, error_text, now

    def fill(self, broker_order_id: str, quantity: int, price: Decimal, now: datetime) -> BookTrade:
        """Record one execution. Raises ValueError beyond the order's quantity."""
        order = self.orders[broker_order_id]
        if not 0 < quantity <= order.quantity - order.filled:
            raise ValueError("expected a fill within what remains of the order")
        self._trades += 1
        instruction = order.instruction
        trade = BookTrade(
            client_code=instruction.client_code,
            broker_order_id=broker_order_id,
            exchange=instruction.exchange.value,
            symbol_token=instruction.symbol_token,
            side=instruction.side,
            trade_no=f"{self._trades:08}",
            quantity=quantity,
            price=price,
            product=instruction.product.value,
            traded_at=now,
        )
        order.trades.append(trade)
        order.modified_at = now
        if order.status in _WORKING:
            order.status = BookStatus.TRADED if order.filled == order.quantity else BookStatus.PARTIAL
        return trade

    def set_price(self, exchange: Exchange, symbol_token: int, price: Decimal, now: datetime) -> None:
        self.prices[exchange, symbol_token] = price
        for order in list(self.orders.values()):
            if (order.instruction.exchange, order.instruction.symbol_token) == (exchange, symbol_token):
                self._match(order, now)

    def positions(
        self, client_code: str, instruments: Mapping[tuple[Exchange, int], Instrument]
    ) -> tuple[BrokerPosition, ...]:
        rows: dict[tuple[Exchange, int, str], list[BookTrade]] = {}
        for order in self.of_client(client_code):
            where = order.instruction.exchange, order.instruction.symbol_token
            if order.trades:
                rows.setdefault((*where, order.instruction.product.value), []).extend(order.trades)
        return tuple(
            _position(instruments[exchange, token], product, trades, self.prices[exchange, token])
            for (exchange, token, product), trades in rows.items()
        )

    def _working(self, client_code: str, broker_order_id: str) -> LedgerOrder:
        order = self.orders.get(broker_order_id)
        if order is None or order.instruction.client_code != client_code:
            raise BrokerRejected("order id not acceptable", broker_code="MO1060")
        if order.status not in _WORKING:
            code, broker_code = _CLOSED_CODES[order.status]
            raise BrokerRejected(f"the order is {order.status.value}", code=code, broker_code=broker_code)
        return order

    def _match(self, order: LedgerOrder, now: datetime) -> None:
        instruction = order.instruction
        market = self.prices.get((instruction.exchange, instruction.symbol_token))
        if market is None or order.status not in _WORKING or instruction.is_after_market:
            return
        is_buy = instruction.side is Side.BUY
        if order.order_type is WireOrderType.STOPLOSS and (
            market < order.trigger_price if is_buy else market > order.trigger_price
        ):
            return
        if market <= order.price if is_buy else market >= order.price:
            self.fill(order.broker_order_id, order.quantity - order.filled, market, now)


def _position(instrument: Instrument, product: str, trades: list[BookTrade], ltp: Decimal) -> BrokerPosition:
    def total(side: Side) -> tuple[int, Decimal]:
        chosen = [trade for trade in trades if trade.side is side]
        return sum(t.quantity for t in chosen), sum((t.quantity * t.price for t in chosen), Decimal(0))

    (bought, paid), (sold, received) = total(Side.BUY), total(Side.SELL)
    matched = min(bought, sold)
    booked = (received / sold - paid / bought) * matched if matched else Decimal(0)
    open_result = received - paid + (bought - sold) * ltp - booked
    return BrokerPosition(
        exchange=instrument.exchange.value,
        symbol_token=instrument.symbol_token,
        symbol=instrument.symbol,
        product=product,
        buy_quantity=bought,
        buy_amount=paid,
        sell_quantity=sold,
        sell_amount=received,
        day_buy_quantity=bought,
        day_buy_amount=paid,
        day_sell_quantity=sold,
        day_sell_amount=received,
        carried_buy_quantity=0,
        carried_buy_amount=Decimal(0),
        carried_sell_quantity=0,
        carried_sell_amount=Decimal(0),
        ltp=ltp,
        mark_to_market=open_result,
        booked_profit_loss=booked,
        actual_mark_to_market=open_result,
        actual_booked_profit_loss=booked,
    )
