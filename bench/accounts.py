"""The accounts that desk, bare server and naive loop trade for; the stub takes any."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from app.core.clock import SystemClock
from app.domain.broker import AuthToken, SealedLogin
from bench.stub_answers import token_of

_API_KEY = "k" * 16
_API_SECRET = "s" * 36
_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # made for this bench
_TWO_FA = "01/01/1980"
_PASSWORD = "bench-password-1"


def client_code(number: int) -> str:
    return f"BN{number:05d}"


def client_file(first: int, count: int) -> bytes:
    """Return accounts as the file that the desk imports."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "mofsl_client_code", "api_key", "api_secret", "password", "two_fa", "totp_secret"])
    for number in range(first, first + count):
        code = client_code(number)
        writer.writerow(
            [f"Client {number}", code, f"{_API_KEY}{number}", _API_SECRET, _PASSWORD, _TWO_FA, _TOTP_SECRET]
        )
    return text.getvalue().encode()


def session_of(code: str) -> AuthToken:
    """Return a session that needs no login, as long as a real one."""
    return AuthToken(
        owner_id=code,
        user_id=code,
        is_dealer=False,
        value=token_of(code),
        access_token="a" * len(token_of(code)),
        api_key=_API_KEY,
        api_secret=_API_SECRET,
        expires_at=SystemClock().now() + timedelta(hours=8),
    )


def plain_login(code: str) -> SealedLogin:
    """Return credentials that are not sealed, for the naive loop and its `open_plain`."""
    return SealedLogin(
        owner_id=code,
        user_id=code,
        is_dealer=False,
        encrypted_mofsl_api_key_interactive=_API_KEY,
        encrypted_mofsl_api_secret=_API_SECRET,
        encrypted_mofsl_password=_PASSWORD,
        encrypted_mofsl_two_fa=_TWO_FA,
        encrypted_mofsl_totp_secret=_TOTP_SECRET,
    )


def open_plain(sealed: str, *, owner_id: str, field: str) -> str:
    """Return `sealed` as it is."""
    del owner_id, field
    return sealed
