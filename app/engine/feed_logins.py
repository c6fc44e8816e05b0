"""Which logins the feed may use, and how many instruments each carries.

Logins are asked for their limit only until there is room for what is needed: a thousand of them may be ready.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from app.domain.errors import DeskError
from app.domain.feed import FALLBACK_LIMIT, Capacity
from app.domain.ports.clock import Clock
from app.domain.ports.feed import BroadcastLimits, FeedLogins
from app.domain.ports.sessions import ClientLogin

log = logging.getLogger(__name__)

_KEPT_S = 120.0  # no token travels on the feed: a session that is being renewed does not end its line
_ASKED_AGAIN_S = 300.0  # where the broker named no limit
_PASSED_OVER_S = 300.0  # after a start at which nothing came
_SPARE_LOGINS = 1  # for when one goes, and for what one connection cannot tell apart


class FeedLoginPool:
    """`refresh` from time to time; `on_change` is called once a limit has become known."""

    def __init__(
        self, *, logins: FeedLogins, limits: BroadcastLimits, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._logins = logins
        self._limits = limits
        self._clock = clock
        self._on_change = on_change
        self._known: dict[str, ClientLogin] = {}
        self._seen_at_s: dict[str, float] = {}
        self._limit: dict[str, int] = {}
        self._user_ids: dict[str, str] = {}
        self._ask_at_s: dict[str, float] = {}
        self._passed_over_until_s: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def refresh(self, needed: int) -> None:
        """Look which logins are ready, and ask those for their limit that `needed` instruments take."""
        now_s = self._clock.monotonic_s()
        try:
            ready = await self._logins.ready_logins()
        except DeskError as error:
            log.info("market feed: the logins could not be read: %s", error.message)
            return
        for login in ready:
            self._known[login.login_id] = login
            self._seen_at_s[login.login_id] = now_s
        for login_id in [one for one, seen_s in self._seen_at_s.items() if now_s - seen_s > _KEPT_S]:
            for table in (
                self._known,
                self._seen_at_s,
                self._limit,
                self._user_ids,
                self._ask_at_s,
                self._passed_over_until_s,
            ):
                table.pop(login_id, None)
        self._ask_as_needed(needed, now_s)

    def _ask_as_needed(self, needed: int, now_s: float) -> None:
        usable = [login_id for login_id in self._limit if not self.is_passed_over(login_id)]
        room = sum(max(self._limit[login_id], 0) for login_id in usable) + FALLBACK_LIMIT * len(self._asking)
        spare = len(usable) + len(self._asking) - _SPARE_LOGINS
        for login_id, login in self._known.items():
            has_limit = login_id in self._limit
            if login_id in self._asking or now_s < self._ask_at_s.get(login_id, float("-inf")):
                continue
            if has_limit or room < needed or spare < 1:
                self._ask(login)
                room += 0 if has_limit else FALLBACK_LIMIT
                spare += 0 if has_limit else 1

    def capacities(self) -> list[Capacity]:
        """Return the logins whose limit is known, those that were silent last."""
        listed = [Capacity(login_id, self._limit[login_id]) for login_id in self._known if login_id in self._limit]
        return sorted(listed, key=lambda one: self.is_passed_over(one.login_id))

    def __len__(self) -> int:
        return len(self._known)

    def feed_code(self, login_id: str) -> str:
        """Return what the feed's login packet names: whoever logged in, which for a dealer is the dealer."""
        return self._user_ids.get(login_id) or self._known[login_id].client_code

    def pass_over(self, login_id: str) -> None:
        """Prefer other logins for a while: the server said nothing to this one."""
        self._passed_over_until_s[login_id] = self._clock.monotonic_s() + _PASSED_OVER_S

    def is_passed_over(self, login_id: str) -> bool:
        return self._passed_over_until_s.get(login_id, float("-inf")) > self._clock.monotonic_s()

    async def close(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, login: ClientLogin) -> None:
        task = asyncio.create_task(self._learn(login), name=f"feed-limit-{login.login_id}")
        self._asking[login.login_id] = task
        task.add_done_callback(lambda _: self._asking.pop(login.login_id))

    async def _learn(self, login: ClientLogin) -> None:
        limit, again_s = FALLBACK_LIMIT, _ASKED_AGAIN_S
        try:
            token = await self._logins.auth_token(login.login_id)
            self._user_ids[login.login_id] = token.user_id
            limit = await self._limits.broadcast_limit(token, login.client_code) or FALLBACK_LIMIT
            again_s = float("inf")
        except DeskError as error:
            log.info("market feed: no limit of one login, taking %d: %s", FALLBACK_LIMIT, error.message)
        self._ask_at_s[login.login_id] = self._clock.monotonic_s() + again_s
        if self._limit.get(login.login_id) != limit:
            self._limit[login.login_id] = limit
            self._on_change()
