"""Signing in with password and one-time code: one answer and about one duration for every way to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.errors import NotAllowed
from app.domain.identity import (
    Actor,
    InvalidCredentials,
    Session,
    SessionKind,
    SignedIn,
    TooManyAttempts,
    User,
    normal_email,
)
from app.domain.ports.clock import Clock
from app.domain.ports.identity import IdentityStore, IdentityTransaction, PasswordHasher, SessionTokens, TotpCodes
from app.domain.ports.sealing import SealBroken, SecretSealer
from app.domain.throttling import ThrottleRule
from app.services.sessions import SessionPolicy

TOTP_FIELD = "totp_secret"  # what the sealed seed is bound to, beside the user's id
_USER_AGENT_MAX_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody sent to sign in."""

    email: str
    password: str = field(repr=False)
    totp_code: str = field(repr=False)
    kind: SessionKind
    source_address: str | None = None
    user_agent: str | None = None
    device_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignInResult:
    user: User
    session: Session
    token: str = field(repr=False)
    device_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ThrottleRules:
    account: ThrottleRule = field(default_factory=lambda: ThrottleRule(free_tries=5))
    source: ThrottleRule = field(default_factory=lambda: ThrottleRule(free_tries=20, longest_wait_s=60.0))
    totp: ThrottleRule = field(  # who gets this far knows the password: some thirty codes a day, not thousands
        default_factory=lambda: ThrottleRule(10, first_wait_s=30.0, longest_wait_s=3600.0, window_s=86_400.0)
    )


class SignIn:
    def __init__(
        self,
        *,
        store: IdentityStore,
        passwords: PasswordHasher,
        totp: TotpCodes,
        tokens: SessionTokens,
        sealer: SecretSealer,
        clock: Clock,
        policy: SessionPolicy,
        throttles: ThrottleRules | None = None,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._totp = totp
        self._tokens = tokens
        self._sealer = sealer
        self._clock = clock
        self._policy = policy
        self._rules = throttles or ThrottleRules()
        self._nobody_seed = sealer.seal(totp.new_secret(), owner_id="", field=TOTP_FIELD)

    async def sign_in(self, attempt: Attempt) -> SignInResult:
        """Open a session. Raises InvalidCredentials, or TooManyAttempts where nothing was evaluated."""
        now = self._clock.now()
        email = normal_email(attempt.email)
        keys = self._keys(attempt, email, now)
        await self._count_try(keys, now)
        async with self._store.read() as tx:
            found = await tx.user_by_email(email)
        matches, better_hash = await self._passwords.verify(attempt.password, found[1].password_hash if found else None)
        step = self._step(found[0].id if found else "", found[1].sealed_totp_secret if found else None, attempt, now)
        result = None
        async with self._store.write() as tx:
            if found is not None and matches and found[0].is_active:
                result = await self._finish(tx, found[0], attempt, step, keys, better_hash, now)
            if result is None:
                await tx.record(self._refusal(found[0] if found else None, attempt), at=now)
        if result is None:
            raise InvalidCredentials
        return result

    async def step_up(self, who: SignedIn, totp_code: str) -> None:
        """Take a fresh one-time code for an act that needs one. Raises NotAllowed `totp_refused` or TooManyAttempts."""
        now = self._clock.now()
        key = self._tokens.throttle_key("step-up", who.user_id)
        await self._count_try({key: self._rules.totp}, now)
        async with self._store.write() as tx:
            credentials = await tx.credentials(who.user_id)
            sealed = credentials.sealed_totp_secret if credentials else self._nobody_seed
            step = self._step_of(who.user_id, sealed, totp_code, now)
            accepted = step is not None and await tx.claim_totp_step(who.user_id, step)
            if accepted:
                await tx.touch_session(who.session.id, seen_at=now, stepped_up_at=now)
                await tx.delete_throttle(key)
            action = "step_up.accepted" if accepted else "step_up.refused"
            await tx.record(AuditEntry(who.actor, action, who.session.id), at=now)
        if not accepted:
            raise NotAllowed("the code is not right, or was used before; wait for the next one", code="totp_refused")

    def _keys(self, attempt: Attempt, email: str, now: datetime) -> dict[str, ThrottleRule]:
        """A browser from which this account signed in before has tries of its own: no stranger can use them up."""
        device = self._device(attempt, email, now)
        account = ("device", device) if device else ("account", email)
        source = attempt.source_address or "unknown"
        return {
            self._tokens.throttle_key(*account): self._rules.account,
            self._tokens.throttle_key("source", source): self._rules.source,
        }

    def _device(self, attempt: Attempt, email: str, now: datetime) -> str | None:
        return self._tokens.read_device(attempt.device_token, email, at=now) if attempt.device_token else None

    async def _count_try(self, keys: dict[str, ThrottleRule], now: datetime) -> None:
        """Count before evaluating. Raises TooManyAttempts, and then counts nothing: waiting always helps."""
        async with self._store.write() as tx:
            states = await tx.throttles(list(keys))
            wait_s = max(rule.wait_s(states.get(key), now) for key, rule in keys.items())
            if wait_s > 0:
                raise TooManyAttempts(wait_s)
            for key, rule in keys.items():
                await tx.save_throttle(key, rule.after_try(states.get(key), now))

    def _step(self, user_id: str, sealed: str | None, attempt: Attempt, now: datetime) -> int | None:
        """The same work for a user that does not exist."""
        if sealed is None:
            self._step_of("", self._nobody_seed, attempt.totp_code, now)
            return None
        return self._step_of(user_id, sealed, attempt.totp_code, now)

    def _step_of(self, user_id: str, sealed: str, code: str, now: datetime) -> int | None:
        try:
            return self._totp.step(self._sealer.open(sealed, owner_id=user_id, field=TOTP_FIELD), code, at=now)
        except SealBroken:
            return None

    async def _finish(
        self,
        tx: IdentityTransaction,
        user: User,
        attempt: Attempt,
        step: int | None,
        keys: dict[str, ThrottleRule],
        better_hash: str | None,
        now: datetime,
    ) -> SignInResult | None:
        """The password was right: now the code, counted apart, so that it cannot be guessed by who knows the first."""
        device = self._device(attempt, user.email, now)
        totp_key = self._tokens.throttle_key("totp", device or user.id)
        state = (await tx.throttles([totp_key])).get(totp_key)
        if self._rules.totp.wait_s(state, now) > 0:
            return None
        if step is None or not await tx.claim_totp_step(user.id, step):
            await tx.save_throttle(totp_key, self._rules.totp.after_try(state, now))
            return None
        await self._forgive(tx, keys, totp_key)
        if better_hash is not None:
            await tx.update_user(user.id, at=now, password_hash=better_hash)
        await self._sweep(tx, now)
        token, session = self._new_session(user, attempt, now)
        await tx.add_session(session)
        actor = Actor(user.email, user.id, attempt.source_address)
        await tx.record(AuditEntry(actor, "sign_in.accepted", session.id, {"kind": attempt.kind.value}), at=now)
        return SignInResult(user, session, token, self._tokens.issue_device(user.email, at=now))

    async def _forgive(self, tx: IdentityTransaction, keys: dict[str, ThrottleRule], totp_key: str) -> None:
        states = await tx.throttles(list(keys))
        for key, state in states.items():
            if keys[key] is self._rules.source:  # one good account must not wash away a source's other tries
                await tx.save_throttle(key, self._rules.source.after_success(state))
            else:
                await tx.delete_throttle(key)
        await tx.delete_throttle(totp_key)

    async def _sweep(self, tx: IdentityTransaction, now: datetime) -> None:
        await tx.delete_dead_sessions(expired_before=now, unseen_since=now - timedelta(seconds=self._policy.idle_s))
        rules = (self._rules.account, self._rules.source, self._rules.totp)
        oldest_s = max(rule.window_s + rule.longest_wait_s for rule in rules)
        await tx.delete_old_throttles(older_than=now - timedelta(seconds=oldest_s))

    def _new_session(self, user: User, attempt: Attempt, now: datetime) -> tuple[str, Session]:
        expires_at = (now + timedelta(seconds=self._policy.longest_s)).replace(microsecond=0)
        token, session_id = self._tokens.issue(user.id, attempt.kind, at=now, expires_at=expires_at)
        return token, Session(
            id=session_id,
            user_id=user.id,
            kind=attempt.kind,
            source_address=attempt.source_address,
            user_agent=attempt.user_agent[:_USER_AGENT_MAX_LENGTH] if attempt.user_agent else None,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
            stepped_up_at=now,
        )

    def _refusal(self, user: User | None, attempt: Attempt) -> AuditEntry:
        """A stranger's address is not kept: people type passwords into that field."""
        actor = Actor(user.email if user else "unknown", user.id if user else None, attempt.source_address)
        return AuditEntry(actor, "sign_in.refused", None, {"kind": attempt.kind.value})
