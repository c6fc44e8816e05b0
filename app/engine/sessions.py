"""Keeps every active login logged in at the broker: one login in flight each, and never inside the send path."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.broker import AuthToken, SealedLogin
from app.domain.broker_sessions import (
    MOST_REFUSALS,
    TOTP_REFUSALS,
    FleetBreaker,
    LoginPolicy,
    SessionRecord,
    SessionState,
    is_ready_at,
    next_attempt_at,
    status_at,
)
from app.domain.errors import BrokerError, BrokerUnreachable, LoginRefused, StoreUnavailable
from app.domain.ports.broker import Broker
from app.domain.ports.broker_sessions import BrokerSessionStore, SessionChange
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook
from app.engine.batched_writes import BatchedWrites
from app.engine.session_view import Entry, Listener, SessionView

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]

_POLL_S = 1.0
_FULL_READ_EVERY_S = 15.0  # PostgreSQL commits out of order: a mark alone can miss a change
_SLOT_HOLD_S = 5.0  # a login that hangs longer gives its slot to others and goes on beside them
_FIRST_WAVE = 8  # until one login succeeds: a wrong clock must not cost the whole fleet an attempt
_LONGEST_REASON = 300


class SessionKeeper(SessionView):
    """The engine's SessionBook. `run()` is one long-lived task; `step()` is one turn of it.

    `deadline_s` bounds a whole login, the adapter's wait for a fresh TOTP step included. `elsewhere` answers for
    logins of shards that another engine owns. `listeners` hear of every change of state.
    """

    def __init__(
        self,
        *,
        store: BrokerSessionStore,
        broker: Broker,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        policy: LoginPolicy | None = None,
        parallel: int = 50,
        deadline_s: float = 60.0,
        owns_shard: Callable[[int], bool] = lambda _shard: True,
        elsewhere: SessionBook | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        super().__init__(clock=clock, elsewhere=elsewhere, listeners=listeners)
        self._store = store
        self._broker = broker
        self._sleep = sleep
        self._policy = policy or LoginPolicy()
        self._parallel = parallel
        self._deadline_s = deadline_s
        self._owns_shard = owns_shard
        self._tasks: dict[str, tuple[asyncio.Task[None], float]] = {}
        self._background: set[asyncio.Future[None]] = set()
        self._due: deque[str] = deque()
        self._queued: set[str] = set()
        self._writes: BatchedWrites[SessionChange] = BatchedWrites(store.save)
        self._breaker = FleetBreaker()
        self._has_succeeded = False
        self._mark: object = None
        self._read_at_s = float("-inf")
        self._wake = asyncio.Event()

    # -- what others ask -------------------------------------------------------------------------------------------

    async def report_expired(self, auth_token: AuthToken) -> None:
        entry = self._entries.get(auth_token.owner_id)
        if entry is None:
            if self._elsewhere is not None:
                await self._elsewhere.report_expired(auth_token)
            return
        if entry.token is None or entry.token.value != auth_token.value:
            return  # an old answer about an older session
        entry.token = None
        await self._keep(entry, SessionState.EXPIRED, "The broker ended the session; a new login is under way.")
        self.wake()

    def wake(self) -> None:
        """Look at once: a login was asked for, or credentials changed."""
        self._read_at_s = float("-inf")
        self._wake.set()

    # -- the task --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until cancelled. Sessions stay open at the broker, so that a restart takes them up again."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self.step()
                except StoreUnavailable as error:
                    log.warning("broker sessions wait for the database: %s", error)
                pause = asyncio.ensure_future(self._sleep(_POLL_S))
                woken = asyncio.ensure_future(self._wake.wait())
                try:
                    await asyncio.wait({pause, woken}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    pause.cancel()
                    woken.cancel()
        finally:
            await self.stop()

    async def stop(self) -> None:
        tasks = [*(task for task, _ in self._tasks.values()), *self._background]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def step(self) -> None:
        """Take note of changes, then start the logins that are due. Raises StoreUnavailable."""
        await self._take_note()
        now = self._clock.now()
        for login_id, entry in self._entries.items():
            if login_id in self._tasks or login_id in self._queued:
                continue
            if entry.is_unsaved:
                entry.is_unsaved = False
                self._spawn(self._keep(entry, entry.record.state, entry.record.reason))
            if entry.token is not None and not is_ready_at(entry.record, now):
                status = status_at(entry.record, now)
                if status.state is SessionState.EXPIRED:
                    entry.token = None
                    self._spawn(self._keep(entry, SessionState.EXPIRED, status.reason))
            due = self._due_at(entry, now)
            if due is not None and due <= now:
                self._queued.add(login_id)
                self._due.append(login_id)
        self._start_queued()

    async def settled(self) -> None:
        """Return once no login is in flight or queued."""
        while self._tasks or self._due or self._background:
            tasks = [*(task for task, _ in self._tasks.values()), *self._background]
            if not tasks:
                return
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # lets the done callbacks start what waited

    def _due_at(self, entry: Entry, now: datetime) -> datetime | None:
        return next_attempt_at(
            entry.record,
            entry.login,
            now,
            self._policy,
            unreachable_in_a_row=entry.unreachable_in_a_row,
            recent_logins=entry.opened,
            is_code_spent=entry.is_code_spent,
        )

    def _start_queued(self) -> None:
        now_s = self._clock.monotonic_s()
        slots = self._parallel if self._has_succeeded else min(_FIRST_WAVE, self._parallel)
        busy = sum(1 for _, since_s in self._tasks.values() if now_s - since_s < _SLOT_HOLD_S)
        while self._due and busy < slots:
            login_id = self._due.popleft()
            self._queued.discard(login_id)
            entry = self._entries.get(login_id)
            if entry is None or login_id in self._tasks:
                continue
            now = self._clock.now()
            if not self._breaker.lets_through(now):
                self._pause(entry)
                continue
            task = asyncio.create_task(self._log_in(entry), name=f"log-in-{login_id}")
            self._tasks[login_id] = (task, now_s)
            task.add_done_callback(lambda _done, login_id=login_id: self._ended(login_id))  # type: ignore[misc]
            busy += 1

    def _ended(self, login_id: str) -> None:
        task, _ = self._tasks.pop(login_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the login of %s ended with %s", login_id, type(error).__name__)
        self._start_queued()

    def _pause(self, entry: Entry) -> None:
        reason = self._breaker.reason
        if entry.record.reason != reason:
            self._spawn(self._keep(entry, entry.record.state, reason))

    # -- what changed in the database ------------------------------------------------------------------------------

    async def _take_note(self) -> None:
        now_s = self._clock.monotonic_s()
        mark = await self._store.mark()
        if mark == self._mark and now_s - self._read_at_s < _FULL_READ_EVERY_S:
            return
        everyone = await self._store.logins()
        records = await self._store.records()
        owned = [login for login in everyone if self._owns_shard(login.shard)]
        dropped = self._forget({login.login_id for login in owned}, {login.login_id for login in everyone})
        fresh = []
        for login in owned:
            entry = self._entries.get(login.login_id)
            stored = records.get(login.login_id)
            if entry is None:
                record = stored or SessionRecord(login.login_id, login.kind, login.user_id)
                self._entries[login.login_id] = Entry(login, replace(record, user_id=login.user_id))
                fresh.append(login.login_id)
                continue
            if stored is not None:
                self._heed(entry, stored)
            if entry.login.credentials_changed_at != login.credentials_changed_at:
                entry.record = replace(entry.record, refusals=0, user_id=login.user_id)
                dropped.append(self._drop(entry, "The credentials changed; a new login is under way."))
            entry.login = login
        await self._take_up(fresh)
        await asyncio.gather(*dropped)
        self._mark, self._read_at_s = mark, now_s

    def _heed(self, entry: Entry, stored: SessionRecord) -> None:
        """Take over what only the web writes: a wish to log in, and a session found dead by another process."""
        wish = stored.login_requested_at
        entry.record = replace(entry.record, login_requested_at=None if wish == entry.wish_seen else wish)
        found_dead = stored.state is SessionState.EXPIRED and stored.generation == entry.record.generation
        if found_dead and entry.token is not None and not entry.is_unsaved:
            entry.token = None
            entry.record = replace(entry.record, state=SessionState.EXPIRED, reason=stored.reason)

    async def _take_up(self, login_ids: Sequence[str]) -> None:
        """Take up the sessions of before a restart that still live; what was in flight then is tried again."""
        now = self._clock.now()
        alive = []
        for login_id in login_ids:
            entry = self._entries[login_id]
            record, changed = entry.record, entry.login.credentials_changed_at
            if record.state is SessionState.LOGGING_IN:
                entry.record = replace(record, state=SessionState.ABSENT, reason=None)
            elif status_at(record, now).state is SessionState.READY:
                if changed is None or (record.opened_at is not None and changed <= record.opened_at):
                    alive.append(login_id)
                else:
                    entry.record = replace(record, state=SessionState.ABSENT, reason="The credentials changed.")
        tokens = await self._store.auth_tokens(alive)
        for login_id in alive:
            entry = self._entries[login_id]
            entry.token = tokens.get(login_id)
            if entry.token is None:
                reason = "The stored session cannot be opened; a new login is under way."
                entry.record = replace(entry.record, state=SessionState.ABSENT, reason=reason)
            else:
                self._tell(entry)

    def _forget(self, owned: set[str], known: set[str]) -> list[Awaitable[None]]:
        """Log out what is no longer wanted (deactivated, or a dealer serves it now); let go what another engine owns.

        A login in flight runs to its end and is then logged out: cancelled, it could leave a session open.
        """
        dropped: list[Awaitable[None]] = []
        for login_id in [login_id for login_id in self._entries if login_id not in owned]:
            entry = self._entries.pop(login_id)
            if login_id not in known:
                dropped.append(self._drop(entry, "This login is not in use."))
        return dropped

    async def _drop(self, entry: Entry, reason: str) -> None:
        token, entry.token = entry.token, None
        if token is not None:
            self._spawn(self._log_out(token))
        await self._keep(entry, SessionState.ABSENT, reason)

    async def _log_out(self, token: AuthToken) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._broker.log_out(token)
        except (BrokerError, TimeoutError) as error:
            log.info("logging out %s at the broker failed: %s", token.owner_id, type(error).__name__)

    # -- one login -------------------------------------------------------------------------------------------------

    async def _log_in(self, entry: Entry) -> None:
        before, login = entry.record, entry.login
        changed = login.credentials_changed_at
        has_new_credentials = changed is not None and (before.attempted_at is None or changed > before.attempted_at)
        entry.record = replace(
            before,
            attempted_at=self._clock.now(),
            refusals=0 if has_new_credentials else before.refusals,
            login_requested_at=None,
        )
        entry.wish_seen = before.login_requested_at
        try:
            sealed = await self._store.sealed_login(login.login_id)
            await self._keep(entry, SessionState.LOGGING_IN, "The login at the broker is under way.")
        except StoreUnavailable:
            entry.record, entry.wish_seen = before, None  # nothing left this machine: the next turn tries again
            return
        if sealed is None:
            entry.record = replace(entry.record, refusals=MOST_REFUSALS)
            await self._keep(entry, SessionState.REFUSED, "The credentials of this login are not complete.")
            return
        token = await self._attempt(entry, sealed)
        is_wanted = self._entries.get(login.login_id) is entry
        if not is_wanted or entry.login.credentials_changed_at != changed:
            entry.record = replace(entry.record, refusals=0)
            entry.token = token
            await self._drop(entry, "The credentials changed." if is_wanted else "This login is not in use.")
        elif token is not None:
            await self._opened(entry, token)

    async def _attempt(self, entry: Entry, sealed: SealedLogin) -> AuthToken | None:
        """Log in once. Where that opens no session, keep the reason and return None."""
        entry.is_code_spent = True
        try:
            async with asyncio.timeout(self._deadline_s):
                token = await self._broker.log_in(sealed)
        except LoginRefused as error:
            await self._refused(entry, error)
        except (BrokerError, TimeoutError) as error:
            entry.is_code_spent = not isinstance(error, BrokerUnreachable)
            text = error.message if isinstance(error, BrokerError) else "the broker did not answer in time"
            await self._unreachable(entry, f"The login could not be completed: {text}")
        except Exception as error:  # noqa: BLE001 (the type alone is logged: a message could quote a credential)
            log.error("the login of %s failed with %s", entry.login.login_id, type(error).__name__)
            await self._unreachable(entry, "The login could not be completed: an unexpected fault of this desk.")
        else:
            self._breaker.succeeded()
            self._has_succeeded = True
            if token.expires_at > self._clock.now():
                return token
            await self._unreachable(entry, "The broker answered with a session that is already over.")
        return None

    async def _opened(self, entry: Entry, token: AuthToken) -> None:
        now = self._clock.now()
        entry.unreachable_in_a_row = 0
        entry.opened.append(now)
        entry.token = token
        entry.record = replace(
            entry.record,
            refusals=0,
            generation=entry.record.generation + 1,
            opened_at=now,
            expires_at=token.expires_at,
        )
        await self._keep(entry, SessionState.READY, None)

    async def _refused(self, entry: Entry, error: LoginRefused) -> None:
        can_fresh_code_help = error.broker_code in TOTP_REFUSALS or error.code == "totp_refused"
        refusals = entry.record.refusals + 1 if can_fresh_code_help else MOST_REFUSALS
        entry.record = replace(entry.record, refusals=refusals)
        entry.unreachable_in_a_row = 0
        if can_fresh_code_help:
            self._breaker.refused(entry.login.login_id, self._clock.now())
        await self._keep(entry, SessionState.REFUSED, f"The broker refused the login: {error.message}")

    async def _unreachable(self, entry: Entry, reason: str) -> None:
        entry.unreachable_in_a_row += 1
        await self._keep(entry, SessionState.UNREACHABLE, reason)

    async def _keep(self, entry: Entry, state: SessionState, reason: str | None) -> None:
        """Hold the new state, tell the listeners, store it. Only before an attempt must storing succeed."""
        entry.record = replace(entry.record, state=state, reason=reason[:_LONGEST_REASON] if reason else None)
        self._tell(entry)
        try:
            await self._writes.write(SessionChange(entry.record, entry.token, entry.wish_seen))
            entry.is_unsaved = False
        except StoreUnavailable:
            if state is SessionState.LOGGING_IN:
                raise
            entry.is_unsaved = True

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task of the broker sessions ended with %s", type(error).__name__)
