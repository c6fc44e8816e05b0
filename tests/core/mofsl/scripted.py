"""A transport of the tests' own that answers from a script, and the values that most tests need."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.core.mofsl.endpoints import Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl.transport import WireRequest
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.broker import (
    AuthToken,
    ModifyInstruction,
    OrderInstruction,
    Product,
    SealedLogin,
    Side,
    Validity,
    WireOrderType,
)
from app.domain.instruments import Exchange

API_KEY = "q7Lm2Zx9TtB4sKwE"
SECRETS = {
    "api_key_interactive": API_KEY,
    "api_secret": "c4nary-secret-9f31",
    "password": "demo-Pass1",
    "two_fa": "07/03/1985",
    "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
}
TOKEN_VALUE = "5b1f0c7a9d3e4286a0f47c61e8b92d35_M"
ACCESS_TOKEN = "e07d94b2c6514f8fa1b3907c5d2e6a48_M"
ALL_SECRETS = (*SECRETS.values(), TOKEN_VALUE, ACCESS_TOKEN)
Reply = tuple[int, bytes] | Exception


def json_reply(http_status: int = 200, /, **fields: Any) -> tuple[int, bytes]:
    return http_status, json.dumps(fields).encode()


def success(**fields: Any) -> tuple[int, bytes]:
    return json_reply(status="SUCCESS", message="", errorcode="", **fields)


def failure(code: str, *, http_status: int = 200, **fields: Any) -> tuple[int, bytes]:
    body = {"status": "ERROR", "message": "no", "errorcode": code, **fields}
    return http_status, json.dumps(body).encode()


@dataclass
class ScriptedTransport:
    replies: list[Reply] = field(default_factory=list)
    requests: list[WireRequest] = field(default_factory=list)
    is_closed: bool = False

    async def send(self, request: WireRequest) -> tuple[int, bytes]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def close(self) -> None:
        self.is_closed = True

    def body(self, n: int = -1) -> Any:
        return json.loads(self.requests[n].body or b"null", parse_float=Decimal)

    def path(self, n: int = -1) -> str:
        return self.requests[n].url.removeprefix("https://broker.example")


@dataclass
class HandClock:
    moment: datetime = datetime(2026, 9, 14, 4, 51, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def settings(generation: Generation = Generation.CURRENT, **identity: str) -> MofslEndpointSettings:
    facts = {"client_public_ip": "203.0.113.10", **identity}
    return MofslEndpointSettings.for_generation("https://broker.example", generation, HeaderIdentity(**facts))


def open_sealed(sealed: str, *, owner_id: str, field: str) -> str:
    prefix = f"sealed:{owner_id}:{field}:"
    if not sealed.startswith(prefix):
        raise ValueError(f"a text that quotes {sealed}")
    return sealed.removeprefix(prefix)


def sealed_login(*, owner_id: str = "C-42", is_dealer: bool = False, **changes: str) -> SealedLogin:
    facts = SECRETS | changes
    return SealedLogin(
        owner_id=owner_id,
        user_id="TC0042",
        is_dealer=is_dealer,
        **{f"encrypted_mofsl_{name}": f"sealed:C-42:encrypted_mofsl_{name}:{value}" for name, value in facts.items()},
    )


def wrapper_on(
    transport: ScriptedTransport,
    generation: Generation = Generation.CURRENT,
    clock: HandClock | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> MOFSLApiWrapper:
    clock = clock or HandClock()
    return MOFSLApiWrapper(
        settings(generation), transport, open_sealed=open_sealed, clock=clock, sleep=sleep or clock.sleep
    )


def auth_token(*, is_dealer: bool = False, access_token: str | None = ACCESS_TOKEN) -> AuthToken:
    return AuthToken(
        owner_id="C-42",
        user_id="D0007" if is_dealer else "TC0042",
        is_dealer=is_dealer,
        value=TOKEN_VALUE,
        access_token=access_token,
        api_key=API_KEY,
        api_secret=SECRETS["api_secret"],
        expires_at=datetime(2026, 9, 15, 0, 30, tzinfo=UTC),
    )


def instruction(**changes: Any) -> OrderInstruction:
    facts: dict[str, Any] = {
        "client_code": "TC0042",
        "exchange": Exchange.NSE,
        "symbol_token": 11536,
        "side": Side.BUY,
        "product": Product.DELIVERY,
        "order_type": WireOrderType.LIMIT,
        "validity": Validity.DAY,
        "quantity": 5,
        "lots": 5,
        "price": Decimal("3120.50"),
        "trigger_price": Decimal(0),
        "is_after_market": False,
        "tag": "S7A0001",
    }
    return OrderInstruction(**facts | changes)


def modification(**changes: Any) -> ModifyInstruction:
    facts: dict[str, Any] = {
        "client_code": "TC0042",
        "broker_order_id": "1400031TC0042",
        "order_type": WireOrderType.LIMIT,
        "validity": Validity.DAY,
        "quantity": 5,
        "lots": 5,
        "price": Decimal("3125.0"),
        "trigger_price": Decimal(0),
        "last_modified_text": "14-Sep-2026 10:21:07",
        "filled_today": 0,
    }
    return ModifyInstruction(**facts | changes)
