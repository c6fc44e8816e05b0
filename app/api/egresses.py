"""How requests leave for an account, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from app.api.deps import ClientManager, CurrentDesk, PageQuery
from app.api.strict_json import desk_router
from app.schemas.accounts import EgressCreate, EgressList, EgressPatch, EgressRead, EgressVerdictRead
from app.services.manage_egresses import NewEgress

router = desk_router(prefix="/admin/egresses", tags=["egresses"])

EgressId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("", status_code=201)
async def create_egress(desk: CurrentDesk, who: ClientManager, given: EgressCreate) -> EgressRead:
    new = NewEgress(given.name, given.kind, given.value, given.registered_address)
    return EgressRead.model_validate(await desk.accounts.egresses.create(who.actor, new))


@router.get("")
async def list_egresses(desk: CurrentDesk, _who: ClientManager, paging: PageQuery) -> EgressList:
    found, total = await desk.accounts.egresses.page(offset=paging.offset, limit=paging.limit)
    return EgressList(items=[EgressRead.model_validate(egress) for egress in found], total=total)


@router.patch("/{egress_id}")
async def change_egress(desk: CurrentDesk, who: ClientManager, egress_id: EgressId, given: EgressPatch) -> EgressRead:
    """Change what is named. A change of kind, value or registered address takes the verification back."""
    values = {name: getattr(given, name) for name in given.model_fields_set}
    return EgressRead.model_validate(await desk.accounts.egresses.change(who.actor, egress_id, values))


@router.post("/{egress_id}/verify")
async def verify_egress(desk: CurrentDesk, who: ClientManager, egress_id: EgressId) -> EgressVerdictRead:
    """Open one connection to the broker's host as this egress would, and say what that proves and what it cannot."""
    return EgressVerdictRead.model_validate(await desk.accounts.egresses.verify(who.actor, egress_id))
