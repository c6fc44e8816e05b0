"""Exits never exceed what is held (invariant 20), and "flat" is never said of what is not (30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.domain.orders import OrderStatus
from proof.exchange.ledger import Ledger, LedgerOrder, PositionKey
from proof.memory.tables import OrderRow, Tables

Found = Callable[[int, str], None]
_EXIT_LANE = 0
_LONGEST_READ_S = 20.0


class ExitsHeld:
    """`served_s`: when a client's positions were last shown to the desk."""

    def __init__(
        self,
        found: Found,
        tables: Tables,
        ledger: Ledger,
        served_s: Mapping[str, float],
        now_s: Callable[[], float],
    ) -> None:
        self._found = found
        self._served_s = served_s
        self._tables = tables
        self._ledger = ledger
        self._now_s = now_s
        self._by_phone: dict[PositionKey, list[tuple[float, int]]] = {}
        self._changed_s: dict[PositionKey, float] = {}
        # (batch, client, product) -> the earliest and the latest moment at which the desk can have read it
        self._read_s: dict[tuple[str, str, str], tuple[float, float]] = {}
        self.oldest_read_s = 0.0  # the age of the oldest read that an exit was recorded on
        self._closed: set[tuple[str, str, str]] = set()
        self.races = 0
        self.lost_to_phone = 0

    def moved(self, order: LedgerOrder, units: int) -> None:
        key = order.position_key
        self._changed_s[key] = self._now_s()
        if order.is_external:
            self._by_phone.setdefault(key, []).append((self._now_s(), units if order.is_buy else -units))

    def recorded(self, batch_id: str) -> None:
        """An exit was recorded: every quantity in it stands on a good read."""
        for (batch, client_id, product), held in self._tables.exits.items():
            if batch != batch_id or held.held is None:
                continue
            read_s = (held.read_at - self._tables.started_at).total_seconds()
            served_s = self._served_s.get(self._tables.clients[client_id].code, -1.0)
            self._read_s[batch, client_id, product] = read_s, served_s
            self.oldest_read_s = max(self.oldest_read_s, self._now_s() - served_s)
            if served_s < read_s:
                self._found(30, f"exit {batch_id} of {client_id} stands on no good read since {read_s:.3f} s")

    def accepted(self, order: LedgerOrder, row: OrderRow) -> None:
        """What the client does elsewhere after the desk has read cannot be known to it; everything else is."""
        if row.lane != _EXIT_LANE:
            return
        self.races += 1
        key = order.position_key
        client_id = row.client.id if row.client is not None else ""
        from_s, until_s = self._read_s.get((row.batch_id, client_id, row.planned.product.value), (0.0, 0.0))
        by_phone = [(at_s, units) for at_s, units in self._by_phone.get(key, ()) if at_s >= from_s]
        held_now = self._ledger.net(key)
        cuts = [from_s, *(at_s for at_s, _ in by_phone if at_s <= until_s)]
        possible = [held_now - sum(units for at_s, units in by_phone if at_s > cut_s) for cut_s in cuts]
        held = min(possible) if order.is_buy else max(possible)
        working = sum(
            other.remaining
            for other in self._ledger.of_position(key)
            if other.is_buy == order.is_buy and not other.is_external and other is not order and self._is_exit(other)
        )
        room = held if not order.is_buy else -held
        if order.units + working > max(room, 0):
            self._found(20, f"{key}: an exit of {order.units} with {working} working, where {held} is held")
        if order.units + working > max(held_now if not order.is_buy else -held_now, 0):
            self.lost_to_phone += 1

    def _is_exit(self, order: LedgerOrder) -> bool:
        row = self._tables.by_tag.get(order.tag)
        return row is not None and row.lane == _EXIT_LANE

    def closed(self) -> None:
        """Look at the verdicts that are new."""
        for key, held in self._tables.exits.items():
            if key in self._closed or held.verified_at is None:
                continue
            self._closed.add(key)
            batch_id, client_id, product = key
            if client_id not in self._tables.clients or not product:
                if held.held == 0 or held.remaining == 0:
                    self._check_flat(batch_id, client_id, None)
                continue
            if held.remaining == 0:
                self._check_flat(batch_id, client_id, product)
            rows = [row for row in self._tables.of_batch(batch_id) if row.client and row.client.id == client_id]
            if any(row.status is OrderStatus.UNKNOWN for row in rows):
                self._found(30, f"exit {batch_id} of {client_id} has a verdict while an order of it is unknown")

    def _check_flat(self, batch_id: str, client_id: str, product: str | None) -> None:
        batch, client = self._tables.batches[batch_id], self._tables.clients.get(client_id)
        if client is None:
            self._found(30, f"exit {batch_id} says flat of {client_id}, whom nobody knows")
            return
        for key, position in self._ledger.positions.items():
            if key[:3] != (client.code, batch.exchange.value, batch.symbol_token) or product not in (None, key[3]):
                continue
            if position.net and self._now_s() - self._changed_s.get(key, 0.0) > _LONGEST_READ_S:
                self._found(30, f"exit {batch_id} says flat of {key}, where {position.net} is held")
