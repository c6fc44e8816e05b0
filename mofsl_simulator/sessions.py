"""Signing in: credentials, second factors, tokens and their death."""

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyotp

from mofsl_simulator.accounts import Account, Dealer, Login
from mofsl_simulator.clock import SimClock
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.settings import Settings

TOKEN_FORM = re.compile(r"[0-9a-f]{32}_M\Z")
_TOTP_STEP_S = 30
_MAX_OTP_ATTEMPTS = 3


@dataclass(slots=True, eq=False)
class Session:
    login: Login
    auth_token: str = field(repr=False)
    token_day: int
    is_verified: bool
    access_token: str = field(default="", repr=False)
    is_alive: bool = True
    otp: str = field(default="", repr=False)
    otp_attempts: int = 0
    reads: dict[str, tuple[int, int]] = field(default_factory=dict)


class Sessions:
    def __init__(
        self,
        accounts: dict[str, Account],
        dealers: dict[str, Dealer],
        clock: SimClock,
        settings: Settings,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._logins: dict[str, Login] = {**accounts, **dealers}
        self._by_api_key = {login.api_key: login for login in self._logins.values()}
        self._secrets = {login.api_secret for login in self._logins.values()}
        self._by_token: dict[str, Session] = {}
        self._of_login: dict[str, list[Session]] = {}
        self._clock = clock
        self._settings = settings
        self._wall_s = wall_s
        self._swept_day = clock.token_day()

    def login_of(self, code: str) -> Login | None:
        return self._logins.get(code)

    def owner_of_key(self, api_key: str) -> Login | None:
        return self._by_api_key.get(api_key)

    def is_a_secret(self, text: str) -> bool:
        """Somebody's API secret, sent where the key belongs."""
        return text in self._secrets

    def peek(self, auth_token: str) -> Session | None:
        """The session of a token, dead or alive, without any check."""
        return self._by_token.get(auth_token)

    def sign_in(self, body: dict[str, Any], api_key: str) -> Session:
        """Check every factor in turn; raises Refusal with the code of the first that is wrong."""
        login = self._logins.get(str(body.get("userid") or "").strip().upper())
        if login is None:
            raise Refusal("MO1001")
        if login.api_key != api_key:
            raise Refusal("MO1004")
        if login.refused_with:
            raise Refusal(login.refused_with)
        given = body.get("password")
        if not isinstance(given, str) or len(given) != 64:
            raise Refusal("MO1002")
        if not hmac.compare_digest(given.encode(), login.password_hash.encode()):
            raise Refusal("MO1000")
        if body.get("2FA") != login.two_fa:
            raise Refusal("MO1007")
        totp = str(body.get("totp") or "").strip()
        if totp:
            self._check_totp(login, totp)
        return self._open(login, is_verified=bool(totp))

    def _check_totp(self, login: Login, code: str) -> None:
        if not login.totp_secret:
            raise Refusal("MO1094")
        totp = pyotp.TOTP(login.totp_secret)
        now_step = int(self._wall_s()) // _TOTP_STEP_S
        for step in (now_step, now_step - 1, now_step + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
                break
        else:
            raise Refusal("MO1093")
        if self._settings.totp_reuse_refused and step <= login.last_totp_step:
            raise Refusal("MO1093", "totp already used")
        login.last_totp_step = max(step, login.last_totp_step)

    def _open(self, login: Login, *, is_verified: bool) -> Session:
        today = self._clock.token_day()
        self._sweep(today)
        known = self._of_login.setdefault(login.code, [])
        open_now = [session for session in known if session.is_alive and session.token_day == today]
        if self._settings.second_login_ends_first:
            for session in open_now:
                session.is_alive = False
        elif len(open_now) >= self._settings.max_sessions:
            raise Refusal("MO2000")
        session = Session(login, f"{secrets.token_hex(16)}_M", today, is_verified)
        if not is_verified:
            self.send_otp(session)
        self._by_token[session.auth_token] = session
        known.append(session)
        return session

    def _sweep(self, today: int) -> None:
        """Forget tokens of the days before yesterday; until then they answer MO8002."""
        if today == self._swept_day:
            return
        self._swept_day = today
        kept = [session for session in self._by_token.values() if session.token_day >= today - 1]
        self._by_token = {session.auth_token: session for session in kept}
        self._of_login = {}
        for session in kept:
            self._of_login.setdefault(session.login.code, []).append(session)

    def require(self, auth_token: str) -> Session:
        """The living session of an Authorization header; raises Refusal."""
        if not auth_token:
            raise Refusal("MO8003")
        session = self._by_token.get(auth_token)
        if session is None:
            raise Refusal("MO8001" if TOKEN_FORM.match(auth_token) else "MO2007")
        if not session.is_alive or session.token_day != self._clock.token_day():
            raise Refusal("MO8002")
        return session

    @staticmethod
    def require_access_token(session: Session, access_token: str) -> None:
        if not access_token:
            raise Refusal("MO8003")
        if not session.access_token or access_token != session.access_token:
            raise Refusal("MO8001")

    @staticmethod
    def exchange(session: Session) -> str:
        """The access token of a session: made once, then the same."""
        if not session.access_token:
            session.access_token = f"{secrets.token_hex(16)}_M"
        return session.access_token

    @staticmethod
    def send_otp(session: Session) -> None:
        """Make a code; control shows it in place of the SMS."""
        if session.is_verified:
            raise Refusal("MO1095")
        session.otp = f"{secrets.randbelow(10**6):06d}"

    @staticmethod
    def verify_otp(session: Session, given: object) -> None:
        if session.is_verified:
            raise Refusal("MO1095")
        code = f"{given:06d}" if isinstance(given, int) and not isinstance(given, bool) else given
        if not isinstance(code, str) or not re.fullmatch(r"[0-9]{6}", code):
            raise Refusal("MO1099")
        if session.otp_attempts >= _MAX_OTP_ATTEMPTS:
            raise Refusal("MO1096")
        if not hmac.compare_digest(code, session.otp):
            session.otp_attempts += 1
            raise Refusal("MO1095", "otp wrong")
        session.is_verified = True
        session.otp = ""

    def pending_otps(self) -> dict[str, str]:
        """Codes that wait to be entered, by user."""
        return {s.login.code: s.otp for s in self._by_token.values() if s.otp and s.is_alive}

    def end(self, session: Session) -> None:
        session.is_alive = False

    def end_all(self, code: str | None = None) -> int:
        """Kill the tokens of one login, or of all; answers how many died."""
        ended = 0
        for session in self._by_token.values():
            if session.is_alive and code in (None, session.login.code):
                session.is_alive = False
                ended += 1
        return ended
