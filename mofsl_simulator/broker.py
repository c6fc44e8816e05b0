"""The simulated broker in memory: one object that holds every part and turns the trading day. Streams listen to it."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mofsl_simulator import catalogue, trading_day
from mofsl_simulator.accounts import make_accounts, make_dealers
from mofsl_simulator.clock import DAY_S, IST_OFFSET_S, SimClock, day_text, weekday_before
from mofsl_simulator.events import Events
from mofsl_simulator.faults import Faults
from mofsl_simulator.headers import HeaderCheck
from mofsl_simulator.market import Market
from mofsl_simulator.prices import Prices
from mofsl_simulator.scheduler import Scheduler
from mofsl_simulator.sessions import Sessions
from mofsl_simulator.settings import Settings


class Broker:
    def __init__(
        self,
        *,
        clients: int,
        seed: int,
        dealers: int = 1,
        instruments_dir: Path | None = None,
        real_clock: bool = False,
        settings: Settings | None = None,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = SimClock(real=real_clock, wall_s=wall_s, monotonic_s=monotonic_s)
        self.scheduler = Scheduler(monotonic_s)
        self.events = Events()
        today = self.clock.trading_day()
        self.instruments = (
            catalogue.from_folder(instruments_dir, today) if instruments_dir else catalogue.built_in(today)
        )
        self.prices = Prices(self.instruments, self.events, seed)
        self.accounts = make_accounts(clients, seed, self.instruments, day_text(weekday_before(today)))
        self.dealers = make_dealers(dealers, seed, list(self.accounts))
        self.sessions = Sessions(self.accounts, self.dealers, self.clock, self.settings, wall_s)
        self.check_headers = HeaderCheck()
        self.faults = Faults(seed, monotonic_s)
        self.requests: Counter[str] = Counter()
        self.scrip_files: dict[str, bytes] = {}
        """Scrip masters once rendered: they do not change while the process runs."""
        started_s = (wall_s() + IST_OFFSET_S) % DAY_S
        self.market = Market(
            clock=self.clock,
            scheduler=self.scheduler,
            prices=self.prices,
            events=self.events,
            settings=self.settings,
            sequence_base=int(started_s),
            trade_base=int(started_s * 1000) + 1,
        )
        self._calendar = trading_day.Calendar(self.clock, self.market, self.prices, self.accounts)
        for account in self.accounts.values():
            for position in account.positions.values():
                self.prices.watch(position.instrument)

    def beat(self) -> None:
        """One step of prices; the calendar turns if the clock passed a boundary."""
        self._calendar.catch_up()
        self.prices.step()

    def set_clock(self, moment: datetime) -> None:
        self._calendar.catch_up()
        self.clock.set_to(moment)
        self._calendar.catch_up()

    def advance_clock(self, seconds: float) -> None:
        self._calendar.catch_up()
        self.clock.advance(seconds)
        self._calendar.catch_up()
