"""Dealer logins, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from app.api.deps import ClientManager, CurrentDesk, PageQuery
from app.api.strict_json import desk_router
from app.schemas.accounts import DealerCreate, DealerList, DealerPatch, DealerRead
from app.services.manage_clients import ClientChange
from app.services.manage_dealers import NewDealer

router = desk_router(prefix="/admin/dealers", tags=["dealers"])

DealerId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("", status_code=201)
async def create_dealer(desk: CurrentDesk, who: ClientManager, given: DealerCreate) -> DealerRead:
    """Add a dealer login. Its secrets are sealed before they are stored, and never come back in any form."""
    new = NewDealer(given.name, given.dealer_code, given.secrets(), given.egress_id)
    return DealerRead.model_validate(await desk.accounts.dealers.create(who.actor, new))


@router.get("")
async def list_dealers(desk: CurrentDesk, _who: ClientManager, paging: PageQuery) -> DealerList:
    found, total = await desk.accounts.dealers.page(offset=paging.offset, limit=paging.limit)
    return DealerList(items=[DealerRead.model_validate(dealer) for dealer in found], total=total)


@router.get("/{dealer_id}")
async def read_dealer(desk: CurrentDesk, _who: ClientManager, dealer_id: DealerId) -> DealerRead:
    return DealerRead.model_validate(await desk.accounts.dealers.get(dealer_id))


@router.patch("/{dealer_id}")
async def change_dealer(desk: CurrentDesk, who: ClientManager, dealer_id: DealerId, given: DealerPatch) -> DealerRead:
    change = ClientChange(given.values(), given.secrets())
    return DealerRead.model_validate(await desk.accounts.dealers.change(who.actor, dealer_id, change))
