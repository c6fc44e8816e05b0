"""Two brokers arranged alike, so that one contract suite can ask both the same questions."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from app.brokers.mofsl import MofslBroker
from app.brokers.simulated import Does, SimulatedBroker, Step
from app.core.clock import SystemClock
from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.domain.broker import SealedLogin
from app.domain.instruments import Exchange, Instrument, InstrumentKind
from app.domain.ports import Broker

ITC = (Exchange.NSE, 1660)


def opened_as_sealed(sealed: str, *, owner_id: str, field: str) -> str:
    """Stand in for the sealing: the value, bound to its owner and column."""
    prefix = f"{owner_id}|{field}|"
    if not sealed.startswith(prefix):
        raise ValueError("sealed for another place")
    return sealed.removeprefix(prefix)


def sealed_login(code: str, facts: dict[str, str], *, is_dealer: bool = False, **changes: str) -> SealedLogin:
    """Return the login of a simulator's account, "sealed" for owner `owner-CODE`."""
    owner, plain = f"owner-{code}", {**facts, **changes}

    def sealed(column: str, name: str) -> str:
        return f"{owner}|{column}|{plain[name]}"

    return SealedLogin(
        owner_id=owner,
        user_id=code,
        is_dealer=is_dealer,
        encrypted_mofsl_api_key_interactive=sealed("encrypted_mofsl_api_key_interactive", "api_key"),
        encrypted_mofsl_api_secret=sealed("encrypted_mofsl_api_secret", "api_secret"),
        encrypted_mofsl_password=sealed("encrypted_mofsl_password", "password"),
        encrypted_mofsl_two_fa=sealed("encrypted_mofsl_two_fa", "two_fa"),
        encrypted_mofsl_totp_secret=sealed("encrypted_mofsl_totp_secret", "totp_secret"),
    )


class Harness(Protocol):
    clients: tuple[str, ...]

    @property
    def broker(self) -> Broker: ...

    def login(self, code: str) -> SealedLogin: ...

    def wrong_login(self, code: str) -> SealedLogin: ...

    def next_place_loses_its_reply(self, code: str) -> None: ...

    def next_place_is_refused(self, code: str, broker_code: str) -> None: ...

    def next_place_finds_the_session_dead(self, code: str) -> None: ...

    def next_reads_fail(self, call: str, code: str) -> None: ...

    def unreachable(self) -> Broker | None:
        """Return a broker that cannot be reached, or None where the script of `broker` does it."""

    def ledger_tags(self, code: str) -> list[str]: ...


_PLAIN = {"api_key": "k", "api_secret": "s", "password": "p", "two_fa": "f", "totp_secret": "JBSWY3DPEHPK3PXP"}


class SimulatedHarness:
    def __init__(self) -> None:
        self.clients: tuple[str, ...] = ("TC0001", "TC0002", "TC0003")
        self.broker: SimulatedBroker = SimulatedBroker(SystemClock())
        for code in self.clients:
            self.broker.add_account(code)
        self.broker.add_instrument(
            Instrument(
                exchange=Exchange.NSE,
                symbol_token=1660,
                symbol="ITC",
                name="ITC EQ",
                series="EQ",
                kind=InstrumentKind.EQUITY,
                lot_size=1,
                tick_size=Decimal("0.05"),
                freeze_quantity=None,
                expiry=None,
                strike=None,
                option_type=None,
                isin="INE154A01025",
                full_name="ITC LTD",
            ),
            Decimal("412.30"),
        )
        self.broker.add_instrument(
            Instrument(
                exchange=Exchange.NSEFO,
                symbol_token=53110,
                symbol="NIFTY",
                name="NIFTY 29-Dec-2026",
                series="XX",
                kind=InstrumentKind.FUTURE,
                lot_size=65,
                tick_size=Decimal("0.05"),
                freeze_quantity=1800,
                expiry=date(2026, 12, 29),
                strike=None,
                option_type=None,
                isin=None,
                full_name="NIFTY 29-Dec-2026",
            ),
            Decimal("25100.00"),
        )

    def login(self, code: str) -> SealedLogin:
        return sealed_login(code, _PLAIN)

    def wrong_login(self, code: str) -> SealedLogin:
        self.broker.script("log_in", code, Step(Does.REFUSE, "MO1000"))
        return self.login(code)

    def next_place_loses_its_reply(self, code: str) -> None:
        self.broker.script("place_order", code, Does.LOSE_REPLY)

    def next_place_is_refused(self, code: str, broker_code: str) -> None:
        self.broker.script("place_order", code, Step(Does.REFUSE, broker_code))

    def next_place_finds_the_session_dead(self, code: str) -> None:
        self.broker.script("place_order", code, Does.SESSION_DEAD)

    def next_reads_fail(self, call: str, code: str) -> None:
        self.broker.script(call, code, Does.FAIL_READ)

    def unreachable(self) -> Broker | None:
        for code in self.clients:
            self.broker.script("place_order", code, Does.UNREACHABLE)
        return None

    def ledger_tags(self, code: str) -> list[str]:
        return [order.instruction.tag for order in self.broker.ledger.of_client(code)]


_READ_PATHS = {
    "order_book": "getorderbook",
    "trade_book": "gettradebook",
    "positions": "getposition",
    "holdings": "getdpholding",
    "funds": "getreportmarginsummary",
}


@dataclass
class MofslHarness:
    """The real adapter against a running simulator process. Each test uses clients of its own."""

    url: str
    generation: Generation
    dead_url: str
    clients: tuple[str, ...]
    accounts: dict[str, dict[str, str]]
    broker: MofslBroker = field(init=False)

    def __post_init__(self) -> None:
        self.broker = self._broker_at(self.url)

    def _broker_at(self, url: str) -> MofslBroker:
        settings = MofslEndpointSettings.for_generation(
            url, self.generation, HeaderIdentity(client_public_ip="203.0.113.10"), order_timeout_s=2.0
        )
        clock = SystemClock()
        wrapper = MOFSLApiWrapper(settings, AiohttpTransport(), open_sealed=opened_as_sealed, clock=clock)
        return MofslBroker(wrapper, clock)

    def login(self, code: str) -> SealedLogin:
        return sealed_login(code, self.accounts[code])

    def wrong_login(self, code: str) -> SealedLogin:
        return sealed_login(code, self.accounts[code], password="not-the-password")

    def _fault(self, path: str, code: str, action: str, value: Any = None) -> None:
        match = {"path": path, "clientcode": code, "times": 1}
        control(self.url, "faults", {"match": match, "action": action} | ({} if value is None else {"value": value}))

    def next_place_loses_its_reply(self, code: str) -> None:
        self._fault("placeorder", code, "close_after_accept")

    def next_place_is_refused(self, code: str, broker_code: str) -> None:
        self._fault("placeorder", code, "errorcode", {"code": broker_code})

    def next_place_finds_the_session_dead(self, code: str) -> None:
        self._fault("placeorder", code, "token_dead")

    def next_reads_fail(self, call: str, code: str) -> None:
        self._fault(_READ_PATHS[call], code, "http_status", 502)

    def unreachable(self) -> Broker | None:
        return self._broker_at(self.dead_url)

    def ledger_tags(self, code: str) -> list[str]:
        return [order["tag"] for order in control(self.url, "ledger")["orders"] if order["clientcode"] == code]


def control(url: str, page: str, body: dict[str, Any] | None = None) -> Any:
    """Call the simulator's control page; POST with a body, else GET."""
    request = urllib.request.Request(f"{url}/_sim/{page}", None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
