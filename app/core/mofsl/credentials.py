"""Opening a login's sealed credentials, MOFSL's password hash, and TOTP steps that are used once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from app.domain.errors import LoginRefused
from app.domain.ports import Clock

TOTP_STEP_S = 30


class OpenSealed(Protocol):
    def __call__(self, sealed: str, *, owner_id: str, field: str) -> str:
        """Return the plain value. `field` is the column's name; a value sealed for another place does not open."""


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """A login ready for use. Lives for one login call; nothing secret is in its repr."""

    owner_id: str
    user_id: str
    is_dealer: bool
    egress_id: str | None
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    password: str = field(repr=False)
    two_fa: str = field(repr=False)
    totp_secret: str = field(repr=False)


def open_login(client: Any, open_sealed: OpenSealed) -> OpenLogin:
    """Open the credentials of a `SealedLogin`, or of a row with the same columns (`id`, `mofsl_client_code`).

    Raises LoginRefused (`credentials_unreadable`) where one does not open or is missing.
    """
    owner_id = str(getattr(client, "owner_id", None) or client.id)
    user_id = str(getattr(client, "user_id", None) or client.mofsl_client_code).strip().upper()

    def opened(name: str) -> str:
        column = f"encrypted_mofsl_{name}"
        sealed = getattr(client, column, None)
        if not sealed:
            raise LoginRefused(f"the login has no {name} on record", code="credentials_missing")
        try:
            return open_sealed(sealed, owner_id=owner_id, field=column)
        except Exception:  # noqa: BLE001 - whatever the sealing says, its details stay out of sight
            raise LoginRefused(f"the login's {name} cannot be opened", code="credentials_unreadable") from None

    return OpenLogin(
        owner_id=owner_id,
        user_id=user_id,
        is_dealer=bool(getattr(client, "is_dealer", False)),
        egress_id=getattr(client, "egress_id", None),
        api_key=opened("api_key_interactive"),
        api_secret=opened("api_secret"),
        password=opened("password"),
        two_fa=opened("two_fa"),
        totp_secret=opened("totp_secret"),
    )


def password_hash(password: str, api_key: str) -> str:
    """Return the 64 lower-case hex digits that MOFSL wants: SHA-256 over password and ApiKey (API.md section 4)."""
    return hashlib.sha256(f"{password}{api_key}".encode()).hexdigest()


class TotpSteps:
    """Gives each login a code of a 30-second step that it has not used before.

    `sleep` waits for a number of seconds on `clock`. The last step of each login is kept in memory only.
    """

    def __init__(
        self, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, *, least_left_s: float = 1.0
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._least_left_s = least_left_s
        self._last_step: dict[str, int] = {}

    async def next_code(self, user_id: str, secret: str) -> str:
        """Return six digits, waiting for the next step where this one was used or is about to end.

        Raises LoginRefused (`totp_secret_invalid`) where `secret` is not Base32.
        """
        totp = _totp(secret)
        while True:
            now_s = self._clock.now().timestamp()
            step = int(now_s // TOTP_STEP_S)
            usable_step = max(step, self._last_step.get(user_id, -1) + 1)
            if usable_step == step and (step + 1) * TOTP_STEP_S - now_s < self._least_left_s:
                usable_step += 1
            if usable_step == step:
                self._last_step[user_id] = step
                return totp.generate(step * TOTP_STEP_S).decode()
            await self._sleep(usable_step * TOTP_STEP_S - now_s)


def _totp(secret: str) -> TOTP:
    """The secret is the broker's to choose: one of 80 bits, as many authenticators give, is used like any other."""
    plain = secret.replace(" ", "").rstrip("=").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError:  # its text quotes the secret
        raise LoginRefused("the login's TOTP secret is not Base32", code="totp_secret_invalid") from None
    return TOTP(key, 6, SHA1(), TOTP_STEP_S, enforce_key_length=False)  # noqa: S303 (RFC 6238, as the broker has it)
