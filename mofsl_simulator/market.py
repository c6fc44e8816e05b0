"""The order's life at the broker and the exchange: acceptance, confirmation, matching, end."""

from collections.abc import Callable
from functools import partial
from itertools import count

from mofsl_simulator import risk
from mofsl_simulator.accounts import Account
from mofsl_simulator.clock import SimClock
from mofsl_simulator.events import Events
from mofsl_simulator.instruments import Instrument
from mofsl_simulator.orders import LIVE_AT_EXCHANGE, Effects, Fill, Order, OrderRequest, Status
from mofsl_simulator.positions import Position
from mofsl_simulator.prices import Prices
from mofsl_simulator.scheduler import Scheduler
from mofsl_simulator.settings import Settings


class Market:
    """`sequence_base` and `trade_base` start the day's ids; a later start of the process uses higher ones,
    so that ids of two runs on one day differ."""

    def __init__(
        self,
        *,
        clock: SimClock,
        scheduler: Scheduler,
        prices: Prices,
        events: Events,
        settings: Settings,
        sequence_base: int,
        trade_base: int,
    ) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._prices = prices
        self._events = events
        self._settings = settings
        self._sequence_base = sequence_base
        self._trade_numbers = count(trade_base)
        self._exchange_ids = count(1_100_000_000_000_000 + trade_base * 10)
        self._resting: dict[Instrument, dict[str, Order]] = {}
        self._awaiting_open: dict[str, Order] = {}
        self.all_orders: list[Order] = []
        """Everything ever accepted, in order of acceptance: the ledger."""
        events.on_price.append(self._price_moved)

    def accept(
        self,
        account: Account,
        request: OrderRequest,
        *,
        initiator: str,
        source_address: str,
        via: str = "api",
        effects: Effects | None = None,
    ) -> Order:
        """Take an order into the books; it is answered by the exchange a little later."""
        order = self._record(account, request, initiator, source_address, via, effects)
        self._events.order_changed(order)
        self._after(self._settings.confirm_ms, partial(self._confirm, order))
        return order

    def trade_at(self, account: Account, request: OrderRequest, price_points: int, *, initiator: str) -> Order:
        """Fill at once at a price, past every check: the risk desk's own trades."""
        order = self._record(account, request, initiator, "", "phone", None)
        order.exchange_order_id = str(next(self._exchange_ids))
        order.entered_at = order.modified_at = self._clock.stamp()
        order.status = Status.CONFIRM
        self._fill(order, order.quantity, price_points)
        return order

    def _record(
        self,
        account: Account,
        request: OrderRequest,
        initiator: str,
        source_address: str,
        via: str,
        effects: Effects | None,
    ) -> Order:
        day = self._clock.trading_day()
        account.next_sequence += 1
        unique_id = f"{day.day:02d}{self._sequence_base + account.next_sequence:05d}{account.code}"
        order = Order(
            unique_id=unique_id,
            account=account,
            instrument=request.instrument,
            is_buy=request.is_buy,
            order_type=request.order_type,
            product=request.product,
            duration=request.duration,
            price_points=request.price_points,
            trigger_points=request.trigger_points,
            quantity=request.quantity,
            disclosed=request.disclosed,
            is_amo=request.is_amo,
            good_till=request.good_till,
            algo_id=request.algo_id,
            tag=request.tag,
            participant=request.participant,
            initiator=initiator,
            via=via,
            source_address=source_address,
            accepted_s=self._clock.now_s(),
            accepted_monotonic_s=self._scheduler.now_s(),
            inserted_at=self._clock.stamp(),
            trading_day=day,
            effects=effects,
        )
        account.orders[unique_id] = order
        account.working[unique_id] = order
        self.all_orders.append(order)
        self._prices.watch(order.instrument)
        return order

    def _after(self, delay_ms: float, task: Callable[[], None]) -> None:
        self._scheduler.after(delay_ms / 1000, task)

    def _confirm(self, order: Order) -> None:
        """The exchange's answer, or the broker's refusal."""
        if order.status is not Status.SENT:
            return
        effects = order.effects
        if effects is not None and effects.later_status is not None:
            self._finish(order, effects.later_status, effects.later_text)
            return
        is_open = self._clock.is_open(order.instrument.exchange)
        refusal = risk.why_refused(order, self._prices)
        if not refusal and order.is_amo and is_open:
            refusal = "RMS: after market orders are not accepted in market hours"
        if not refusal and not order.is_amo and not is_open:
            refusal = "RMS: market is closed"
        if refusal:
            self._finish(order, Status.ERROR, refusal)
            return
        if order.is_amo and not is_open:
            self._awaiting_open[order.unique_id] = order
            return
        self._enter(order)

    def _enter(self, order: Order) -> None:
        order.status = Status.CONFIRM
        order.exchange_order_id = str(next(self._exchange_ids))
        order.entered_at = order.modified_at = self._clock.stamp()
        self._resting.setdefault(order.instrument, {})[order.unique_id] = order
        self._events.order_changed(order)
        self.consider(order)

    def release_after_market_orders(self) -> None:
        """At the open: waiting after-market orders go to the exchange."""
        waiting, self._awaiting_open = self._awaiting_open, {}
        for order in waiting.values():
            if not order.is_working:
                continue
            refusal = risk.why_refused(order, self._prices)
            if refusal:
                self._finish(order, Status.ERROR, refusal)
            else:
                self._enter(order)

    def consider(self, order: Order) -> None:
        """Plan a match if the order crosses the market; end an IOC order that does not."""
        if order.status not in LIVE_AT_EXCHANGE or order.is_matching_planned:
            return
        ltp = self._prices.ltp(order.instrument)
        self._trigger(order, ltp)
        if self._crosses(order, ltp):
            order.is_matching_planned = True
            self._after(self._settings.fill_ms, partial(self._match, order))
        elif order.duration == "IOC" and not order.is_waiting_for_trigger:
            self._after(self._settings.fill_ms, partial(self._end_ioc, order))

    @staticmethod
    def _trigger(order: Order, ltp: int) -> None:
        if order.is_waiting_for_trigger:
            reached = ltp >= order.trigger_points if order.is_buy else ltp <= order.trigger_points
            order.is_triggered = reached

    @staticmethod
    def _crosses(order: Order, ltp: int) -> bool:
        if order.is_waiting_for_trigger:
            return False
        if order.price_points == 0:
            return True
        return ltp <= order.price_points if order.is_buy else ltp >= order.price_points

    def _match(self, order: Order) -> None:
        """An order that crossed takes the market price, never one worse than its limit."""
        order.is_matching_planned = False
        if order.status not in LIVE_AT_EXCHANGE:
            return
        ltp = self._prices.ltp(order.instrument)
        if not self._crosses(order, ltp):
            self.consider(order)
            return
        quantity = self._next_piece(order)
        if quantity:
            self._fill(order, quantity, ltp)
        if order.is_working and quantity:
            if self._next_piece(order):
                order.is_matching_planned = True
                self._after(self._settings.fill_ms, partial(self._match, order))
            elif order.duration == "IOC":
                self._end_ioc(order)

    def _next_piece(self, order: Order) -> int:
        """Units of the next fill: all that is left, or whole lots of a planned part."""
        effects, lot = order.effects, order.instrument.lot
        lots_left = order.remaining // lot
        if effects is not None and effects.fill_fraction:
            target = int(order.lots * effects.fill_fraction) * lot
            return max(0, target - order.filled)
        pieces = effects.fill_pieces if effects is not None else 0
        pieces = pieces or self._settings.partial_fill_pieces
        if pieces > 1:
            return min(lots_left, -(-order.lots // pieces)) * lot
        return order.remaining

    def _end_ioc(self, order: Order) -> None:
        if order.status in LIVE_AT_EXCHANGE and order.duration == "IOC":
            self._finish(order, Status.CANCEL, "")

    def _price_moved(self, instrument: Instrument) -> None:
        """Resting orders that the price reaches are filled at their own limit."""
        resting = self._resting.get(instrument)
        if not resting:
            return
        ltp = instrument.ltp_points
        for order in list(resting.values()):
            if order.is_matching_planned:
                continue
            if order.is_waiting_for_trigger:
                self.consider(order)
            elif self._crosses(order, ltp):
                quantity = self._next_piece(order)
                if quantity:
                    self._fill(order, quantity, order.price_points or ltp)

    def _fill(self, order: Order, quantity: int, price_points: int) -> None:
        fill = Fill(str(next(self._trade_numbers)), quantity, price_points, self._clock.now_s())
        order.fills.append(fill)
        order.filled += quantity
        order.fill_amount_points += quantity * price_points
        position = order.account.position(order.instrument, order.product)
        was_flat = position.net == 0
        position.add(is_buy=order.is_buy, quantity=quantity, amount_points=quantity * price_points)
        self._note_position(position, was_flat=was_flat)
        order.account.trades.append((order, fill))
        self._events.filled(order, fill)
        order.is_touched = True
        if order.remaining:
            order.status = Status.PARTIAL
            order.modified_at = self._clock.stamp()
            self._events.order_changed(order)
        else:
            self._finish(order, Status.TRADED, "")

    def cancel(self, order: Order) -> None:
        """The cancellation reaches the exchange a little later; a fill may come first."""
        self._after(self._settings.confirm_ms, partial(self._cancel_if_working, order))

    def _cancel_if_working(self, order: Order) -> None:
        if order.is_working:
            self.end(order)

    def end(self, order: Order, reason: str = "") -> None:
        """Cancel at once: by request, or because its validity is over."""
        self._finish(order, Status.CANCEL, reason)

    def convert(self, account: Account, position: Position, product: str, quantity: int) -> None:
        """Move part of a position to another product, at its own cost."""
        is_buy = position.net > 0
        day, day_amount, carried, cf_amount = position.take_out(quantity)
        target = account.position(position.instrument, product)
        was_flat = target.net == 0
        target.put_in(is_buy=is_buy, day=day, day_amount=day_amount, carried=carried, cf_amount=cf_amount)
        if position.net == 0:
            self._prices.unwatch(position.instrument)
        self._note_position(target, was_flat=was_flat)

    def _note_position(self, position: Position, *, was_flat: bool) -> None:
        """The prices of what is held move at every step."""
        if was_flat and position.net:
            self._prices.watch(position.instrument)
        elif not was_flat and position.net == 0:
            self._prices.unwatch(position.instrument)

    def modified(self, order: Order) -> None:
        """Stamp a change of the order's terms and look at the market again."""
        order.is_touched = True
        order.modified_at = self._clock.stamp()
        if order.remaining == 0:
            self._finish(order, Status.TRADED, "")
            return
        self._events.order_changed(order)
        self.consider(order)

    def _finish(self, order: Order, status: Status, error: str) -> None:
        order.status = status
        order.error = error
        if status not in (Status.ERROR, Status.REJECTED):
            order.is_touched = True
            order.modified_at = self._clock.stamp()
        order.account.working.pop(order.unique_id, None)
        resting = self._resting.get(order.instrument)
        if resting is not None:
            resting.pop(order.unique_id, None)
        self._awaiting_open.pop(order.unique_id, None)
        self._prices.unwatch(order.instrument)
        self._events.order_changed(order)
