"""Who is behind a request: the token must be ours, and its session a live row, at every request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.errors import NotAllowed, NotFound
from app.domain.events import SESSIONS_ENDED
from app.domain.identity import NotSignedIn, Permission, Session, SessionKind, SignedIn, User, may
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.identity import IdentityStore, SessionTokens

_TOUCH_EVERY = timedelta(seconds=60)  # `seen_at` need not cost a write per request


TRADING_IDLE_S = 900.0  # SECURITY.md S15: browsers of users who may trade


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a sign-in lasts. Programs (bearer) have no trading idle time: they are not left open on a desk."""

    idle_s: float = 3600.0
    trading_idle_s: float = TRADING_IDLE_S
    longest_s: float = 43_200.0
    step_up_s: float = 300.0

    def idle_limit(self, session: Session, user: User) -> timedelta:
        trades_in_browser = session.kind is SessionKind.COOKIE and may(user.role, Permission.TRADE)
        return timedelta(seconds=min(self.idle_s, self.trading_idle_s) if trades_in_browser else self.idle_s)

    def is_live(self, session: Session, user: User, now: datetime) -> bool:
        idle = now - session.seen_at
        return user.is_active and now < session.expires_at and idle < self.idle_limit(session, user)


class Sessions:
    """`bus` is told of sessions that are ended, for the sockets that they opened."""

    def __init__(
        self, *, store: IdentityStore, tokens: SessionTokens, clock: Clock, policy: SessionPolicy, bus: Bus
    ) -> None:
        self._store = store
        self._bus = bus
        self._tokens = tokens
        self._clock = clock
        self._policy = policy

    async def signed_in(self, token: str, kind: SessionKind, *, source_address: str | None = None) -> SignedIn:
        """Return whom `token` stands for, as it came (`kind`). Raises NotSignedIn."""
        now = self._clock.now()
        claims = self._tokens.read(token, at=now)
        found = await self._store.session(claims.session_id)
        if found is None:
            raise _not_signed_in()
        session, user = found
        if not (session.kind == claims.kind == kind) or user.id != claims.user_id:
            raise _not_signed_in()
        if not self._policy.is_live(session, user, now):
            raise _not_signed_in()
        if now - session.seen_at >= min(_TOUCH_EVERY, self._policy.idle_limit(session, user) / 4):
            async with self._store.write() as tx:
                await tx.touch_session(session.id, seen_at=now)
        return SignedIn(user, session, source_address)

    async def of_id(self, session_id: str, *, source_address: str | None) -> SignedIn:
        """Return whose session this is. Raises NotSignedIn where it opens nothing any more."""
        found = await self._store.session(session_id)
        if found is None or not self._policy.is_live(*found, self._clock.now()):
            raise _not_signed_in()
        session, user = found
        return SignedIn(user, session, source_address)

    async def live_among(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of the sessions that still open anything: long-lived sockets ask this every few seconds."""
        now = self._clock.now()
        async with self._store.read() as tx:
            found = await tx.sessions_of(session_ids)
        return frozenset(session.id for session, user in found if self._policy.is_live(session, user, now))

    def is_stepped_up(self, who: SignedIn) -> bool:
        """Tell whether a second factor was shown within the last minutes."""
        shown = who.session.stepped_up_at
        return shown is not None and self._clock.now() - shown <= timedelta(seconds=self._policy.step_up_s)

    async def sign_out(self, who: SignedIn) -> None:
        async with self._store.write() as tx:
            await tx.delete_session(who.session.id)
            await tx.record(AuditEntry(who.actor, "session.signed_out", who.session.id), at=self._clock.now())
        await self._bus.publish(SESSIONS_ENDED, {})

    async def page(
        self, who: SignedIn, *, user_id: str | None, everybody: bool, offset: int, limit: int
    ) -> tuple[list[tuple[Session, User]], int]:
        """Return live sessions, the newest first: one's own, or any as an administrator. Raises NotAllowed."""
        wanted = None if everybody else (user_id or who.user_id)
        if wanted != who.user_id and not who.may(Permission.MANAGE_USERS):
            raise NotAllowed("only an administrator sees the sessions of others")
        async with self._store.read() as tx:
            return await tx.sessions(now=self._clock.now(), user_id=wanted, offset=offset, limit=limit)

    async def one(self, who: SignedIn, session_id: str) -> tuple[Session, User]:
        """Raises NotFound, also for a session of another user that `who` may not see."""
        found = await self._store.session(session_id)
        if found is None or not self._may_manage(who, found[1]):
            raise NotFound("no such session", code="session_not_found")
        return found

    async def end(self, who: SignedIn, session_id: str) -> None:
        """End one session. Raises NotFound."""
        _session, owner = await self.one(who, session_id)
        async with self._store.write() as tx:
            if await tx.delete_session(session_id):
                entry = AuditEntry(who.actor, "session.ended", session_id, {"user": owner.email})
                await tx.record(entry, at=self._clock.now())
        await self._bus.publish(SESSIONS_ENDED, {})

    async def end_others(self, who: SignedIn) -> int:
        """End every other session of `who`; return how many."""
        async with self._store.write() as tx:
            ended = await tx.delete_sessions(who.user_id, keep=who.session.id)
            if ended:
                entry = AuditEntry(who.actor, "session.others_ended", who.user_id, {"sessions": ended})
                await tx.record(entry, at=self._clock.now())
        await self._bus.publish(SESSIONS_ENDED, {})
        return ended

    def _may_manage(self, who: SignedIn, owner: User) -> bool:
        return owner.id == who.user_id or who.may(Permission.MANAGE_USERS)


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn("sign in to do this")
