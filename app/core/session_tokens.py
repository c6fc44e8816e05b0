"""The JWTs that browsers and programs carry: HS256 only, every claim required, a secret session id inside.

The token alone opens nothing: the SHA-256 of its session id must be a live row of `user_sessions`. Times are checked
here against the desk's clock instead of in PyJWT, so that tests own the time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.domain.identity import NotSignedIn, SessionKind, normal_email
from app.domain.ports.identity import SessionClaims

_ALGORITHM = "HS256"
_ISSUER = "trading-desk"
_AUDIENCES = {SessionKind.COOKIE: "trading-desk/browser", SessionKind.BEARER: "trading-desk/api"}
_DEVICE_AUDIENCE = "trading-desk/device"
_SESSION_TYPE = "session+jwt"
_DEVICE_TYPE = "device+jwt"
_REQUIRED = ["exp", "nbf", "iat", "aud", "iss", "sub", "sid"]
_HEADER_NAMES = frozenset({"alg", "typ"})  # nothing that names or brings a key: no kid, jku, x5u, jwk, crit
_SESSION_ID_BYTES = 32
_SKEW = timedelta(seconds=5)  # between the clocks of several web processes
_DEVICE_LIFE = timedelta(days=90)
_TOKEN_MAX_LENGTH = 2048
_MOST_GENUINE = 1_000


class JwtSessionTokens:
    """`secret_key` is JWT_SECRET_KEY: at least 256 bits."""

    def __init__(self, secret_key: str) -> None:
        if len(secret_key.encode()) < 32:
            raise ValueError("expected a signing key of at least 32 bytes")
        self._key = secret_key
        self._genuine: dict[bytes, dict[str, Any]] = {}  # claims of session tokens whose signature was checked
        self._throttle_key = hmac.digest(secret_key.encode(), b"sign-in throttle", "sha256")

    def issue(self, user_id: str, kind: SessionKind, *, at: datetime, expires_at: datetime) -> tuple[str, str]:
        session_id = secrets.token_urlsafe(_SESSION_ID_BYTES)
        token = self._sign(user_id, session_id, _AUDIENCES[kind], _SESSION_TYPE, at, expires_at)
        return token, _hashed(session_id)

    def read(self, token: str, *, at: datetime) -> SessionClaims:
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()  # memory keeps no token
        claims = self._genuine.get(digest)
        if claims is None:
            claims = self._verified(token, list(_AUDIENCES.values()), _SESSION_TYPE, at)
            if len(self._genuine) >= _MOST_GENUINE:
                self._genuine.clear()
            self._genuine[digest] = claims
        else:
            _check_times(claims["iat"], claims["nbf"], claims["exp"], at=at)
        kinds = [kind for kind, audience in _AUDIENCES.items() if claims["aud"] == audience]
        if len(kinds) != 1:
            raise _refused()
        return SessionClaims(_hashed(claims["sid"]), claims["sub"], kinds[0])

    def issue_device(self, email: str, *, at: datetime) -> str:
        subject = self.throttle_key("device-owner", normal_email(email))
        device_id = secrets.token_urlsafe(_SESSION_ID_BYTES)
        return self._sign(subject, device_id, _DEVICE_AUDIENCE, _DEVICE_TYPE, at, at + _DEVICE_LIFE)

    def read_device(self, token: str, email: str, *, at: datetime) -> str | None:
        try:
            claims = self._verified(token, [_DEVICE_AUDIENCE], _DEVICE_TYPE, at)
        except NotSignedIn:
            return None
        owner = self.throttle_key("device-owner", normal_email(email))
        return _hashed(claims["sid"]) if hmac.compare_digest(claims["sub"], owner) else None

    def throttle_key(self, kind: str, value: str) -> str:
        return hmac.new(self._throttle_key, f"{kind}\0{value}".encode("utf-8", "replace"), "sha256").hexdigest()

    def _sign(self, subject: str, secret_id: str, audience: str, kind: str, at: datetime, expires_at: datetime) -> str:
        claims = {
            "iss": _ISSUER,
            "aud": audience,
            "sub": subject,
            "sid": secret_id,
            "iat": int(at.timestamp()),
            "nbf": int(at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"typ": kind})

    def _verified(self, token: str, audiences: list[str], kind: str, at: datetime) -> dict[str, Any]:
        if len(token) > _TOKEN_MAX_LENGTH:
            raise _refused()
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != kind or header.get("alg") != _ALGORITHM or set(header) != _HEADER_NAMES:
                raise _refused()
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=audiences,
                issuer=_ISSUER,
                options={"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, UnicodeError):
            raise _refused() from None
        texts = [claims[name] for name in ("sub", "sid", "aud", "iss")]
        times = [claims[name] for name in ("iat", "nbf", "exp")]
        if not all(type(text) is str and text for text in texts) or not all(type(moment) is int for moment in times):
            raise _refused()
        _check_times(*times, at=at)
        return claims


def _check_times(issued_at: int, not_before: int, expires_at: int, *, at: datetime) -> None:
    now_s = at.astimezone(UTC).timestamp()
    skew_s = _SKEW.total_seconds()
    if now_s >= expires_at or now_s < not_before - skew_s or now_s < issued_at - skew_s:
        raise _refused()


def _hashed(secret_id: str) -> str:
    return hashlib.sha256(secret_id.encode()).hexdigest()


def _refused() -> NotSignedIn:
    return NotSignedIn("sign in to do this")
