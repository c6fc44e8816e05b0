"""Signing in, sessions, users. Request models take credentials as SecretStr; no Read model has a field for one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.identity import Role, SessionKind
from app.schemas.base import InstantOut, ReadModel, RequestModel
from app.schemas.fields import EmailIn, NewPasswordIn, PasswordIn, TotpCodeIn

RoleIn = Annotated[Role, Field(strict=False)]


class ShownOnce(BaseModel):
    """An answer that carries a new secret, for the one who asked for it, this one time."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class SignInRequest(RequestModel):
    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: PasswordIn
    totp_code: TotpCodeIn


class DemoFormRead(ShownOnce):
    """What the administrator of a demo would type; `totp_code` is null while the next one is `wait_s` seconds away."""

    email: str
    password: str
    totp_code: str | None
    wait_s: int


class UserBase(ReadModel):
    email: str
    role: Role


class SignedInUserRead(UserBase):
    id: str


class SignInRead(ReadModel):
    user: SignedInUserRead
    expires_at: InstantOut


class AccessTokenIssued(ShownOnce):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a name from RFC 6750)
    expires_at: InstantOut


class MeRead(SignedInUserRead):
    """Who is signed in. `permissions` is what the role allows, for drawing the right buttons."""

    session_id: str
    expires_at: InstantOut
    permissions: list[str]


class SessionRead(ReadModel):
    """`id` is a hash: it names the session and opens nothing."""

    id: str
    user_id: str
    email: str
    kind: SessionKind
    source_address: str | None
    user_agent: str | None
    created_at: InstantOut
    seen_at: InstantOut
    expires_at: InstantOut
    is_current: bool


class SessionList(ReadModel):
    items: list[SessionRead]
    total: int


class SessionsEnded(ReadModel):
    ended: int


class UserCreate(RequestModel):
    email: EmailIn
    role: RoleIn
    password: NewPasswordIn


class UserPatch(RequestModel):
    """What is missing or null stays as it is. `new_totp_secret: true` makes a new one and shows it in the answer."""

    role: RoleIn | None = None
    is_active: bool | None = None
    password: NewPasswordIn | None = None
    new_totp_secret: bool = False


class UserRead(UserBase):
    id: str
    is_active: bool
    created_at: InstantOut
    updated_at: InstantOut


class UserList(ReadModel):
    items: list[UserRead]
    total: int


class UserShownOnce(ShownOnce):
    """A user, and the TOTP secret where this very request made one."""

    id: str
    email: str
    role: Role
    is_active: bool
    created_at: InstantOut
    updated_at: InstantOut
    totp_secret: str | None = None
    totp_uri: str | None = None
