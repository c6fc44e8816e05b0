"""Settings, read and checked once at start from the environment and `.env`. `.env.example` explains each one."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import config_checks as check

UAT_BASE_URL = "https://openapi.motilaloswaluat.com"
_FEED_PATH = "/jwebsocket/jwebsocket"
FEED_URL = f"wss://ws1feed.motilaloswal.com{_FEED_PATH}"


class ConfigError(Exception):
    """The settings cannot be used; the message is one sentence for a person and holds no secret."""


def _secret(checked: Callable[[str], object]) -> AfterValidator:
    def validate(value: SecretStr) -> SecretStr:
        checked(value.get_secret_value())
        return value

    return AfterValidator(validate)


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _listed(checked: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda values: tuple(checked(value) for value in values))


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("is not an IP address; write one such as 203.0.113.10") from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("holds what is not a network; write such as 10.0.0.0/8, separated by commas") from None


def _log_level(value: str) -> str:
    return check.checked_choice(value.upper(), ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))


def check_log_level(given: str | None) -> None:
    """Raises ConfigError, before anything is started, where `given` is set and names no level."""
    try:
        _log_level(given or "INFO")
    except ValueError as error:
        raise ConfigError(f"LOG_LEVEL {error}.") from None


def _broker_url(secure: str, plain: str) -> AfterValidator:
    return AfterValidator(lambda url: check.checked_broker_url(url, secure=secure, plain=plain) if url else url)


Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """Names are the environment's, in lower case. Ours carry their unit; secrets print as stars."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    # secrets
    jwt_secret_key: Annotated[SecretStr, _secret(check.checked_jwt_key)]
    fernet_key: Annotated[SecretStr, _secret(check.checked_fernet_keys)]
    backup_key: Annotated[SecretStr, _secret(check.checked_fernet_keys)] | None = None

    # where state lives
    state_dir: Path = Path("./var")
    database_url: Annotated[SecretStr, _secret(check.checked_database_url)] = SecretStr("")
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    redis_url: Annotated[SecretStr, _secret(check.checked_redis_url)] | None = None

    # the server
    listen_host: str = "127.0.0.1"
    port: Port = 8000
    log_level: Annotated[str, AfterValidator(_log_level)] = "INFO"
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), _listed(check.checked_origin)] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), _listed(_network)] = ()
    secure_cookies: bool | None = None
    max_body_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 1024 * 1024
    shutdown_grace_s: Seconds = 10.0

    # signing in
    session_idle_s: Annotated[float, Field(ge=60, le=43_200)] = 3600.0
    session_max_s: Annotated[float, Field(ge=300, le=43_200)] = 43_200.0
    step_up_s: Annotated[float, Field(ge=30, le=900)] = 300.0

    # the broker
    mofsl_base_url: Annotated[str, _broker_url("https", "http")] = UAT_BASE_URL
    mofsl_generation: Annotated[str, AfterValidator(lambda g: check.checked_choice(g, ("current", "older")))] = (
        "current"
    )
    mofsl_header_set: Annotated[str, AfterValidator(lambda g: check.checked_choice(g, ("", "current", "older")))] = ""
    mofsl_feed_url: Annotated[str, _broker_url("wss", "ws")] = ""
    mofsl_trade_url: Annotated[str, _broker_url("wss", "ws")] = ""
    mofsl_order_stream: bool = False
    mofsl_client_public_ip: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    mofsl_source_id: Literal["WEB", "DESKTOP", "MOBILE"] = "WEB"
    mofsl_vendor_info: Annotated[str, Field(max_length=50, pattern=r"^[\x21-\x7e]*$")] = ""
    mofsl_order_rate: Annotated[int, Field(ge=1, le=10)] = 8
    mofsl_read_rate: Annotated[int, Field(ge=1, le=10)] = 2
    mofsl_definitive_codes_file: Path | None = None

    # how long things may take
    order_deadline_s: Seconds = 10.0
    read_deadline_s: Seconds = 10.0
    login_deadline_s: Seconds = 20.0
    queue_deadline_s: Seconds = 60.0
    quote_max_age_s: Seconds = 2.0
    duplicate_window_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    reconcile_interval_s: Seconds = 1.0
    max_in_flight: Annotated[int, Field(ge=1, le=20_000)] = 2000
    login_parallel: Annotated[int, Field(ge=1, le=500)] = 50

    # set by `desk demo` alone, never from outside: sending starts armed, the market counts as open
    demo: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url.get_secret_value():
            path = self.state_dir.expanduser().absolute() / "desk.db"
            object.__setattr__(self, "database_url", SecretStr(f"sqlite:///{path}"))
        parts = urlsplit(self.mofsl_base_url)
        sockets = f"{'ws' if parts.scheme == 'http' else 'wss'}://{parts.netloc}"
        if not self.mofsl_trade_url:
            object.__setattr__(self, "mofsl_trade_url", f"{sockets}/ws")
        if not self.mofsl_feed_url:
            # a simulated account must never be valued at the market's real prices
            is_simulator = check.is_loopback(parts.hostname or "")
            object.__setattr__(self, "mofsl_feed_url", f"{sockets}{_FEED_PATH}" if is_simulator else FEED_URL)
        if not self.mofsl_header_set:
            object.__setattr__(self, "mofsl_header_set", self.mofsl_generation)
        return self

    @property
    def fernet_keys(self) -> tuple[SecretStr, ...]:
        """The first seals, all open."""
        return tuple(SecretStr(key) for key in check.checked_fernet_keys(self.fernet_key.get_secret_value()))

    @property
    def uses_secure_cookies(self) -> bool:
        """False only on loopback, where there is no TLS, unless SECURE_COOKIES says otherwise."""
        return not check.is_loopback(self.listen_host) if self.secure_cookies is None else self.secure_cookies

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins whose browsers may open a socket or change state: our own, and the configured ones."""
        if self.allowed_origins:
            return self.allowed_origins
        return tuple(f"http://{host}:{self.port}" for host in ("127.0.0.1", "localhost"))


_NEEDED = {
    "JWT_SECRET_KEY": "make one with: openssl rand -hex 32",
    "FERNET_KEY": "make one with: openssl rand -base64 32 | tr '+/' '-_'",
}


def load_settings(*, env_file: Path | None = Path(".env"), demo: bool = False, **overrides: Any) -> Settings:
    """Read and check the settings; `overrides` (lower-case names) win. Raises ConfigError."""
    if env_file is not None and env_file.exists() and not os.access(env_file, os.R_OK):
        raise ConfigError(f"The settings file {env_file.name} cannot be read; check its permissions.")
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(_env_file=env_file, demo=demo, **given)
    except ValidationError as error:
        raise ConfigError(_sentence(error.errors(include_input=False, include_url=False))) from None
    except UnicodeDecodeError:
        raise ConfigError("The settings file is not UTF-8 text; save it as UTF-8.") from None


def _sentence(problems: list[ErrorDetails]) -> str:
    missing = [name for name in _NEEDED if any(_is_missing(problem, name) for problem in problems)]
    if missing:
        return f"{' and '.join(missing)} not set; {'; '.join(_NEEDED[name] for name in missing)}; see .env.example."
    problem = problems[0]
    name = str(problem["loc"][0]).upper() if problem["loc"] else "A setting"
    if problem["type"] == "value_error":
        return f"{name} {problem['ctx']['error']}."
    return f"{name} cannot be used: {_plain(problem)}; see .env.example."


def _is_missing(problem: ErrorDetails, name: str) -> bool:
    return problem["type"] == "missing" and problem["loc"] == (name.lower(),)


def _plain(problem: ErrorDetails) -> str:
    text = problem["msg"].removeprefix("Input should be ")
    return f"it should be {text}" if text != problem["msg"] else text[0].lower() + text[1:]
