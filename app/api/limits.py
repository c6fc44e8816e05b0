"""Hard limits and the restricted list, for administrators. What they do to an order is in `domain/limits.py`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from app.api.deps import CurrentDesk, Desk, LimitManager, PageQuery
from app.api.strict_json import desk_router
from app.domain.identity import SignedIn
from app.domain.instruments import instrument_id
from app.domain.limits import LimitScope, LimitSet
from app.domain.ports.limits import StoredLimitSet, StoredRestriction
from app.schemas.limits import (
    LimitsList,
    LimitsPut,
    LimitsRead,
    OrderLimitsPut,
    RestrictionLift,
    RestrictionList,
    RestrictionPut,
    RestrictionRead,
)

router = desk_router(prefix="/admin/limits", tags=["limits"])

SubjectId = Annotated[str, Path(min_length=1, max_length=32)]
InstrumentId = Annotated[str, Path(max_length=24, description="EXCHANGE:symbol_token")]


@router.get("")
async def list_limits(
    desk: CurrentDesk, _who: LimitManager, paging: PageQuery, scope: Annotated[LimitScope | None, Query()] = None
) -> LimitsList:
    """Return what is limited: the desk first, then operators, then clients. What is not listed has no limit."""
    found, total = await desk.trading.limits.page(scope, offset=paging.offset, limit=paging.limit)
    return LimitsList(items=[_limits(one) for one in found], total=total)


@router.put("/desk")
async def set_desk_limits(desk: CurrentDesk, who: LimitManager, given: LimitsPut) -> LimitsRead:
    """Replace the limits that every order meets. 403 `step_up_needed` without a recent one-time code."""
    return await _put(desk, who, LimitScope.DESK, "", given)


@router.put("/users/{user_id}")
async def set_user_limits(desk: CurrentDesk, who: LimitManager, user_id: SubjectId, given: LimitsPut) -> LimitsRead:
    """Replace the limits of what one operator presses."""
    return await _put(desk, who, LimitScope.USER, user_id, given)


@router.put("/clients/{client_id}")
async def set_client_limits(
    desk: CurrentDesk, who: LimitManager, client_id: SubjectId, given: OrderLimitsPut
) -> LimitsRead:
    """Replace the limits of one client's orders, whoever presses."""
    return await _put(desk, who, LimitScope.CLIENT, client_id, given)


@router.get("/restricted")
async def list_restrictions(desk: CurrentDesk, _who: LimitManager) -> RestrictionList:
    found = await desk.trading.limits.restrictions()
    return RestrictionList(items=[_restriction(one) for one in found], total=len(found))


@router.put("/restricted/{instrument}")
async def restrict(
    desk: CurrentDesk, who: LimitManager, instrument: InstrumentId, given: RestrictionPut
) -> RestrictionRead:
    """Allow nothing but exits in an instrument; a share stands for all that is traded on it."""
    return _restriction(await desk.trading.limits.restrict(who, instrument, given.reason, given.totp_code))


@router.post("/restricted/{instrument}/lift")
async def lift_restriction(
    desk: CurrentDesk, who: LimitManager, instrument: InstrumentId, given: RestrictionLift | None = None
) -> RestrictionList:
    """Take an instrument off the list; return what is left of it."""
    await desk.trading.limits.lift(who, instrument, given.totp_code if given else None)
    return await list_restrictions(desk, who)


async def _put(desk: Desk, who: SignedIn, scope: LimitScope, subject_id: str, given: OrderLimitsPut) -> LimitsRead:
    limits = LimitSet(scope, subject_id, "", **given.limits())  # type: ignore[arg-type]
    return _limits(await desk.trading.limits.put(who, limits, given.totp_code))


def _limits(stored: StoredLimitSet) -> LimitsRead:
    one = stored.limits
    return LimitsRead(
        scope=one.scope,
        subject_id=one.subject_id,
        subject_name=one.subject_name,
        updated_at=stored.updated_at,
        updated_by=stored.updated_by,
        **one.values(),
    )


def _restriction(stored: StoredRestriction) -> RestrictionRead:
    one = stored.restriction
    return RestrictionRead(
        id=instrument_id(one.exchange, one.symbol_token),
        name=one.name,
        isin=one.isin,
        reason=one.reason,
        added_at=stored.added_at,
        added_by=stored.added_by,
    )
