"""Who operates the desk: roles and what each may do, users, their live sessions, and the errors of signing in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.errors import DeskError


class Role(StrEnum):
    VIEWER = "viewer"
    TRADER = "trader"
    APPROVER = "approver"
    ADMIN = "admin"


class Permission(StrEnum):
    VIEW = "view"  # read clients, instruments, portfolios, batches, orders
    TRADE = "trade"  # preview, execute, exit, modify, cancel, stop, retry, resolve
    STOP_DESK = "stop_desk"  # kill, reduce-only: always allowed to whoever may trade
    APPROVE = "approve"  # second approval of a batch
    ARM_DESK = "arm_desk"  # arm, re-arm: also needs a fresh TOTP code
    MANAGE_CLIENTS = "manage_clients"  # clients, dealers, egresses, broker logins
    MANAGE_LIMITS = "manage_limits"  # hard limits, the restricted list: also needs a recent TOTP code
    MANAGE_USERS = "manage_users"  # users, and everybody's sessions
    READ_AUDIT = "read_audit"


_VIEWER = frozenset({Permission.VIEW})
_TRADER = _VIEWER | {Permission.TRADE, Permission.STOP_DESK}
_APPROVER = _TRADER | {Permission.APPROVE}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.TRADER: _TRADER,
    Role.APPROVER: _APPROVER,
    Role.ADMIN: frozenset(Permission),
}


def may(role: Role, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]


class SessionKind(StrEnum):
    COOKIE = "cookie"  # a browser
    BEARER = "bearer"  # a program


@dataclass(frozen=True, slots=True)
class User:
    """A person who operates the desk, without credentials."""

    id: str
    email: str  # lower case
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A live sign-in. `id` is the SHA-256 of the secret id in its token: of no use to whoever reads it."""

    id: str
    user_id: str
    kind: SessionKind
    source_address: str | None
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for the audit trail. `user_id` is None for the desk itself and for strangers."""

    name: str
    user_id: str | None = None
    source_address: str | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The user behind a request, and the session that proves it."""

    user: User
    session: Session
    source_address: str | None

    @property
    def user_id(self) -> str:
        return self.user.id

    @property
    def email(self) -> str:
        return self.user.email

    @property
    def role(self) -> Role:
        return self.user.role

    @property
    def actor(self) -> Actor:
        return Actor(self.user.email, self.user.id, self.source_address)

    def may(self, permission: Permission) -> bool:
        return may(self.user.role, permission)


class NotSignedIn(DeskError):
    """No session, or none that is still alive. Says nothing about why."""

    default_code = "not_signed_in"


class InvalidCredentials(DeskError):
    """The same for every cause: unknown user, wrong password, wrong or used code, inactive user."""

    default_code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("the email, password or code is not right, or the code was used before")


class TooManyAttempts(DeskError):
    default_code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


def normal_email(email: str) -> str:
    """Return the form in which an address is stored and looked up."""
    return email.strip().lower()
