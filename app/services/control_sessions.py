"""Who can trade now and why not; and the wish to log in again, which the engine fulfils."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.audit import AuditEntry
from app.domain.broker_sessions import (
    LoginNotFound,
    LoginRow,
    SessionState,
    SessionStatus,
    may_be_asked_again,
    status_at,
)
from app.domain.identity import Actor
from app.domain.ports.accounts import AccountStore
from app.domain.ports.broker_sessions import SESSIONS_WANTED, LoginDirectory
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """`rows` of the page asked for; the counts are of all logins, and of the active clients that they serve."""

    rows: list[tuple[LoginRow, SessionStatus]]
    total: int
    logins: int
    logins_ready: int
    clients: int
    clients_ready: int


class ControlSessions:
    def __init__(self, *, directory: LoginDirectory, store: AccountStore, clock: Clock, bus: Bus) -> None:
        self._directory = directory
        self._store = store
        self._clock = clock
        self._bus = bus

    async def overview(self, *, state: SessionState | None, offset: int, limit: int) -> SessionOverview:
        now = self._clock.now()
        everyone = [(row, status_at(row.record, now)) for row in await self._directory.login_rows()]
        ready = [row for row, status in everyone if status.state is SessionState.READY]
        wanted = [entry for entry in everyone if state is None or entry[1].state is state]
        return SessionOverview(
            rows=wanted[offset : offset + limit],
            total=len(wanted),
            logins=len(everyone),
            logins_ready=len(ready),
            clients=sum(row.clients for row, _ in everyone),
            clients_ready=sum(row.clients for row in ready),
        )

    async def one(self, login_id: str) -> tuple[LoginRow, SessionStatus]:
        """Return one login, for whoever waits for its outcome. Raises LoginNotFound."""
        for row in await self._directory.login_rows():
            if row.login_id == login_id:
                return row, status_at(row.record, self._clock.now())
        raise LoginNotFound("there is no such login, or it is not active")

    async def log_in_all(self, actor: Actor) -> tuple[int, int]:
        """Ask for every login that is not ready; return how many were asked for, and how many held back.

        A login refused twice within the last 15 minutes is held back: another try could lock the account.
        """
        now = self._clock.now()
        rows = await self._directory.login_rows()
        asked = [row for row in rows if may_be_asked_again(row.record, now)]
        held_back = sum(
            1
            for row in rows
            if not may_be_asked_again(row.record, now) and status_at(row.record, now).state is not SessionState.READY
        )
        await self._ask(actor, asked, "session.login_all")
        return len(asked), held_back

    async def log_in(self, actor: Actor, login_id: str) -> tuple[LoginRow, SessionStatus]:
        """Ask for one login, also one that was refused: a person has looked at it. Raises LoginNotFound."""
        row, status = await self.one(login_id)
        if status.state is not SessionState.READY:
            await self._ask(actor, [row], "session.login")
        return row, status

    async def _ask(self, actor: Actor, rows: list[LoginRow], action: str) -> None:
        if not rows:
            return
        now = self._clock.now()
        async with self._store.write() as tx:
            await tx.want_logins([(row.login_id, row.kind, row.user_id) for row in rows], now)
            subject = rows[0].login_id if action == "session.login" else None
            await tx.record(AuditEntry(actor, action, subject, {"logins": len(rows)}), at=now)
        await self._bus.publish(SESSIONS_WANTED, {"logins": len(rows)})
