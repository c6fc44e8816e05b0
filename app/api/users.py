"""Users of the desk, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from app.api.deps import CurrentDesk, PageQuery, UserManager
from app.api.strict_json import desk_router
from app.domain.identity import User
from app.schemas.identity import UserCreate, UserList, UserPatch, UserRead, UserShownOnce
from app.services.manage_users import CreatedUser, UserChange

router = desk_router(prefix="/admin/users", tags=["Users"])

UserId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.post("", status_code=201, response_model_exclude_none=True)
async def create_user(desk: CurrentDesk, who: UserManager, given: UserCreate) -> UserShownOnce:
    """Make a user. The answer holds the TOTP secret: it is shown this once."""
    created = await desk.identity.users.create(
        who.actor, email=given.email, role=given.role, password=given.password.get_secret_value()
    )
    return _shown(created.user, created)


@router.get("")
async def users(desk: CurrentDesk, _who: UserManager, paging: PageQuery) -> UserList:
    found, total = await desk.identity.users.page(offset=paging.offset, limit=paging.limit)
    return UserList(items=[UserRead.model_validate(user) for user in found], total=total)


@router.get("/{user_id}")
async def user(desk: CurrentDesk, _who: UserManager, user_id: UserId) -> UserRead:
    return UserRead.model_validate(await desk.identity.users.one(user_id))


@router.patch("/{user_id}", response_model_exclude_none=True)
async def change_user(desk: CurrentDesk, who: UserManager, user_id: UserId, given: UserPatch) -> UserShownOnce:
    """Change a role, a password, the TOTP secret, or whether the user may sign in. Ends the user's sessions."""
    change = UserChange(
        role=given.role,
        is_active=given.is_active,
        password=given.password.get_secret_value() if given.password else None,
        new_totp_secret=given.new_totp_secret,
    )
    changed, secret = await desk.identity.users.change(who.actor, user_id, change)
    return _shown(changed, secret)


def _shown(user: User, secret: CreatedUser | None) -> UserShownOnce:
    return UserShownOnce(
        id=user.id,
        email=user.email,
        role=user.role,
        is_active=user.is_active,
        created_at=user.created_at,
        updated_at=user.updated_at,
        totp_secret=secret.totp_secret if secret else None,
        totp_uri=secret.totp_uri if secret else None,
    )
