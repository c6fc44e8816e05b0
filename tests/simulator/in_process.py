"""The simulated broker without sockets, on a clock that stands still until a test moves it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson
import pyotp
from multidict import CIMultiDict

from mofsl_simulator import dispatch
from mofsl_simulator.accounts import Account, Login
from mofsl_simulator.broker import Broker
from mofsl_simulator.call import Call
from mofsl_simulator.clock import IST
from mofsl_simulator.control import control
from mofsl_simulator.endpoints import ENDPOINTS
from mofsl_simulator.streams.streams import Streams

MONDAY = datetime(2026, 11, 23, 10, 0, 0, tzinfo=IST)
COMMON_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "MOSL/V.1.1.0",
    "ClientLocalIp": "10.0.0.5",
    "ClientPublicIp": "203.0.113.10",
    "MacAddress": "02:00:5E:10:00:01",
    "SourceId": "WEB",
    "osname": "Linux",
    "osversion": "6.8",
    "devicemodel": "VM",
    "manufacturer": "Generic",
    "productname": "DemoApp",
    "productversion": "1.0",
    "browsername": "Chrome",
    "browserversion": "120.0",
}
CURRENT = {
    endpoint.key: path for path, endpoint in reversed(ENDPOINTS.items()) if endpoint.is_current or endpoint.is_public
}
OLDER = {endpoint.key: path for path, endpoint in ENDPOINTS.items() if not endpoint.is_current}
ITC = 1660
LIMIT_ORDER: dict[str, Any] = {
    "clientcode": "",
    "exchange": "NSE",
    "symboltoken": ITC,
    "buyorsell": "BUY",
    "ordertype": "LIMIT",
    "producttype": "DELIVERY",
    "orderduration": "DAY",
    "price": 283.0,
    "triggerprice": 0,
    "quantityinlot": 10,
    "disclosedquantity": 0,
    "amoorder": "N",
    "goodtilldate": "",
    "algoid": "",
    "tag": "A1B2C3",
    "participantcode": "",
}


class InProcess:
    def __init__(self, *, clients: int = 12, seed: int = 1, now: datetime = MONDAY, **more: Any) -> None:
        self._wall_s = now.timestamp()
        self._monotonic_s = 1000.0
        self.broker = Broker(
            clients=clients, seed=seed, wall_s=lambda: self._wall_s, monotonic_s=lambda: self._monotonic_s, **more
        )
        self.streams = Streams(self.broker, seed=seed, monotonic_s=lambda: self._monotonic_s)
        self.broker.prices.freeze_all(True)
        self._tokens: dict[str, dict[str, str]] = {}

    def elapse(self, seconds: float = 1.0) -> None:
        """Let time pass; what falls due happens on the way."""
        end_s = self._monotonic_s + seconds
        while True:
            due_s = self.broker.scheduler.run_due()
            if due_s is None or due_s > end_s:
                break
            self._move_to(due_s)
        self._move_to(end_s)

    def _move_to(self, monotonic_s: float) -> None:
        self._wall_s += monotonic_s - self._monotonic_s
        self._monotonic_s = monotonic_s

    def account(self, number: int = 1) -> Account:
        return self.broker.accounts[f"TC{number:04d}"]

    def totp(self, login: Login, *, offset_s: int = 0) -> str:
        return pyotp.TOTP(login.totp_secret).at(int(self._wall_s) + offset_s)

    def login_body(self, login: Login, **changes: Any) -> dict[str, Any]:
        digest = hashlib.sha256((login.password + login.api_key).encode()).hexdigest()
        body = {"userid": login.code, "password": digest, "2FA": login.two_fa, "totp": self.totp(login)}
        return body | changes

    def headers(self, login: Login, **changes: str | None) -> CIMultiDict[str]:
        """The full set of the current generation; a change to None leaves one out."""
        given: dict[str, str | None] = {
            **COMMON_HEADERS,
            "ApiKey": login.api_key,
            "apisecretkey": login.api_secret,
            "vendorinfo": login.code,
            **self._tokens.get(login.code, {}),
            **changes,
        }
        return CIMultiDict({name: value for name, value in given.items() if value is not None})

    def call(
        self, path: str, body: Any, headers: CIMultiDict[str], *, source: str = "127.0.0.1", method: str = "POST"
    ) -> dict[str, Any]:
        """One call by path; answers the parsed envelope."""
        raw = dispatch.answer(Call(self.broker, ENDPOINTS[path], headers, body, source), method).body
        parsed: dict[str, Any] = orjson.loads(raw)
        return parsed

    def sign_in(self, login: Login) -> None:
        """Both steps of the current generation."""
        self._tokens.pop(login.code, None)
        first = self.call(CURRENT["authdirectapi"], self.login_body(login), self.headers(login))
        assert first["status"] == "SUCCESS", first
        self._tokens[login.code] = {"Authorization": first["AuthToken"]}
        second = self.call(CURRENT["getaccesstoken"], {}, self.headers(login))
        self._tokens[login.code]["accesstoken"] = second["accesstoken"]

    def post(self, key: str, body: Any | None = None, *, login: Login | None = None) -> dict[str, Any]:
        """A call of the current generation by a login that is signed in if it is not yet."""
        login = login or self.account()
        if login.code not in self._tokens:
            self.sign_in(login)
        return self.call(CURRENT[key], {} if body is None else body, self.headers(login))

    def place(self, *, login: Login | None = None, **changes: Any) -> dict[str, Any]:
        return self.post("placeorder", LIMIT_ORDER | changes, login=login)

    def placed(self, *, login: Login | None = None, settle_s: float = 1.0, **changes: Any) -> str:
        """Place an order that must be taken; answers its id after the exchange has spoken."""
        answer = self.place(login=login, **changes)
        assert answer["status"] == "SUCCESS", answer
        self.elapse(settle_s)
        return str(answer["uniqueorderid"])

    def row(self, unique_id: str, *, login: Login | None = None) -> dict[str, Any]:
        """Its row in the order book."""
        rows = self.post("getorderbook", login=login)["data"]
        return next(row for row in rows if row["uniqueorderid"] == unique_id)

    def sim(self, method: str, page: str, body: Any | None = None, **query: str) -> tuple[int, dict[str, Any]]:
        """A control call: (HTTP status, parsed answer)."""
        raw = b"" if body is None else orjson.dumps(body)
        answer = control(self.broker, self.streams, method, page, query, raw, source="127.0.0.1")
        return answer.status, orjson.loads(answer.body)

    def set_price(self, ltp: float | str, *, exchange: str = "NSE", token: int = ITC) -> None:
        status, answer = self.sim("POST", "prices", {"exchange": exchange, "symboltoken": token, "ltp": ltp})
        assert status == 200, answer

    def nifty_next_50(self) -> int:
        """Token of the near future with a lot of 25."""
        return next(item.token for item in self.broker.instruments.of("NSEFO") if item.short_name == "NIFTYNXT50")
