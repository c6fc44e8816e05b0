"""The desk's own state: may it send?"""

from __future__ import annotations

from app.api.deps import CurrentDesk, DeskArmer, DeskStopper, Viewer
from app.api.strict_json import desk_router
from app.domain.desk import DeskGate
from app.domain.errors import NotAllowed
from app.domain.identity import Permission
from app.schemas.trading import ArmRequest, DeskRead, KillRequest, ReduceOnlyRequest

router = desk_router(prefix="/api/v1/desk", tags=["desk"])


@router.get("")
async def state(desk: CurrentDesk, _who: Viewer) -> DeskRead:
    return _read(await desk.trading.control.gate())


@router.post("/kill")
async def kill(desk: CurrentDesk, who: DeskStopper, given: KillRequest | None = None) -> DeskRead:
    """Stop all sending at once. Needs no second step."""
    return _read(await desk.trading.desk_control.kill(who, given.reason if given else None))


@router.post("/rearm")
async def rearm(desk: CurrentDesk, who: DeskArmer, given: ArmRequest) -> DeskRead:
    """Lift the kill switch, with a fresh code from the authenticator."""
    return _read(await desk.trading.desk_control.rearm(who, given.totp_code))


@router.post("/arm")
async def arm(desk: CurrentDesk, who: DeskArmer, given: ArmRequest) -> DeskRead:
    """Allow sending, with a fresh code from the authenticator."""
    return _read(await desk.trading.desk_control.arm(who, given.totp_code))


@router.post("/reduce-only")
async def reduce_only(desk: CurrentDesk, who: DeskStopper, given: ReduceOnlyRequest | None = None) -> DeskRead:
    """Send exits only; only who may arm the desk allows new positions again."""
    wanted = given or ReduceOnlyRequest()
    if not wanted.enabled and not who.may(Permission.ARM_DESK):
        raise NotAllowed("your role may not allow new positions again", code="role_not_allowed")
    return _read(await desk.trading.desk_control.reduce_only(who, enabled=wanted.enabled, reason=wanted.reason))


def _read(gate: DeskGate) -> DeskRead:
    return DeskRead(
        sending=gate.refusal(is_exit=False) is None,
        is_armed=gate.is_armed,
        is_killed=gate.is_killed,
        is_reduce_only=gate.is_reduce_only,
        reason=gate.reason,
        changed_by=gate.changed_by,
        changed_at=gate.changed_at,
    )
