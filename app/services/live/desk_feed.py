"""The desk's state, and each client's funds and broker session: told when they differ from what was told before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from app.domain.broker_sessions import status_when
from app.domain.desk import DeskGate, desk_row
from app.domain.errors import StoreUnavailable
from app.domain.events import LOGINS_CHANGED, FrameType
from app.domain.money import money_text
from app.domain.portfolio import ClientRow, current_profit, reading_stale
from app.domain.ports.bus import Bus, BusMessage, Subscription
from app.domain.ports.clock import Clock
from app.domain.ports.live import LiveDesk
from app.domain.ports.portfolio import FUNDS_CHANGED, ClientRowStore
from app.domain.profit_views import ClientPl
from app.services.control_desk import DESK_CHANGED
from app.services.live.frames import Frame, frame_of_text
from app.services.live.hub import Hub

log = logging.getLogger(__name__)

_GATHER_S = 0.3  # readings and logins come in hundreds
_DESK_EVERY_S = 2.0  # a hint may be lost
_CLIENTS_EVERY_S = 5.0  # and a session may end, or a reading be old, by the clock alone
_RETRY_S = 1.0


class Profits(Protocol):
    """Who knows each client's profit; None where no engine reports."""

    async def profits(self) -> Mapping[str, ClientPl] | None: ...


class DeskFeed:
    """`run()` is one long-lived task. It reads only while somebody has a socket."""

    def __init__(
        self, *, desk: LiveDesk, clients: ClientRowStore, figures: Profits, hub: Hub, bus: Bus, clock: Clock
    ) -> None:
        self._desk = desk
        self._clients = clients
        self._figures = figures
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._is_begun = False
        self._gate: DeskGate | None = None
        self._told: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}  # by client: funds, session
        self._are_clients_due = True
        self._is_desk_due = True
        self._desk_read_at_s = self._clients_read_at_s = float("-inf")

    async def run(self) -> None:
        while True:
            await self._hub.is_wanted.wait()
            async with self._bus.subscribe(DESK_CHANGED, FUNDS_CHANGED, LOGINS_CHANGED) as hints:
                try:
                    await self._follow(hints)
                except Exception:  # a new beginning would pass over what happens meanwhile
                    self._hub.close_all("restarting")
                    raise
                finally:
                    self._hub.set_ready("desk", is_ready=False)

    async def _follow(self, hints: Subscription) -> None:
        lost = hints.dropped
        self._told.clear()
        self._is_begun = False
        self._is_desk_due = self._are_clients_due = True
        while not self._hub.is_deserted:
            try:
                await self.look()
                self._is_begun = True
                self._hub.set_ready("desk", is_ready=True)
            except StoreUnavailable:
                log.warning("live_desk_unreadable")
                await asyncio.sleep(_RETRY_S)
                continue
            hint = await hints.receive(_DESK_EVERY_S)
            if hint is not None and hint.topic != DESK_CHANGED:
                await asyncio.sleep(_GATHER_S)
            while hint is not None:
                self._note(hint)
                hint = await hints.receive(0)
            now_s = self._clock.monotonic_s()
            self._is_desk_due |= now_s - self._desk_read_at_s >= _DESK_EVERY_S
            self._are_clients_due |= now_s - self._clients_read_at_s >= _CLIENTS_EVERY_S
            if hints.dropped != lost:
                lost, self._is_desk_due, self._are_clients_due = hints.dropped, True, True

    def _note(self, hint: BusMessage) -> None:
        if hint.topic == DESK_CHANGED:
            self._is_desk_due = True
        else:
            self._are_clients_due = True

    async def look(self) -> None:
        """Read and tell what is due. Raises StoreUnavailable."""
        if self._is_desk_due:
            await self._tell_desk(await self._desk.gate())
            self._is_desk_due, self._desk_read_at_s = False, self._clock.monotonic_s()
        if self._are_clients_due:
            rows = await self._clients.rows()
            self._are_clients_due, self._clients_read_at_s = False, self._clock.monotonic_s()
            await self._tell_clients(rows, await self._figures.profits())

    async def _tell_desk(self, gate: DeskGate) -> None:
        before, self._gate = self._gate, gate
        if self._is_begun and before != gate:
            await self._hub.tell([self._frame(FrameType.DESK_UPDATE, desk_row(gate))])

    async def _tell_clients(self, rows: Sequence[ClientRow], profits: Mapping[str, ClientPl] | None) -> None:
        now = self._clock.now()
        funds, sessions = [], []
        for row in rows:
            of_funds, of_session = funds_part(row, current_profit(row, profits), now), session_part(row, now)
            known = self._told.get(row.id)
            self._told[row.id] = of_funds, of_session
            if known is None or known[0] != of_funds:
                funds.append({"client_id": row.id, **of_funds})
            if known is None or known[1] != of_session:
                sessions.append({"client_id": row.id, "session": of_session})
        if not self._is_begun:  # who gets a socket takes a snapshot after it
            return
        frames = []
        if funds:
            frames.append(self._frame(FrameType.FUNDS_UPDATE, {"updates": funds}))
        if sessions:
            frames.append(self._frame(FrameType.SESSION_UPDATE, {"updates": sessions}))
        await self._hub.tell(frames)

    def _frame(self, kind: FrameType, body: dict[str, Any]) -> Frame:
        text = orjson.dumps(body, option=orjson.OPT_UTC_Z).decode()
        return frame_of_text(kind, text[1:], at=self._clock.now())


def funds_part(row: ClientRow, profit: ClientPl, now: datetime) -> dict[str, Any]:
    """Return the part of a row of `GET /api/v1/clients` that a reading at the broker changes, and what is in doubt."""
    stale_reason = reading_stale(row.as_of, row.failed_reason, now)
    return {
        "available_funds": None if row.available_funds is None else money_text(row.available_funds),
        "as_of": row.as_of,
        "stale": stale_reason is not None,
        "stale_reason": stale_reason,
        "pl_stale": profit.stale_reason is not None,
        "pl_reason": profit.stale_reason,
    }


def session_part(row: ClientRow, now: datetime) -> dict[str, Any]:
    """Return the `session` of a row of `GET /api/v1/clients`."""
    status = status_when(row.session, now)
    return {"state": status.state.value, "reason": status.reason}
