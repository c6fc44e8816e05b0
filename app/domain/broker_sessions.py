"""Logins at the broker: when the next attempt is due, and when the whole fleet should hold back.

Rules: one session a day, dead at 06:00 IST (mofsl/API.md section 4); repeated refusals can lock an account
(ERRORS.md, MO1000), so a refused login is tried again by itself only where a fresh TOTP code can help, once;
one TOTP step is used once (DESIGN.md section 6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from app.domain.errors import NotFound
from app.domain.time import IST

TOTP_STEP_S = 30
TOTP_REFUSALS = frozenset({"MO1093", "MO1094"})  # TOTP wrong; TOTP secret wrong or not set
MOST_REFUSALS = 2
REFUSAL_WINDOW = timedelta(minutes=15)


class SessionState(StrEnum):
    ABSENT = "absent"
    LOGGING_IN = "logging_in"
    READY = "ready"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"


class LoginKind(StrEnum):
    CLIENT = "client"
    DEALER = "dealer"


@dataclass(frozen=True, slots=True)
class Login:
    """One MOFSL login that the desk keeps open: a client's own, or a dealer's."""

    login_id: str
    kind: LoginKind
    user_id: str
    shard: int
    credentials_changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What is stored of a login's session, without its secret."""

    login_id: str
    kind: LoginKind
    user_id: str
    state: SessionState = SessionState.ABSENT
    reason: str | None = None
    generation: int = 0
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    attempted_at: datetime | None = None
    refusals: int = 0  # since the last success or change of credentials
    login_requested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What callers are told: may this login trade now, and if not, why."""

    state: SessionState
    reason: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One login as operators see it: whom it serves, and its session."""

    login_id: str
    kind: LoginKind
    user_id: str
    name: str
    clients: int  # active ones that it serves
    record: SessionRecord | None


class LoginNotFound(NotFound):
    default_code = "login_not_found"


NO_SESSION = SessionStatus(SessionState.ABSENT, "Not logged in at the broker yet.")


@dataclass(frozen=True, slots=True)
class LoginPolicy:
    """`planned_at` (IST) is when the daily logins begin after the cut; None means at once, as in a demo."""

    planned_at: time | None = time(8, 30)  # the broker's FAQ advises 08:30 to 08:55
    planned_spread: timedelta = timedelta(minutes=10)
    first_delay_s: float = 2.0
    longest_delay_s: float = 300.0
    most_logins_per_window: int = 3  # successful ones within REFUSAL_WINDOW, before the next has to wait


def status_at(record: SessionRecord | None, now: datetime) -> SessionStatus:
    """Return the truth at `now`: a stored `ready` whose time is over is `expired`."""
    if record is None:
        return NO_SESSION
    return status_when(SessionStatus(record.state, record.reason, record.expires_at), now)


def is_ready_at(record: SessionRecord, now: datetime) -> bool:
    """Say whether `status_at` would be ready, and build nothing: it is asked of every login, several times a second."""
    return record.state is SessionState.READY and record.expires_at is not None and record.expires_at > now


def status_when(stored: SessionStatus, now: datetime) -> SessionStatus:
    """Return the truth at `now` of a status as it was stored."""
    if stored.state is SessionState.READY and (stored.expires_at is None or stored.expires_at <= now):
        return SessionStatus(SessionState.EXPIRED, "The broker ends every session at 06:00 IST.", stored.expires_at)
    return stored


def refusal_of(status: SessionStatus) -> tuple[str, str]:
    """Return the code and the sentence for an order whose login is not ready."""
    return "no_session", status.reason or f"The login at the broker is {status.state.replace('_', ' ')}."


def next_attempt_at(
    record: SessionRecord,
    login: Login,
    now: datetime,
    policy: LoginPolicy,
    *,
    unreachable_in_a_row: int,
    recent_logins: Iterable[datetime],
    is_code_spent: bool,
) -> datetime | None:
    """Return when `login` should next be tried; None means not by itself.

    `is_code_spent`: the last attempt may have shown the broker a TOTP code, so the next one waits for a new step.
    """
    attempted, asked = record.attempted_at, record.login_requested_at
    is_asked = asked is not None  # an attempt clears the wish that it answers
    changed = login.credentials_changed_at
    has_new_credentials = changed is not None and (attempted is None or changed > attempted)
    if is_ready_at(record, now):
        return None
    due = now
    if has_new_credentials or is_asked:
        pass
    elif record.state is SessionState.REFUSED:
        if record.refusals >= MOST_REFUSALS:
            return None
    elif record.state is SessionState.UNREACHABLE:
        due = (attempted or now) + _growing(policy, unreachable_in_a_row)
    elif died_of_age(record, now):
        due = _planned(login.login_id, now, policy)
    if not is_asked:
        due = max(due, _after_many(tuple(recent_logins), now, policy))
    if attempted is not None and is_code_spent:
        due = max(due, next_totp_step(attempted))
    return due


def died_of_age(record: SessionRecord, now: datetime) -> bool:
    """True where the session ran its full time, rather than being ended early by the broker or by us."""
    ended = record.state in {SessionState.READY, SessionState.EXPIRED}
    return ended and record.expires_at is not None and record.expires_at <= now


def next_totp_step(moment: datetime) -> datetime:
    """Return the start of the 30 s step after the one that holds `moment`."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % TOTP_STEP_S + TOTP_STEP_S, UTC)


def may_be_asked_again(record: SessionRecord | None, now: datetime) -> bool:
    """True where "log everyone in" may include this login: not one that was refused twice a moment ago."""
    if record is None:
        return True
    if status_at(record, now).state is SessionState.READY:
        return False
    used_up = record.state is SessionState.REFUSED and record.refusals >= MOST_REFUSALS
    return not (used_up and record.attempted_at is not None and record.attempted_at > now - REFUSAL_WINDOW)


def _growing(policy: LoginPolicy, failures: int) -> timedelta:
    return timedelta(seconds=min(policy.first_delay_s * 2 ** min(max(failures - 1, 0), 20), policy.longest_delay_s))


def _planned(login_id: str, now: datetime, policy: LoginPolicy) -> datetime:
    if policy.planned_at is None:
        return now
    local = now.astimezone(IST)
    share = hashlib.blake2s(login_id.encode(), digest_size=2).digest()
    spread = policy.planned_spread * (int.from_bytes(share, "big") / 65536)
    planned = datetime.combine(local.date(), policy.planned_at, IST) + spread
    return max(now, planned.astimezone(UTC))


def _after_many(recent_logins: tuple[datetime, ...], now: datetime, policy: LoginPolicy) -> datetime:
    """A broker that ends each new session at once must not be met with a login storm."""
    recent = [opened for opened in recent_logins if opened > now - REFUSAL_WINDOW]
    surplus = len(recent) - policy.most_logins_per_window
    if surplus < 0:
        return now
    return max(recent) + timedelta(seconds=min(60.0 * 2 ** min(surplus, 10), REFUSAL_WINDOW.total_seconds()))


@dataclass(slots=True)
class FleetBreaker:
    """Holds all logins back once several different ones had their TOTP refused and none succeeded in between.

    That is what a wrong clock of ours looks like, and every further attempt brings an account closer to its lock.
    While open, one login is let through every `probe_every`; a success closes the breaker.
    """

    most_refused: int = 5
    probe_every: timedelta = timedelta(seconds=60)
    opened_at: datetime | None = None
    _refused: set[str] = field(default_factory=set)
    _next_probe_at: datetime | None = None

    @property
    def reason(self) -> str:
        return (
            f"Logins are paused: the broker refused the TOTP codes of {len(self._refused)} logins in a row."
            " Check this machine's clock."
        )

    def refused(self, login_id: str, now: datetime) -> None:
        self._refused.add(login_id)
        if self.opened_at is None and len(self._refused) >= self.most_refused:
            self.opened_at = now
            self._next_probe_at = now + self.probe_every

    def succeeded(self) -> None:
        self._refused.clear()
        self.opened_at = None
        self._next_probe_at = None

    def lets_through(self, now: datetime) -> bool:
        """True where a login may be tried now; while open, taking the turn uses up the probe."""
        if self.opened_at is None:
            return True
        if self._next_probe_at is None or now < self._next_probe_at:
            return False
        self._next_probe_at = now + self.probe_every
        return True
