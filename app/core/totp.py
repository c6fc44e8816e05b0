"""Time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s), by pyotp."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
_SECRET_BASE32_LENGTH = 32  # 160 bits, as RFC 4226 recommends
_ISSUER = "Trading desk"


class TotpVerifier:
    """Accepts the current step, and the one before during its first `grace_s` seconds.

    The grace is a written deviation from ASVS 6.5.5 (a code lives 30 s): a code typed at the end of its time still
    counts. Each step counts once all the same.
    """

    def __init__(self, *, grace_s: int = 5) -> None:
        self._grace_s = grace_s

    def new_secret(self) -> str:
        return pyotp.random_base32(_SECRET_BASE32_LENGTH)

    def uri(self, secret: str, email: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)

    def code(self, secret: str, at: datetime) -> str:
        """Return the code that an authenticator shows at `at`."""
        return pyotp.TOTP(secret).generate_otp(int(at.timestamp()) // STEP_S)

    def step(self, secret: str, code: str, *, at: datetime) -> int | None:
        now_s = int(at.timestamp())
        current = now_s // STEP_S
        steps = [current] if now_s % STEP_S >= self._grace_s else [current, current - 1]
        totp = pyotp.TOTP(secret)
        matched = None
        for step in steps:
            if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode("utf-8", "replace")):
                matched = step if matched is None else matched
        return matched
