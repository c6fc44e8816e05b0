"""Puts live prices and profit together: the engine's feed and profit, and how everybody else sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.brokers.mofsl import MofslBroker
from app.config import Settings
from app.core.mofsl.feed_socket import FeedSocketDialer
from app.db.profit_store import SqlProfitStore
from app.db.session import Database
from app.domain.feed import FeedState, Need
from app.domain.market_calendar import MarketCalendar
from app.domain.ports.bus import Bus
from app.domain.ports.cache import Cache
from app.domain.ports.clock import Clock
from app.engine.figures_sharer import FiguresSharer
from app.engine.market_feed import MarketFeed
from app.engine.pnl import ProfitLoss
from app.engine.price_wishes import heed_price_wishes
from app.engine.runner import Task
from app.services.instruments import InstrumentCatalogue
from app.services.price_book import PriceBook
from app.services.quote_logins import QuoteLogins
from app.services.quotes import QuoteReader


@dataclass(slots=True)
class RunningFigures:
    """Implements `EngineFigures`: set while this process is the engine, empty while it is not.

    `made` is the profit of the newest epoch, computed or not: no reading may pass it by.
    """

    feed: MarketFeed | None = None
    profit: ProfitLoss | None = None
    made: ProfitLoss | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """What an engine needs to show prices and profit; `profit_loss` makes the profit of one engine epoch."""

    settings: Settings
    database: Database
    cache: Cache
    bus: Bus
    clock: Clock
    feed: MarketFeed
    running: RunningFigures = field(default_factory=RunningFigures)

    def profit_loss(self, read_again: Callable[[str], None]) -> ProfitLoss:
        """Readings from before this epoch may lack fills that another engine saw, so each epoch has its own."""
        self.running.made = ProfitLoss(
            store=SqlProfitStore(self.database),
            prices=self.feed.book,
            is_feed_live=lambda: self.feed.health().state is FeedState.LIVE,
            clock=self.clock,
            read_again=read_again,
            on_held=lambda held: self.feed.want("held", Need.HELD, held),
        )
        return self.running.made

    def take_readings(self, client_ids: Sequence[str]) -> None:
        """New readings of these clients are stored."""
        if self.running.made is not None:
            self.running.made.on_snapshot(client_ids)

    def tasks(self, profit: ProfitLoss) -> dict[str, Task]:
        """Return the engine's tasks of this part, by name."""
        tasks: dict[str, Task] = {
            "market_feed": self.feed.run,
            "price_wishes": lambda: heed_price_wishes(self.bus, self.feed),
            "profit": lambda: self._run(profit),
        }
        if self.settings.redis_url is not None:
            sharer = FiguresSharer(cache=self.cache, feed=self.feed, profit=profit, clock=self.clock)
            tasks["live_figures"] = sharer.run
        return tasks

    async def _run(self, profit: ProfitLoss) -> None:
        """Show this process's own figures as long as they are computed here."""
        self.running.feed, self.running.profit = self.feed, profit
        try:
            await profit.run()
        finally:
            self.running.feed = self.running.profit = None


def build_market(
    *,
    settings: Settings,
    database: Database,
    broker: MofslBroker,
    logins: QuoteLogins,
    quotes: QuoteReader,
    catalogue: InstrumentCatalogue,
    calendar: MarketCalendar,
    cache: Cache,
    bus: Bus,
    clock: Clock,
) -> Market:
    """Raises ValueError where the feed's address may not be used."""
    feed = MarketFeed(
        dialer=FeedSocketDialer(settings.mofsl_feed_url),
        logins=logins,
        limits=broker,
        quotes=quotes,
        instrument=catalogue.get,
        calendar=calendar,
        bus=bus,
        clock=clock,
        book=PriceBook(clock),
        reads_per_second=settings.mofsl_read_rate,
    )
    return Market(settings, database, cache, bus, clock, feed)
