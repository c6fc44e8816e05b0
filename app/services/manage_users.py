"""Users of the desk: made by an administrator (the first one on the machine itself), never by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.audit import AuditEntry, Detail
from app.domain.errors import Conflict, NotFound
from app.domain.events import SESSIONS_ENDED
from app.domain.identity import SYSTEM, Actor, Role, User, normal_email
from app.domain.passwords import check_new_password
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.identity import (
    IdentityStore,
    IdentityTransaction,
    PasswordHasher,
    TotpCodes,
    UserCredentials,
)
from app.domain.ports.sealing import SecretSealer
from app.services.sign_in import TOTP_FIELD


@dataclass(frozen=True, slots=True)
class CreatedUser:
    """A user with a new TOTP secret, which is shown once and then only kept sealed."""

    user: User
    totp_secret: str = field(repr=False)
    totp_uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserChange:
    """What to change; None leaves as it is."""

    role: Role | None = None
    is_active: bool | None = None
    password: str | None = field(default=None, repr=False)
    new_totp_secret: bool = False


class ManageUsers:
    def __init__(
        self,
        *,
        store: IdentityStore,
        passwords: PasswordHasher,
        totp: TotpCodes,
        sealer: SecretSealer,
        clock: Clock,
        new_id: Callable[[], str],
        bus: Bus,
    ) -> None:
        self._store = store
        self._bus = bus
        self._passwords = passwords
        self._totp = totp
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id

    async def create(self, by: Actor, *, email: str, role: Role, password: str) -> CreatedUser:
        """Raises InvalidInput for a weak password, Conflict `email_taken`."""
        address = normal_email(email)
        check_new_password(password, email=address)
        now = self._clock.now()
        user = User(self._new_id(), address, role, True, now, now)
        secret, sealed = self._new_totp(user.id)
        credentials = UserCredentials(await self._passwords.hash(password), sealed)
        async with self._store.write() as tx:
            await tx.add_user(user, credentials)
            await tx.record(AuditEntry(by, "user.created", user.id, {"email": address, "role": role.value}), at=now)
        return CreatedUser(user, secret, self._totp.uri(secret, address))

    async def change(self, by: Actor, user_id: str, change: UserChange) -> tuple[User, CreatedUser | None]:
        """Apply `change` and end the user's sessions. Raises NotFound, InvalidInput, Conflict `last_admin`."""
        before = await self.one(user_id)
        password_hash = None
        if change.password is not None:
            check_new_password(change.password, email=before.email)
            password_hash = await self._passwords.hash(change.password)
        secret, sealed = self._new_totp(user_id) if change.new_totp_secret else (None, None)
        now = self._clock.now()
        async with self._store.write() as tx:
            await self._keep_an_admin(tx, user_id, change)
            current = await tx.user(user_id)
            if current is None:
                raise _no_such_user()
            changed = _changed_fields(current, change)
            if changed:
                await tx.update_user(
                    user_id,
                    at=now,
                    role=change.role,
                    is_active=change.is_active,
                    password_hash=password_hash,
                    sealed_totp_secret=sealed,
                )
                ended = await tx.delete_sessions(user_id)
                detail: Detail = {"email": current.email, "changed": changed, "sessions_ended": ended}
                await tx.record(AuditEntry(by, "user.changed", user_id, detail), at=now)
            after = await tx.user(user_id)
        if changed:
            await self._bus.publish(SESSIONS_ENDED, {})
        if after is None:
            raise _no_such_user()
        shown = CreatedUser(after, secret, self._totp.uri(secret, after.email)) if secret is not None else None
        return after, shown

    async def one(self, user_id: str) -> User:
        """Raises NotFound."""
        async with self._store.read() as tx:
            user = await tx.user(user_id)
        if user is None:
            raise _no_such_user()
        return user

    async def page(self, *, offset: int, limit: int) -> tuple[list[User], int]:
        async with self._store.read() as tx:
            return await tx.users(offset=offset, limit=limit)

    async def _keep_an_admin(self, tx: IdentityTransaction, user_id: str, change: UserChange) -> None:
        loses_admin = (change.role is not None and change.role is not Role.ADMIN) or change.is_active is False
        if not loses_admin:
            return
        admins = await tx.active_admins()
        if user_id in admins and len(admins) == 1:
            raise Conflict("this is the last active administrator; make another one first", code="last_admin")

    def _new_totp(self, user_id: str) -> tuple[str, str]:
        secret = self._totp.new_secret()
        return secret, self._sealer.seal(secret, owner_id=user_id, field=TOTP_FIELD)


async def create_admin(users: ManageUsers, *, email: str, password: str, role: Role = Role.ADMIN) -> CreatedUser:
    """What `desk create-admin` does, as whoever has the machine. Raises InvalidInput, Conflict `email_taken`."""
    return await users.create(SYSTEM, email=email, role=role, password=password)


def _changed_fields(current: User, change: UserChange) -> list[str]:
    changed = []
    if change.role is not None and change.role is not current.role:
        changed.append(f"role: {current.role.value} to {change.role.value}")
    if change.is_active is not None and change.is_active is not current.is_active:
        changed.append("activated" if change.is_active else "deactivated")
    if change.password is not None:
        changed.append("password")
    if change.new_totp_secret:
        changed.append("totp_secret")
    return changed


def _no_such_user() -> NotFound:
    return NotFound("no such user", code="user_not_found")
