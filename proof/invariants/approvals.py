"""What people approved, and whether what was recorded is exactly that (invariants 9, 10, 16, 17, 18, 21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from app.domain.batches import BatchKind
from app.domain.trading import Trade
from proof.memory.tables import BatchRow, OrderRow, Tables
from proof.world.market import INSTRUMENTS

Found = Callable[[int, str], None]
SURELY_NOT = frozenset({"blocked", "lapsed", "rejected", "absent"})
_REPEAT_WINDOW_S = 29.0
_LOTS = {one.symbol_token: one.lot_size for one in INSTRUMENTS}
_FREEZE = {one.symbol_token: one.freeze_quantity for one in INSTRUMENTS}


@dataclass(slots=True)
class Approval:
    kind: BatchKind
    exchange: str
    symbol_token: int
    trade: Trade | None  # None for an exit: what it may send is decided by what is held
    batch_id: str | None = None
    answers: set[str] = field(default_factory=set)


class Approvals:
    def __init__(self, found: Found, tables: Tables) -> None:
        self._found = found
        self._tables = tables
        self._by_key: dict[tuple[str, str], Approval] = {}
        self._terms: Counter[tuple[str, int, int]] = Counter()  # order, units, paise: how often a person asked for it
        self._left: Counter[tuple[str, int, int]] = Counter()

    def approve(self, user_id: str, key: str, approval: Approval) -> None:
        """A person confirms it, before anything is sent to the desk."""
        self._by_key[user_id, key] = approval

    def approve_terms(self, order_id: str, units: int, paise: int) -> None:
        """A person asks for new terms of an order."""
        self._terms[order_id, units, paise] += 1

    def modification_leaves(self, order_id: str, units: int, paise: int) -> None:
        """Each wish leaves once at most, whatever became of its answer (28)."""
        terms = (order_id, units, paise)
        self._left[terms] += 1
        if self._left[terms] > self._terms[terms]:
            self._found(28, f"{order_id}: {units} units at {paise} paise leave for the {self._left[terms]}. time")

    def modified(self, order_id: str, units: int, paise: int) -> None:
        """The broker has put new terms in force (28)."""
        if not self._terms[order_id, units, paise]:
            self._found(28, f"{order_id}: {units} units at {paise} paise are in force, which nobody asked for")

    def answered(self, user_id: str, key: str, batch_id: str) -> None:
        approval = self._by_key[user_id, key]
        approval.answers.add(batch_id)
        if len(approval.answers) > 1:
            self._found(16, f"the key {key} was answered with {len(approval.answers)} batches")

    def recorded(self, batch: BatchRow, rows: list[OrderRow]) -> None:
        approval = self._by_key.get((batch.user_id, batch.idempotency_key))
        if approval is None:
            self._found(18, f"batch {batch.id} was recorded under a key that nobody approved")
            return
        if approval.batch_id not in (None, batch.id):
            self._found(16, f"the key {batch.idempotency_key} made a second batch")
        approval.batch_id = batch.id
        if (batch.kind, batch.exchange, batch.symbol_token) != (
            approval.kind, approval.exchange, approval.symbol_token,
        ):  # fmt: skip
            self._found(10, f"batch {batch.id} is for another instrument or purpose than was approved")
        if approval.trade is not None:
            self._compare(batch, rows, approval.trade)
            self._look_for_repeats(batch, rows)
        if batch.parent_batch_id is not None:
            self._look_for_what_may_live(batch, rows)
        for row in rows:
            self._check_units(row)

    def _look_for_what_may_live(self, batch: BatchRow, rows: list[OrderRow]) -> None:
        """A retry sends only what was surely not placed, once however many retry it (7, 21)."""
        parent = batch.parent_batch_id or ""
        unplaced: dict[str, int] = {}
        for row in self._tables.of_batch(parent):
            if row.status.value in SURELY_NOT:
                client_id = row.planned.requested_client_id
                unplaced[client_id] = unplaced.get(client_id, 0) + row.planned.quantity
        for other in self._tables.batches.values():
            if other.parent_batch_id == parent and other.id != batch.id:
                for (client_id, _side), units in _sums(_may_stand(self._tables.of_batch(other.id))).items():
                    unplaced[client_id] = unplaced.get(client_id, 0) - units
        for (client_id, _side), units in _sums(rows).items():
            if units > unplaced.get(client_id, 0):
                self._found(
                    7, f"{units} units for {client_id} are retried, {unplaced.get(client_id, 0)} are not placed"
                )

    def _look_for_repeats(self, batch: BatchRow, rows: list[OrderRow]) -> None:
        """The same client, side and quantity on the instrument within 30 s, by anyone: not without a second word."""
        asked = _sums(rows)
        for other in self._tables.batches.values():
            if other.id in (batch.id, batch.parent_batch_id) or (other.exchange, other.symbol_token) != (
                batch.exchange,
                batch.symbol_token,
            ):
                continue
            age_s = (batch.created_at - other.created_at).total_seconds()
            if not 0 <= age_s <= _REPEAT_WINDOW_S:
                continue
            placed = _sums(_may_stand(self._tables.of_batch(other.id)))
            for key, units in asked.items():
                if placed.get(key) == units:
                    self._found(21, f"{key} with {units} units was approved in {other.id} and sent again in {batch.id}")

    def _compare(self, batch: BatchRow, rows: list[OrderRow], trade: Trade) -> None:
        wanted = [one for one in trade.allocations if one.quantity > 0]
        got = [
            (client_id, list(group)) for client_id, group in groupby(rows, lambda row: row.planned.requested_client_id)
        ]
        if [one.client_id for one in wanted] != [client_id for client_id, _ in got]:
            self._found(18, f"batch {batch.id} has rows for {len(got)} clients where {len(wanted)} were asked for")
            return
        for one, (client_id, group) in zip(wanted, got, strict=True):
            if sum(row.planned.quantity for row in group) != one.quantity:
                self._found(9, f"{client_id}: {sum(row.planned.quantity for row in group)} units for {one.quantity}")
            for row in group:
                if (row.planned.side, row.planned.product) != (one.side, one.product):
                    self._found(10, f"{client_id}: {row.planned.side} {row.planned.product} was not approved")
                if row.client is not None and row.client.id != client_id:
                    self._found(10, f"{client_id}: the order is for {row.client.id}")

    def _check_units(self, row: OrderRow) -> None:
        if row.working is None:
            return
        lot, freeze = _LOTS[row.symbol_token], _FREEZE[row.symbol_token]
        if row.working.lots * lot != row.working.quantity:
            self._found(9, f"{row.working.lots} lots of {lot} are not {row.working.quantity} units")
        if freeze is not None and row.working.quantity >= freeze:
            self._found(9, f"{row.working.quantity} units are not below the freeze quantity {freeze}")


def _may_stand(rows: list[OrderRow]) -> list[OrderRow]:
    return [row for row in rows if row.status.value not in SURELY_NOT]


def _sums(rows: list[OrderRow]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.working is not None:
            key = (row.planned.requested_client_id, row.planned.side.value)
            found[key] = found.get(key, 0) + row.working.quantity
    return found
