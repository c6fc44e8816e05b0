"""Broker logins: who can trade now, and why not."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from app.api.deps import CurrentDesk, PageQuery, Trader, Viewer
from app.api.strict_json import desk_router
from app.domain.broker_sessions import LoginRow, SessionState, SessionStatus
from app.schemas.accounts import LoginAllRead, LoginList, LoginRead
from app.schemas.trading import Empty

router = desk_router(prefix="/api/v1/sessions", tags=["sessions"])

LoginId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
async def list_logins(
    desk: CurrentDesk, _who: Viewer, paging: PageQuery, state: Annotated[SessionState | None, Query()] = None
) -> LoginList:
    """Return every login with its state and, where it cannot trade, the reason."""
    found = await desk.accounts.sessions.overview(state=state, offset=paging.offset, limit=paging.limit)
    return LoginList(
        items=[_read(row, status) for row, status in found.rows],
        total=found.total,
        logins=found.logins,
        logins_ready=found.logins_ready,
        clients=found.clients,
        clients_ready=found.clients_ready,
    )


@router.post("/login-all", status_code=202)
async def log_in_all(desk: CurrentDesk, who: Trader, _given: Empty | None = None) -> LoginAllRead:
    """Ask for a login wherever none is ready. Progress is in `GET /api/v1/sessions`."""
    requested, held_back = await desk.accounts.sessions.log_in_all(who.actor)
    return LoginAllRead(requested=requested, held_back=held_back)


@router.get("/{login_id}")
async def read_login(desk: CurrentDesk, _who: Viewer, login_id: LoginId) -> LoginRead:
    """Return one login: what became of an attempt is told by `attempted_at`, `state` and `reason`."""
    return _read(*await desk.accounts.sessions.one(login_id))


@router.post("/{login_id}/login", status_code=202)
async def log_in(desk: CurrentDesk, who: Trader, login_id: LoginId, _given: Empty | None = None) -> LoginRead:
    """Ask for one login, also one that the broker refused; one attempt follows, unless the session is ready."""
    return _read(*await desk.accounts.sessions.log_in(who.actor, login_id))


def _read(row: LoginRow, status: SessionStatus) -> LoginRead:
    record = row.record
    return LoginRead(
        login_id=row.login_id,
        kind=row.kind,
        user_id=row.user_id,
        name=row.name,
        clients=row.clients,
        state=status.state,
        reason=status.reason,
        opened_at=record.opened_at if record else None,
        expires_at=status.expires_at,
        attempted_at=record.attempted_at if record else None,
    )
