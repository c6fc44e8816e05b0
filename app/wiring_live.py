"""Puts live updates together: what `Desk.updates` holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from app.db.live_rows import SqlLiveOrders
from app.db.session import Database
from app.db.socket_tickets import SqlSocketTickets
from app.db.trading_store import SqlTradingStore
from app.domain.events import FrameType
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import ClientRowStore
from app.services.live.desk_feed import DeskFeed, Profits
from app.services.live.feed_state import FeedStateFeed
from app.services.live.frames import Frame, frame
from app.services.live.hub import Hub, HubLimits
from app.services.live.order_feed import OrderFeed
from app.services.live.profit_feed import ProfitFeed
from app.services.live.session_watch import SessionWatch
from app.services.live.tickets import SocketTickets
from app.services.sessions import Sessions

log = logging.getLogger(__name__)

_RESTART_S = 1.0


@dataclass(frozen=True, slots=True)
class LiveUpdates:
    hub: Hub
    tickets: SocketTickets
    tasks: Mapping[str, Callable[[], Awaitable[None]]]

    async def run(self) -> None:
        """Work until cancelled: a fault in one part is logged and never ends it."""
        async with asyncio.TaskGroup() as group:
            for name, task in self.tasks.items():
                group.create_task(_keep(name, task), name=name)


def build_live(
    *,
    database: Database,
    client_rows: ClientRowStore,
    figures: Profits,
    bus: Bus,
    clock: Clock,
    sessions: Sessions,
    limits: HubLimits | None = None,
) -> LiveUpdates:
    profit = ProfitFeed(bus=bus, clock=clock)

    def hello() -> Sequence[Frame]:
        now = clock.now()
        body = {"snapshot_required": True, "server_time": now.isoformat()}
        return frame(FrameType.HELLO, body, at=now), feed_state.frame()

    hub = Hub(whole_profit=profit.whole, hello=hello, limits=limits or HubLimits())
    feed_state = FeedStateFeed(hub=hub, bus=bus, clock=clock)
    profit.listeners.append(lambda step, is_whole: hub.tell_profit(step, is_whole=is_whole))
    orders = OrderFeed(rows=SqlLiveOrders(database), hub=hub, bus=bus, clock=clock)
    desk = DeskFeed(desk=SqlTradingStore(database), clients=client_rows, figures=figures, hub=hub, bus=bus, clock=clock)
    watch = SessionWatch(sessions=sessions, hub=hub, bus=bus, clock=clock)
    return LiveUpdates(
        hub=hub,
        tickets=SocketTickets(SqlSocketTickets(database), sessions, clock),
        tasks={
            "live-orders": orders.run,
            "live-desk": desk.run,
            "live-feed-state": feed_state.run,
            "live-profit": profit.run,
            "live-sessions": watch.run,
        },
    )


async def _keep(name: str, task: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await task()
        except Exception:
            log.exception("live_task_failed", extra={"task": name})
        await asyncio.sleep(_RESTART_S)
