"""The desk's own state: may it send?"""

from __future__ import annotations

from app.api.deps import CurrentDesk, Desk, DeskArmer, DeskStopper, Viewer
from app.api.strict_json import desk_router
from app.domain.broker_mode import broker_mode
from app.domain.desk import DeskGate, desk_row
from app.domain.errors import NotAllowed
from app.domain.identity import Permission
from app.domain.instruments import TRADED_BY_THE_DESK
from app.schemas.trading import ArmRequest, DeskRead, FeedRead, KillRequest, MarketPhaseRead, ReduceOnlyRequest

router = desk_router(prefix="/api/v1/desk", tags=["desk"])


@router.get("")
async def state(desk: CurrentDesk, _who: Viewer) -> DeskRead:
    """Return whether the desk sends, and whether its prices are live."""
    return await _read(desk, await desk.trading.control.gate())


@router.post("/kill")
async def kill(desk: CurrentDesk, who: DeskStopper, given: KillRequest | None = None) -> DeskRead:
    """Stop all sending at once. Needs no second step."""
    return await _read(desk, await desk.trading.desk_control.kill(who, given.reason if given else None))


@router.post("/rearm")
async def rearm(desk: CurrentDesk, who: DeskArmer, given: ArmRequest) -> DeskRead:
    """Lift the kill switch, with a fresh code from the authenticator."""
    return await _read(desk, await desk.trading.desk_control.rearm(who, given.totp_code))


@router.post("/arm")
async def arm(desk: CurrentDesk, who: DeskArmer, given: ArmRequest) -> DeskRead:
    """Allow sending, with a fresh code from the authenticator."""
    return await _read(desk, await desk.trading.desk_control.arm(who, given.totp_code))


@router.post("/reduce-only")
async def reduce_only(desk: CurrentDesk, who: DeskStopper, given: ReduceOnlyRequest | None = None) -> DeskRead:
    """Send exits only; only who may arm the desk allows new positions again."""
    wanted = given or ReduceOnlyRequest()
    if not wanted.enabled and not who.may(Permission.ARM_DESK):
        raise NotAllowed("your role may not allow new positions again", code="role_not_allowed")
    return await _read(
        desk, await desk.trading.desk_control.reduce_only(who, enabled=wanted.enabled, reason=wanted.reason)
    )


async def _read(desk: Desk, gate: DeskGate) -> DeskRead:
    feed = await desk.live.feed()
    now = desk.clock.now()
    phases = [(exchange, desk.calendar.phase(exchange, now)) for exchange in TRADED_BY_THE_DESK]
    return DeskRead(
        broker_mode=broker_mode(desk.settings.mofsl_base_url),
        market=[MarketPhaseRead(exchange=on, phase=it.phase, code=it.code, reason=it.reason) for on, it in phases],
        server_time=now,
        **desk_row(gate),
        feed=FeedRead(
            status=feed.state,
            reason=feed.reason,
            last_tick_at=feed.last_tick_at,
            streamed=feed.streamed,
            polled=feed.polled,
            unsupported=feed.unsupported,
        ),
    )
