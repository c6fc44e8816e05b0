"""Whose positions the book holds, how fresh they are, and the fills that their snapshots lack."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.domain.broker import Side
from app.domain.ports.clock import Clock
from app.domain.ports.pnl import PositionSnapshot, ProfitMember
from app.domain.position_fills import ClientFills, Execution, OrderProgress, Waiting
from app.domain.profit_loss import POINTS_PER_PAISA, FiguresTooLarge, PositionKey, difference_from_broker, facts_of
from app.engine.pnl_prices import InstrumentPrices
from app.engine.profit_book import BookRow, ProfitBook
from app.services.profit_frames import Roster

log = logging.getLogger(__name__)

_FROM_BEFORE = "The positions are from before the start."


@dataclass(slots=True)
class ProfitClient:
    """`number` is the client's place in every column."""

    id: str
    number: int
    groups: tuple[str, ...]
    read_at: datetime | None = None
    failed_reason: str | None = None
    unclear: str | None = None  # why the positions in memory may not be the client's
    fills: ClientFills | None = None


class ProfitClients:
    """Columns by client; numbers of clients that are gone stay unused, and `is_member` is false there."""

    def __init__(
        self, book: ProfitBook, prices: InstrumentPrices, clock: Clock, read_again: Callable[[str], None]
    ) -> None:
        self._book = book
        self._prices = prices
        self._clock = clock
        self._read_again = read_again
        self._started_at = clock.now()
        self._by_id: dict[str, ProfitClient] = {}
        self.differing: set[str] = set()  # clients with a position that the broker's own figures value otherwise
        self.roster = Roster(())
        self.is_member: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.is_read: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.is_unclear: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.read_at_s: NDArray[np.float64] = np.zeros(0)

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._by_id

    def __iter__(self) -> Iterator[ProfitClient]:
        return iter(self._by_id.values())

    def get(self, client_id: str) -> ProfitClient | None:
        return self._by_id.get(client_id)

    def rows(self, client: ProfitClient) -> list[BookRow]:
        return self._book.rows(client.number, _waiting(client))

    def rows_in(self, client: ProfitClient, name: tuple[str, int]) -> list[BookRow]:
        return self._book.rows_in(client.number, name, _waiting(client))

    def take_members(self, members: Sequence[ProfitMember]) -> list[str]:
        """Make these the clients; return the new ones."""
        active = {member.client_id: member for member in members}
        for client_id in self._by_id.keys() - active.keys():
            client = self._by_id.pop(client_id)
            self._book.clear(client.number)
            self.is_member[client.number] = self.is_read[client.number] = False
        new = [client_id for client_id in active if client_id not in self._by_id]
        for client_id in new:
            self._by_id[client_id] = ProfitClient(client_id, self._book.add_client(), ())
        for client_id, member in active.items():
            self._by_id[client_id].groups = member.groups
        if new:
            self._lengthen(new)
        return new

    def take_snapshot(self, snapshot: PositionSnapshot) -> None:
        """Replace what is known of the client, unless it is as new."""
        client = self._by_id.get(snapshot.client_id)
        if client is None:
            return
        client.failed_reason = snapshot.failed_reason
        if client.read_at is None or snapshot.read_at > client.read_at:
            self._replace(client, snapshot)
        self._show_doubts(client)

    def take_fill(self, client_id: str, fill: OrderProgress | Execution) -> None:
        """Count a fill beside the client's last snapshot, once."""
        client = self._by_id.get(client_id)
        if client is None:
            return
        if client.fills is None:
            client.fills = ClientFills(client.read_at)
        if client.fills.note(fill, self._day_quantity(client)) and self.is_read[client.number]:
            self._write_waiting(client, [fill.key])

    def doubt(self, client_id: str, sentence: str) -> None:
        """Until the next reading, do not show this client's profit as current."""
        if (client := self._by_id.get(client_id)) is not None:
            client.unclear = sentence
            self._show_doubts(client)
            self._read_again(client_id)

    def _replace(self, client: ProfitClient, snapshot: PositionSnapshot) -> None:
        read_at_s = self._clock.monotonic_s() - (self._clock.now() - snapshot.read_at).total_seconds()
        client.read_at = snapshot.read_at
        try:
            positions = [facts_of(row) for row in snapshot.positions]
        except FiguresTooLarge as error:
            client.unclear = f"The broker's positions cannot be used: {error}."
            log.error("positions_unusable", extra={"client_id": client.id})
            self._book.clear(client.number)
            self.is_read[client.number] = False
            return
        rows = [(facts, self._prices.row(facts.exchange, facts.symbol_token)) for facts in positions]
        for facts, instrument in rows:
            self._prices.note_snapshot(instrument, facts.ltp_points, read_at_s)
        self._book.replace(client.number, rows)
        self.is_read[client.number] = True
        self.read_at_s[client.number] = read_at_s
        # it may lack fills from before this process, which nobody will report again
        client.unclear = _FROM_BEFORE if snapshot.read_at < self._started_at else None
        if client.fills is not None:
            client.fills.take_snapshot(snapshot.read_at, self._day_quantity(client))
            self._write_waiting(client, client.fills.waiting_keys())
            if client.fills.is_book_behind():
                self._read_again(client.id)
        differences = [difference_from_broker(*pair) for pair in zip(positions, snapshot.positions, strict=True)]
        if any(abs(points) > POINTS_PER_PAISA for points in differences):
            if not self.differing:
                log.warning("profit_differs_from_broker", extra={"client_id": client.id})
            self.differing.add(client.id)

    def _write_waiting(self, client: ProfitClient, keys: Iterable[PositionKey]) -> None:
        waiting = _waiting(client)
        for key in keys:
            if not self._book.has(client.number, key):
                self._book.add_position(client.number, key, self._prices.row(key[0], key[1]))
            self._book.fill(client.number, key, waiting(key))

    def _show_doubts(self, client: ProfitClient) -> None:
        self.is_unclear[client.number] = client.failed_reason is not None or client.unclear is not None

    def _day_quantity(self, client: ProfitClient) -> Callable[[PositionKey, Side], int]:
        return lambda key, side: self._book.day_quantity(client.number, key, side)

    def _lengthen(self, new: Sequence[str]) -> None:
        more = len(new)
        self.roster = Roster((*self.roster.ids, *new))
        self.is_member = np.concatenate((self.is_member, np.ones(more, np.bool_)))
        self.is_read = np.concatenate((self.is_read, np.zeros(more, np.bool_)))
        self.is_unclear = np.concatenate((self.is_unclear, np.zeros(more, np.bool_)))
        self.read_at_s = np.concatenate((self.read_at_s, np.full(more, -np.inf)))


def _waiting(client: ProfitClient) -> Callable[[PositionKey], Waiting]:
    return client.fills.waiting if client.fills is not None else lambda _key: Waiting()
