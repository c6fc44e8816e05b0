"""Puts the parts of signing in together: what `Desk.identity` holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ids import new_id
from app.core.password_hashing import CappedPasswordHasher
from app.core.security import PasswordHashes, Sealer
from app.core.session_tokens import JwtSessionTokens
from app.core.totp import TotpVerifier
from app.db.audit import SqlAuditStore
from app.db.identity import SqlIdentityStore
from app.db.session import Database
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.services.audit import AuditTrail
from app.services.manage_users import ManageUsers
from app.services.sessions import SessionPolicy, Sessions
from app.services.sign_in import SignIn, ThrottleRules


@dataclass(frozen=True, slots=True)
class Identity:
    sign_in: SignIn
    sessions: Sessions
    users: ManageUsers
    audit: AuditTrail


def build_identity(
    *,
    database: Database,
    bus: Bus,
    clock: Clock,
    jwt_secret_key: str,
    fernet_keys: Sequence[str],
    policy: SessionPolicy | None = None,
    throttles: ThrottleRules | None = None,
    hashes: PasswordHashes | None = None,
) -> Identity:
    """Raises ValueError for a key that cannot be used."""
    store = SqlIdentityStore(database)
    sealer = Sealer(fernet_keys)
    totp = TotpVerifier()
    passwords = CappedPasswordHasher(hashes)
    tokens = JwtSessionTokens(jwt_secret_key)
    policy = policy or SessionPolicy()
    return Identity(
        sign_in=SignIn(
            store=store,
            passwords=passwords,
            totp=totp,
            tokens=tokens,
            sealer=sealer,
            clock=clock,
            policy=policy,
            throttles=throttles,
        ),
        sessions=Sessions(store=store, tokens=tokens, clock=clock, policy=policy, bus=bus),
        users=ManageUsers(
            store=store, passwords=passwords, totp=totp, sealer=sealer, clock=clock, new_id=new_id, bus=bus
        ),
        audit=AuditTrail(SqlAuditStore(database)),
    )
