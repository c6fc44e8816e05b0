"""Watches every commit, every byte that leaves and every change at the broker, and keeps each breach with its time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson

from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.transport import WireRequest
from app.domain.orders import success
from app.domain.ports import Clock
from app.domain.views import BatchView
from app.domain.working import WorkingOrder
from proof.exchange.ledger import LedgerOrder
from proof.exchange.server import BrokerServer
from proof.invariants.approvals import Approvals
from proof.invariants.exits_held import ExitsHeld
from proof.invariants.listed import LISTED, NOT_AT_BROKER, NOT_KNOWN, TAKEN_BY_BROKER, is_valid_tag
from proof.memory.tables import OrderRow, Tables
from proof.virtual_time import VirtualLoop, VirtualProcess

if TYPE_CHECKING:
    from proof.world.logins import Logins
    from proof.world.market import Market

_RATE = 8
_CLOSED_FOR_S = 61.0  # what was approved in time may wait for its turn until its deadline
_ON_THE_WAY_S = 0.5  # who took a session before its death was reported may still be about to send with it
_MAY_LEAVE = frozenset({"sending", "unknown", *TAKEN_BY_BROKER, "rejected"})
_BANDS = ((Decimal(100), Decimal(2)), (Decimal(500), Decimal(1)), (None, Decimal("0.5")))
_READ_S = 3.0  # a book that was read before an order was shown in it may still be acted upon
_QUOTE_AGE_S = 3.0  # two seconds, and the time that planning and recording take


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: int
    at_s: float
    sentence: str


class Monitor:
    def __init__(self, loop: VirtualLoop, tables: Tables, server: BrokerServer, logins: Logins, market: Market) -> None:
        self._loop = loop
        self._tables = tables
        self._server = server
        self._ledger = server.ledger
        self._logins = logins
        self._market = market
        self.violations: list[Violation] = []
        self.approvals = Approvals(self.found, tables)
        self.exits = ExitsHeld(self.found, tables, server.ledger, server.books.served_s, loop.time)
        self._seen: dict[str, tuple[str, int, int]] = {}  # order -> status, filled, events
        self._arrivals: Counter[str] = Counter()
        self._sends: dict[tuple[str, str], deque[float]] = {}
        self._may_still_leave: set[str] | None = None  # tags, once the kill switch has committed
        self._stopped: dict[str, set[str]] = {}  # batch -> tags that were leaving when it was stopped
        self._owner_of_id: dict[tuple[str, str], str] = {}
        self.clocks: dict[str, Clock] = {}  # by the name of the process
        self._recorded_s: dict[str, float] = {}
        self._unknown_since_s: dict[str, float] = {}
        self.times_settling = False
        self.settled_s: list[float] = []
        self.checks = 0
        tables.watchers.append(self._committed)
        server.ledger.watchers.append(self._at_broker)

    def found(self, invariant: int, sentence: str) -> None:
        self.violations.append(Violation(invariant, self._loop.time(), sentence))

    # commits

    def _committed(self, what: str, rows: Sequence[OrderRow]) -> None:
        self.checks += 1
        for row in rows:
            self._row(row)
        if what == "record" and rows:
            self._recorded_s[rows[0].batch_id] = self._loop.time()
            if self._market.closed_for_s > 1.0 and any(row.working is not None for row in rows):
                self.found(27, f"batch {rows[0].batch_id} is recorded for sending while the market is closed")
            self.approvals.recorded(self._tables.batches[rows[0].batch_id], list(rows))
            self.exits.recorded(rows[0].batch_id)
        elif what == "desk.killed":
            self._may_still_leave = self._leaving(None)
        elif what == "desk.rearmed":
            self._may_still_leave = None
        elif what == "stop_batch":
            for batch in self._tables.batches.values():
                if batch.stop_requested_at is not None and batch.id not in self._stopped:
                    self._stopped[batch.id] = self._leaving(batch.id)
        elif what == "close_exit":
            self.exits.closed()

    def _leaving(self, batch_id: str | None) -> set[str]:
        return {
            row.working.tag
            for row in self._tables.live.values()
            if row.working is not None and row.status in ("sending", "unknown") and batch_id in (None, row.batch_id)
        }

    def _row(self, row: OrderRow) -> None:
        order = row.working
        status, filled = row.status.value, order.filled_quantity if order is not None else 0
        before, filled_before, known = self._seen.get(row.id, (None, 0, 0))
        last: str | None = before
        for event in row.events[known:]:
            if event.from_status != last:
                self.found(15, f"{row.id}: an event from {event.from_status} follows {last}")
            if event.to_status != last and event.to_status not in LISTED.get(last, frozenset()):
                self.found(14, f"{row.id}: {last} to {event.to_status} is not listed")
            last = event.to_status
        if last != status:
            self.found(15, f"{row.id} is {status}, and its events say {last}")
        ordered = order.quantity if order is not None else 0
        if filled < filled_before or not 0 <= filled <= ordered:
            self.found(11, f"{row.id}: {filled} filled after {filled_before}, of {ordered}")
        self._seen[row.id] = status, filled, len(row.events)
        if order is not None:
            if before is None:
                self._new_tag(order.tag, row)
            if status == "acknowledged" and before != status:
                self._acknowledged(order)
            self._against_ledger(row, order.tag, status)
            self._note_unknown(row, order.tag, before, status)

    def _new_tag(self, tag: str, row: OrderRow) -> None:
        if not is_valid_tag(tag) or self._tables.by_tag.get(tag) is not row:
            self.found(32, f"the tag {tag} is not valid or not distinct")

    def _acknowledged(self, order: WorkingOrder) -> None:
        """The id is one that the broker can have given to this order (ORDERS.md section 2, and F14)."""
        id_ = order.broker_order_id or ""
        if not id_.strip() or not id_.endswith(order.client_code):
            self.found(5, f"{order.id} is acknowledged with {id_!r} as its id")
        owner = self._owner_of_id.setdefault((order.client_code, id_), order.id)
        if owner != order.id:
            self.found(5, f"{order.id} is acknowledged with the id {id_} of {owner}")

    def _against_ledger(self, row: OrderRow, tag: str, status: str) -> None:
        held = self._ledger.by_tag.get(tag)
        if held:
            if status in NOT_AT_BROKER:
                self.found(4, f"{row.id} ({tag}) is {status}, and the broker holds it ({held[0].word})")
            if status == "rejected" and held[0].word not in ("Rejected", "Error"):
                self.found(4, f"{row.id} ({tag}) is rejected, and the broker shows it {held[0].word}")
        elif status in TAKEN_BY_BROKER:
            self.found(5, f"{row.id} ({tag}) is {status}, and the broker has no such order")

    def _note_unknown(self, row: OrderRow, tag: str, before: str | None, status: str) -> None:
        if status == "unknown":
            self._unknown_since_s.setdefault(row.id, self._loop.time())
        elif before == "unknown":
            since_s = self._unknown_since_s.pop(row.id, self._loop.time())
            held = self._ledger.by_tag.get(tag)
            if held and self.times_settling:
                self.settled_s.append(self._loop.time() - max(since_s, held[0].shown_s))

    # what leaves

    def left(self, process: VirtualProcess, endpoint: Endpoint, request: WireRequest) -> None:
        """The first byte of a write leaves now."""
        self.checks += 1
        body = orjson.loads(request.body or b"{}")
        dead_s = self._logins.known_dead.get(request.headers["Authorization"])
        if dead_s is not None and not process.was_paused and self._loop.time() - dead_s > _ON_THE_WAY_S:
            self.found(31, f"{process.name} sends with a session that was reported dead")
        if endpoint is not Endpoint.PLACEORDER:
            order = self._ledger.orders.get(body["uniqueorderid"])
            if order is not None:
                self._named_by_a_person(order)
                row = self._tables.by_tag.get(order.tag)
                if endpoint is Endpoint.MODIFYORDER and row is not None:
                    units, paise = body["newquantityinlot"] * order.units // order.lots, round(body["newprice"] * 100)
                    self.approvals.modification_leaves(row.id, units, paise)
            return
        tag = body["tag"]
        row = self._tables.by_tag.get(tag)
        if row is None or row.working is None:
            self.found(2, f"an order with the tag {tag} leaves, and none is on record")
            return
        if not process.was_paused:  # what it had begun leaves when it wakes, beside its successor's (F28)
            self._rate((row.working.client_code, body["exchange"]))
        if row.working.attempt != 1 or row.status.value not in _MAY_LEAVE:
            self.found(3, f"{row.id} leaves while it is {row.status} with {row.working.attempt} attempts on record")
        self._arrivals[tag] += 1
        if self._arrivals[tag] > 1 + min(1, self._server.session_refusals[tag]):
            self.found(7, f"{row.id} ({tag}) leaves for the {self._arrivals[tag]}. time")
        late_s = (self._clock_of(process).now() - row.working.deadline_at).total_seconds()
        if late_s > _ON_THE_WAY_S and not process.was_paused:
            self.found(14, f"{row.id} leaves {late_s:.1f} s after its deadline")
        if self._may_still_leave is not None and tag not in self._may_still_leave:
            self.found(22, f"{row.id} leaves after the kill switch")
        if row.batch_id in self._stopped and tag not in self._stopped[row.batch_id]:
            self.found(23, f"{row.id} leaves after its batch was stopped")

    def _clock_of(self, process: VirtualProcess) -> Clock:
        return self.clocks[process.name]

    def _rate(self, key: tuple[str, str]) -> None:
        now_s = self._loop.time()
        recent = self._sends.setdefault(key, deque())
        while recent and recent[0] <= now_s - 1.0:
            recent.popleft()
        recent.append(now_s)
        if len(recent) > _RATE:
            self.found(25, f"{len(recent)} order calls for {key} within a second")

    def _named_by_a_person(self, order: LedgerOrder) -> None:
        """The order that the broker will change is the one that somebody asked to change.

        Until a book has shown the order, only the answer's word says which one an id means.
        """
        row = self._tables.by_tag.get(order.tag) if not order.is_external else None
        if row is not None and row.pending_op:
            return
        id_ = order.order_id
        known = [row for row in self._tables.orders.values() if row.working and row.working.broker_order_id == id_]
        is_only_answered = self._loop.time() < order.shown_s + _READ_S and any(row.pending_op for row in known)
        if not is_only_answered:
            self.found(29, f"a change of {id_} leaves, which nobody asked for")

    # what the broker does

    def _at_broker(self, what: str, order: LedgerOrder) -> None:
        self.checks += 1
        if what == "filled":
            self.exits.moved(order, order.fills[-1].units)
        if order.is_external:
            return
        row = self._tables.by_tag.get(order.tag)
        if row is None:
            self.found(2, f"the broker holds {order.tag}, and nothing is on record")
            return
        self._against_ledger(row, order.tag, row.status.value)
        if what == "accepted":
            self._accepted(order, row)
        elif what == "modified":
            self.approvals.modified(row.id, order.units, order.paise)

    def _accepted(self, order: LedgerOrder, row: OrderRow) -> None:
        if len(self._ledger.by_tag[order.tag]) > 1:
            self.found(1, f"the broker holds {len(self._ledger.by_tag[order.tag])} orders with the tag {order.tag}")
        planned, client = row.planned, row.client
        if order.units != planned.quantity:
            self.found(9, f"{order.units} units at the broker where {planned.quantity} were asked for")
        ours = (planned.side == "BUY", planned.product, client.code if client else None, row.exchange, row.symbol_token)
        if ours != (order.is_buy, order.product, order.client_code, order.exchange, order.token):
            self.found(10, f"{row.id} stands at the broker with other terms than approved")
        if planned.price is not None and order.paise != planned.price * 100:
            self.found(10, f"{row.id}: {order.paise} paise at the broker, {planned.price} rupees approved")
        if planned.price_rule is not None:
            self._in_band(order, row)
        closed_s = self._market.closed_for_s
        if closed_s > _CLOSED_FOR_S:
            self.found(27, f"{row.id} reaches the broker {closed_s:.1f} s after the market has closed")
        if order.order_type == "MARKET":
            self.found(26, f"{row.id} is a MARKET order at the broker")
        self.exits.accepted(order, row)

    def _in_band(self, order: LedgerOrder, row: OrderRow) -> None:
        recorded_s = self._recorded_s[row.batch_id]
        prices = self._market.between(order.token, recorded_s - _QUOTE_AGE_S, recorded_s)
        if not any(_is_within(order, paise) for paise in prices):
            self.found(26, f"{row.id}: {order.paise} paise is outside the band of every price of the last seconds")

    # what people see

    def shown(self, view: BatchView) -> None:
        self.checks += 1
        if view.summary.requested < len(view.orders):
            self.found(18, f"batch {view.head.id} shows {view.summary.requested} of {len(view.orders)} rows")
        for order in view.orders:
            is_success = order.success
            held = self._ledger.by_tag.get(order.tag or "")
            if order.status.value in NOT_KNOWN and is_success is not None:
                self.found(6, f"{order.id} is {order.status}, and is shown with success {is_success}")
            if is_success is False and held and held[0].word not in ("Rejected", "Error"):
                self.found(4, f"{order.id} is shown as not placed, and the broker shows it {held[0].word}")
            if is_success is True and not held:
                self.found(5, f"{order.id} is shown as accepted, and the broker has no such order")
            if is_success is not success(order.status):
                self.found(6, f"{order.id}: the list and the detail disagree")


def _is_within(order: LedgerOrder, paise: int) -> bool:
    rupees = Decimal(paise) / 100
    percent = next(percent for below, percent in _BANDS if below is None or rupees < below)
    distance = rupees * percent / 100 * 100
    return (
        paise - 5 <= order.paise <= paise + distance if order.is_buy else paise - distance <= order.paise <= paise + 5
    )
