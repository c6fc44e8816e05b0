"""What must hold once nothing breaks any more and the books can be read (invariants 8, 11, 12, 13, 19, 33, 35)."""

from __future__ import annotations

from decimal import Decimal

from app.domain.matching import index_book, observe
from proof.exchange.ledger import LedgerOrder
from proof.exchange.server import BrokerServer
from proof.invariants.listed import OVER
from proof.invariants.monitor import Monitor
from proof.memory.tables import OrderRow, Tables

_STATUS = {
    "Traded": "filled", "Cancel": "cancelled", "Rejected": "rejected", "Error": "rejected", "Confirm": "open",
    "Sent": "open", "Partial": "partially_filled",
}  # fmt: skip
_PAISA = Decimal("0.01")


class AtRest:
    def __init__(self, tables: Tables, server: BrokerServer, monitor: Monitor) -> None:
        self._tables = tables
        self._server = server
        self._monitor = monitor
        self._waited_for: OrderRow | None = None

    def is_reached(self) -> bool:
        """Whether everything holds; looks first at what did not hold the last time."""
        last = self._waited_for
        if last is not None and self._waits(last):
            return False
        self._waited_for = next((row for row in self._tables.orders.values() if self._waits(row)), None)
        return self._waited_for is None

    def _waits(self, row: OrderRow) -> bool:
        return row.working is not None and bool(self._of_row(row, row.working.tag))

    def waits_for(self) -> list[tuple[int, str]]:
        """Return what does not hold yet, as (invariant, sentence)."""
        found: list[tuple[int, str]] = []
        for row in self._tables.orders.values():
            if row.working is not None:
                found += self._of_row(row, row.working.tag)
        return found

    def _of_row(self, row: OrderRow, tag: str) -> list[tuple[int, str]]:
        held = self._server.ledger.by_tag.get(tag)
        if not held:
            if row.status.value in ("queued", "sending"):
                return [(19, f"{row.id} is still {row.status}")]
            return []
        order, working = held[0], row.working
        assert working is not None
        wanted = _STATUS[order.word]
        if row.status.value != wanted or working.filled_quantity != order.filled:
            is_said = row.status.value == "unknown" or working.attention is not None
            if (is_said and self._cannot_be_matched(row, order)) or self._is_misled(row, order):
                return []
            state = f"{row.status} with {working.filled_quantity}"
            return [(8, f"{row.id} ({tag}) is {state}, the broker shows {order.word} with {order.filled}")]
        if working.quantity != order.units or working.price * 100 != Decimal(order.paise):
            ours, theirs = f"{working.quantity} at {working.price}", f"{order.units} at {order.paise} paise"
            return [(28, f"{row.id}: {ours} on record, {theirs} at the broker")]
        if sum(trade.quantity for trade in row.trades) != order.filled:
            return [(11, f"{row.id}: trades of {sum(t.quantity for t in row.trades)} for {order.filled} filled")]
        return self._amounts(row, order)

    def _amounts(self, row: OrderRow, order: LedgerOrder) -> list[tuple[int, str]]:
        if not order.fills:
            return []
        found: list[tuple[int, str]] = []
        if sorted(trade.trade_no for trade in row.trades) != sorted(fill.trade_no for fill in order.fills):
            found.append((12, f"{row.id}: other trade numbers than the broker's"))
        worth = Decimal(sum(fill.units * fill.paise for fill in order.fills)) / order.filled / 100
        average = row.working.average_price if row.working is not None else None
        if average is None or abs(average - worth) > _PAISA:
            found.append((13, f"{row.id}: average {average}, the broker's is {worth:.4f}"))
        recorded = sum((trade.price * trade.quantity for trade in row.trades), Decimal(0)) / order.filled
        if abs(recorded - worth) > _PAISA:
            found.append((13, f"{row.id}: trades average {recorded:.4f}, the broker's is {worth:.4f}"))
        return found

    def _is_misled(self, row: OrderRow, order: LedgerOrder) -> bool:
        """The answer named the id of another order of ours whose tag the broker drops: nothing can tell them apart."""
        named = row.working.broker_order_id if row.working is not None else None
        other = self._server.ledger.orders.get(named or "")
        return other is not None and other is not order and other.tag in self._server.books.lost_tags

    def _cannot_be_matched(self, row: OrderRow, order: LedgerOrder) -> bool:
        """Neither a tag nor an id leads to it: only a person can."""
        working = row.working
        assert working is not None
        if working.broker_order_id is None:
            return order.tag in self._server.books.lost_tags or order.tag in self._server.look_alikes
        return working.broker_order_id != order.order_id  # the broker named another order's id

    def check_day_over(self) -> None:
        """The final books were read long enough: what they do not hold is absent, unless a lost tag may hide it (8)."""
        hidden = {
            order.client_code
            for order in self._server.ledger.orders.values()
            if order.tag not in self._server.ledger.by_tag or order.tag in self._server.books.lost_tags
        }
        for row in self._tables.orders.values():
            order = row.working
            if order is None or order.tag in self._server.ledger.by_tag or order.client_code in hidden:
                continue
            if row.status.value == "unknown":
                self._monitor.found(8, f"{row.id} is unknown, and the day's final books do not hold it")

    def check_end(self, *, was_engine_disturbed: bool) -> None:
        """What can only be asked at the very end."""
        found = self._monitor.found
        for row in self._tables.orders.values():
            order = row.working
            if order is None:
                continue
            if row.status.value == "unknown" and not was_engine_disturbed and order.tag not in self._server.faulted:
                found(19, f"{row.id} is unknown though nothing broke on its own way")
            self._fed_again(row)
        self._audited()

    def _fed_again(self, row: OrderRow) -> None:
        """Every later reading of the same state changes nothing (33)."""
        order = row.working
        if order is None or row.status.value not in OVER:
            return
        for seen in self._server.books.readings_of(order.tag):
            change = observe(order, index_book([seen]), at=row.updated_at)
            if change is None:
                continue
            after = change.after
            if (after.status, after.filled_quantity) != (order.status, order.filled_quantity):
                self._monitor.found(33, f"{row.id}: an old book row turns {order.status} into {after.status}")

    def _audited(self) -> None:
        written = [entry.subject for entry, _ in self._tables.audit if entry.action in _BATCH_ACTIONS]
        if sorted(written, key=str) != sorted(self._tables.batches):
            self._monitor.found(35, f"{len(written)} audit entries for {len(self._tables.batches)} batches")
        if any(entry.actor.user_id is None and entry.action in _BATCH_ACTIONS for entry, _ in self._tables.audit):
            self._monitor.found(35, "an audit entry without its actor")


_BATCH_ACTIONS = frozenset({"batch.execute", "batch.exit", "batch.retry"})
