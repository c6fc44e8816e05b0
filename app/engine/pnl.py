"""Live profit of every client: a tick only stores a price; nearly four times a second all is computed anew.

One step is a handful of numpy operations over all positions, so its cost does not depend on who holds what, nor on how
many ticks came in. `docs/profit-and-loss.md` defines what is computed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import StoreUnavailable
from app.domain.instruments import Exchange
from app.domain.portfolio import STALE_AFTER
from app.domain.ports.clock import Clock
from app.domain.ports.pnl import ProfitStore
from app.domain.position_fills import Execution, OrderProgress, progress_of
from app.domain.profit_loss import POINTS_PER_PAISA, Profit, Traded, divide, rupees_from_points
from app.domain.profit_views import ClientPl, ClientProfit, PositionProfit, TotalProfit
from app.domain.working import Change
from app.engine.pnl_clients import ProfitClient, ProfitClients
from app.engine.pnl_prices import LIVE, UNPRICED, FeedPrices, InstrumentPrices
from app.engine.profit_book import BookRow, Ints, ProfitBook
from app.services.profit_frames import ProfitFrame

log = logging.getLogger(__name__)

STEP_S = 0.26  # longer than what sockets are spaced by: a step that came too early would be shown late
_READ_EVERY_S = 0.1
_MEMBERS_READ_EVERY_S = 5.0
_RETRY_S = 1.0
_KNOWN, _STALE, _MEMBER = 1, 2, 4  # what was last said of a client, in one number
_READ_AT_ONCE = 20  # clients whose snapshots are taken over before others get their turn


class ProfitLoss:
    """`run()` is one long-lived task; everything else may be called from anywhere on its event loop.

    `read_again` asks for a new reading of a client whose positions cannot be told from its fills yet; `on_held` hears,
    at the next step, what is held whenever that has changed.
    """

    def __init__(
        self,
        *,
        store: ProfitStore,
        prices: FeedPrices,
        is_feed_live: Callable[[], bool],
        clock: Clock,
        read_again: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        owns_shard: Callable[[int], bool] = lambda _shard: True,
        on_held: Callable[[frozenset[tuple[Exchange, int]]], None] = lambda _instruments: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._owns_shard = owns_shard
        self._on_held = on_held
        self._held: frozenset[tuple[Exchange, int]] = frozenset()
        self._held_of_version = -1
        self._prices = InstrumentPrices(prices, is_feed_live=is_feed_live)
        self._book = ProfitBook()
        self._clients = ProfitClients(self._book, self._prices, clock, read_again)
        self._flags: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._flags_of = (-1, -1, -1)
        self._published_paise: Ints = np.zeros(0, np.int64)
        self._published_state: NDArray[np.int8] = np.zeros(0, np.int8)
        self._everybody: dict[str, ClientPl] = {}
        self._everybody_of: NDArray[np.int8] | None = None
        self._wanted: dict[str, None] = {}
        self._members_read_at_s = float("-inf")
        self.listeners: list[Callable[[ProfitFrame], None]] = []

    def on_snapshot(self, client_ids: Iterable[str]) -> None:
        """New readings of these clients are stored."""
        self._wanted.update(dict.fromkeys(client_ids))

    def on_changes(self, changes: Sequence[Change]) -> None:
        """A listener for the result writer: what is newly filled in these changes counts at the next step."""
        for change in changes:
            if change.after.filled_quantity <= change.before.filled_quantity:
                continue
            progress = progress_of(change)
            if progress is None:
                self._clients.doubt(change.after.client_id, "The price of a fill is not known yet.")
            else:
                self.on_fill(change.after.client_id, progress)

    def on_fill(self, client_id: str, fill: OrderProgress | Execution) -> None:
        """Count a fill beside the client's last snapshot, once; `position_fills` says how that is told."""
        self._clients.take_fill(client_id, fill)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_reading(), name="profit-reads")
            tasks.create_task(self._keep_publishing(), name="profit-steps")

    async def read(self) -> None:
        """Take over the clients and snapshots that are due. Raises StoreUnavailable; nothing is lost by that."""
        now_s = self._clock.monotonic_s()
        if now_s - self._members_read_at_s >= _MEMBERS_READ_EVERY_S:
            members = [member for member in await self._store.members() if self._owns_shard(member.shard)]
            self.on_snapshot(self._clients.take_members(members))
            self._members_read_at_s = now_s
        while self._wanted:
            wanted = list(self._wanted)[:_READ_AT_ONCE]
            for client_id in wanted:  # first: one that is announced while it is being read is read again
                del self._wanted[client_id]
            try:
                snapshots = await self._store.snapshots([each for each in wanted if each in self._clients])
            except StoreUnavailable:
                self.on_snapshot(wanted)
                raise
            for snapshot in snapshots:
                self._clients.take_snapshot(snapshot)
            await asyncio.sleep(0)

    def compute(self) -> ProfitFrame:
        """Return the clients whose profit, or what is known of it, differs from what the last call returned."""
        now_s, clients = self._clock.monotonic_s(), self._clients
        self._prices.refresh(now_s)
        is_known, is_stale = self._known(), self._stale(now_s)
        paise = np.where(is_known, _paise(self._book.day_totals(self._prices.ltp_points)), 0)
        state = (_KNOWN * is_known + _STALE * is_stale + _MEMBER * clients.is_member).astype(np.int8)
        is_new = clients.is_member.copy()
        seen = len(self._published_paise)
        is_new[:seen] &= (paise[:seen] != self._published_paise) | (state[:seen] != self._published_state)
        self._published_paise, self._published_state = paise, state
        rows = np.flatnonzero(is_new)
        return ProfitFrame(clients.roster, rows, paise[rows], is_known[rows], is_stale[rows], self._clock.now())

    def whole(self) -> ProfitFrame:
        """Return every client as the last `compute` left it."""
        seen = len(self._published_paise)
        rows = np.flatnonzero(self._clients.is_member[:seen])
        state = self._published_state[rows]
        is_known, is_stale = (state & 1).astype(np.bool_), (state & 2).astype(np.bool_)
        return ProfitFrame(
            self._clients.roster, rows, self._published_paise[rows], is_known, is_stale, self._clock.now()
        )

    def publish(self) -> None:
        """Compute, and hand what changed to every listener."""
        self._tell_what_is_held()
        frame = self.compute()
        if not len(frame):
            return
        for listener in self.listeners:
            try:
                listener(frame)
            except Exception:
                log.exception("profit_listener_failed")

    def instruments_held(self) -> frozenset[tuple[Exchange, int]]:
        """Return the instruments that anybody has open, on exchanges that the desk knows."""
        names = (self._prices.names[number] for number in self._book.open_instruments().tolist())
        return frozenset((Exchange(exchange), token) for exchange, token in names if exchange in Exchange.__members__)

    def of_client(self, client_id: str) -> ClientProfit | None:
        """Return None where the client is not active, or not this engine's."""
        client = self._clients.get(client_id)
        if client is None:
            return None
        now_s = self._clock.monotonic_s()
        self._prices.refresh(now_s)
        positions = tuple(self._position(row, now_s) for row in self._clients.rows(client))
        is_read = bool(self._clients.is_read[client.number])
        return ClientProfit(
            client_id=client_id,
            day=_sum([each.day for each in positions]) if is_read else None,
            actual=_sum([each.actual for each in positions]) if is_read else None,
            unpriced=tuple(sorted({each.key[:2] for each in positions if each.day is None})),
            positions=positions,
            read_at=client.read_at,
            stale_reason=self._stale_reason(client, now_s, has_stale_price=any(each.is_stale for each in positions)),
        )

    def of_everybody(self) -> dict[str, ClientPl]:
        """Return what the last step found of each client, by id: the very same until the next step."""
        if self._everybody_of is self._published_state:
            return self._everybody
        now_s = self._clock.monotonic_s()
        self._prices.refresh(now_s)
        flags = self._price_flags()
        paise, state = self._published_paise.tolist(), self._published_state.tolist()
        found = {}
        for client in self._clients:
            if client.number >= len(paise):
                continue  # it came since
            is_known, is_stale = bool(state[client.number] & _KNOWN), bool(state[client.number] & _STALE)
            reason = None
            if is_stale or not is_known:
                reason = self._stale_reason(client, now_s, has_stale_price=bool(flags[client.number] > LIVE))
            found[client.id] = ClientPl(paise[client.number] if is_known else None, reason)
        self._everybody_of, self._everybody = self._published_state, found
        return found

    def of_instrument(self, exchange: str, symbol_token: int) -> dict[str, tuple[PositionProfit, ...]]:
        """Return what every client that was read has in one instrument, by id; nothing where it has no position."""
        now_s, name = self._clock.monotonic_s(), (exchange, symbol_token)
        self._prices.refresh(now_s)
        return {
            client.id: tuple(self._position(row, now_s) for row in self._clients.rows_in(client, name))
            for client in self._clients
            if self._clients.is_read[client.number]
        }

    def of_desk(self) -> TotalProfit:
        return self._total(self._clients.is_member)

    def of_group(self, group: str) -> TotalProfit:
        is_in = np.zeros(len(self._clients.roster.ids), np.bool_)
        is_in[[client.number for client in self._clients if group in client.groups]] = True
        return self._total(is_in)

    def _tell_what_is_held(self) -> None:
        if self._book.version == self._held_of_version:
            return
        self._held_of_version = self._book.version
        held = self.instruments_held()
        if held != self._held:
            self._held = held
            self._on_held(held)

    async def _keep_reading(self) -> None:
        while True:
            try:
                await self.read()
            except StoreUnavailable as error:
                log.warning("profit waits for the database: %s", error)
                await self._sleep(_RETRY_S)
            await self._sleep(_READ_EVERY_S)

    async def _keep_publishing(self) -> None:
        next_s = self._clock.monotonic_s()
        while True:
            self.publish()
            now_s = self._clock.monotonic_s()
            next_s = max(next_s + STEP_S, now_s)  # steps that were missed are not made up for
            await self._sleep(next_s - now_s)

    def _total(self, is_in: NDArray[np.bool_]) -> TotalProfit:
        now_s = self._clock.monotonic_s()
        self._prices.refresh(now_s)
        ltp_points, counted = self._prices.ltp_points, is_in & self._known()
        realised, actual_realised = self._book.realised()
        day = _summed(self._book.day_totals(ltp_points), realised, counted)
        actual = _summed(self._book.actual_totals(ltp_points), actual_realised, counted)
        return TotalProfit(
            day=day,
            actual=None if (self._book.lacks_actual() & counted).any() else actual,
            clients=int(is_in.sum()),
            unknown=int((is_in & ~counted).sum()),
            stale=int((is_in & self._stale(now_s)).sum()),
        )

    def _known(self) -> NDArray[np.bool_]:
        return self._clients.is_read & (self._price_flags() < UNPRICED)

    def _stale(self, now_s: float) -> NDArray[np.bool_]:
        is_old = now_s - self._clients.read_at_s > STALE_AFTER.total_seconds()
        return (self._price_flags() > LIVE) | self._clients.is_unclear | is_old

    def _price_flags(self) -> NDArray[np.uint8]:
        """Return each client's worst price; looked up anew only where a price or a position came or went."""
        current = (self._book.version, self._prices.version, len(self._book))
        if current != self._flags_of:
            self._flags, self._flags_of = self._book.worst_flags(self._prices.flags), current
        return self._flags

    def _stale_reason(self, client: ProfitClient, now_s: float, *, has_stale_price: bool) -> str | None:
        if client.unclear is not None:
            return client.unclear
        if client.failed_reason is not None:
            return f"The last reading failed: {client.failed_reason}"
        if client.read_at is None:
            return "The positions have not been read yet."
        if now_s - self._clients.read_at_s[client.number] > STALE_AFTER.total_seconds():
            return "The positions have not been read for minutes."
        return "A price is old, or missing." if has_stale_price else None

    def _position(self, row: BookRow, now_s: float) -> PositionProfit:
        flag = int(self._prices.flags[row.instrument])
        ltp_points = int(self._prices.ltp_points[row.instrument]) if flag != UNPRICED else None
        return PositionProfit(
            key=row.key,
            net_quantity=row.day.net,
            average_price=_open_average(row.day),
            ltp=None if ltp_points is None else rupees_from_points(ltp_points),
            price_age_s=None if ltp_points is None else now_s - float(self._prices.at_s[row.instrument]),
            is_stale=row.day.net != 0 and flag != LIVE,
            day=row.day.profit(ltp_points),
            actual=None if row.actual is None else row.actual.profit(ltp_points),
        )


def _paise(amounts_points: Ints) -> Ints:
    """Round to whole paise, half to even, as `paise_from_points` does."""
    half = POINTS_PER_PAISA // 2
    rounded: Ints = (amounts_points + half) // POINTS_PER_PAISA
    is_half = rounded * POINTS_PER_PAISA - amounts_points == half
    rounded -= is_half & (rounded % 2 == 1)
    return rounded


def _open_average(day: Traded) -> Decimal | None:
    if not day.net:
        return None
    amount, quantity = (day.bought_points, day.bought) if day.net > 0 else (day.sold_points, day.sold)
    return rupees_from_points(divide(amount, quantity))


def _summed(totals: Ints, realised: Ints, counted: NDArray[np.bool_]) -> Profit:
    booked = int(realised[counted].sum())
    return Profit(booked, int(totals[counted].sum()) - booked)


def _sum(profits: Sequence[Profit | None]) -> Profit | None:
    """Return None where any part is not known."""
    whole = Profit(0, 0)
    for profit in profits:
        if profit is None:
            return None
        whole += profit
    return whole
