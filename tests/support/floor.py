"""A trading floor for acceptance tests: a simulator and a demo desk, real processes used over real sockets."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
import pyotp

from app.demo.state import DemoState
from tests.support.processes import DemoProcess, SimulatorProcess, wait_until

Json = dict[str, Any]
_ANSWER_S = 90.0
_TOTP_STEP_S = 30
# Liquid shares of the simulator's built-in set: each test takes one of its own, since the desk blocks repeats.
SHARES = (
    1660, 383, 20374, 5097, 1333, 467, 18143, 1922, 11630, 2475, 14977, 3499, 3456, 3787, 17388, 1270, 4668, 438,
    11373, 526, 10794, 772, 14732, 4717, 1406, 1624, 2029, 9480, 4204, 17400, 15332, 14299, 10666, 15355, 9552, 2963,
    3426, 18921, 3063, 1512, 5900, 317, 694, 881, 7229, 1363, 4963, 1594, 11723, 2885, 3045, 4306, 3432, 10099, 9819,
    5258, 6733, 4067, 14947, 2277, 13751, 3563, 7929, 22377, 17963,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FloorClient:
    id: str
    code: str
    name: str


class Floor:
    """Started and signed in as its administrator when the constructor returns. Use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        clients: int = 25,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        simulator_arguments: Sequence[str] = (),
    ) -> None:
        """`settings` are the desk's own, kept with its state; `environment` is what `make run` would pass on."""
        self.folder = folder
        self._size = clients
        self._environment = dict(environment or {})
        self._simulator_arguments = tuple(simulator_arguments)
        state = DemoState(folder / "var")
        state.keep_secrets()
        with state.secrets_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in (settings or {}).items())
        self.simulator = SimulatorProcess(folder, clients=clients, arguments=self._simulator_arguments)
        try:
            self.desk = self._start_desk(None)
            self._api = httpx.Client(base_url=self.desk.url, timeout=_ANSWER_S)
            self._api.headers["Authorization"] = f"Bearer {self._sign_in()}"
            self.clients = [FloorClient(c["id"], c["mofsl_client_code"], c["name"]) for c in self._client_rows()]
        except BaseException:
            self._stop()
            raise
        self.by_id = {client.id: client for client in self.clients}
        held = {position["symboltoken"] for position in self.ledger()["positions"] if position["net"]}
        self._shares: Iterator[int] = iter([share for share in SHARES if share not in held])

    def _start_desk(self, port: int | None) -> DemoProcess:
        return DemoProcess(
            self.folder,
            clients=self._size,
            port=port,
            simulator_url=self.simulator.url,
            settings=self._environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for name in ("desk", "simulator"):  # neither is there where the start failed on the way
            if (process := getattr(self, name, None)) is not None:
                process.stop()

    # processes

    def start_desk_again(self) -> None:
        """Start the desk on its state and port; the administrator's session still counts."""
        self.desk = self._start_desk(self.desk.port)

    def restart_simulator(self) -> None:
        """Start the simulator again on its port, with an empty ledger."""
        self.simulator.stop()
        self.simulator = SimulatorProcess(
            self.folder, clients=self._size, port=self.simulator.port, arguments=self._simulator_arguments
        )

    # people

    def one_time_code(self, secret: str | None = None) -> str:
        return pyotp.TOTP(secret or self.desk.access["totp_secret"]).now()

    def _sign_in(self) -> str:
        access = self.desk.access
        return self.sign_in(access["email"], access["password"], access["totp_secret"])

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the administrator's session."""
        return {"Authorization": self._api.headers["Authorization"]}

    def sign_in(self, email: str, password: str, totp_secret: str) -> str:
        """Return a bearer token."""
        form = {"email": email, "password": password, "totp_code": self.one_time_code(totp_secret)}
        answer = httpx.post(f"{self.desk.url}/api/v1/auth/token", json=form, timeout=_ANSWER_S)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def colleague(self, role: str) -> dict[str, str]:
        """Make a user with `role`, sign in, and return the headers that carry the session."""
        form = {"email": f"{role}-{uuid4().hex[:8]}@desk.example", "role": role, "password": uuid4().hex}
        made = self.call("POST", "/admin/users", json=form, expect=201)
        return {"Authorization": f"Bearer {self.sign_in(form['email'], form['password'], made['totp_secret'])}"}

    def with_fresh_code(self, path: str, *, deadline_s: float = 2.5 * _TOTP_STEP_S) -> Json:
        """Post a one-time code that was not used before: a code works once, so this may wait for the next one."""
        last = httpx.Response(0)

        def accepted() -> bool:
            nonlocal last
            last = self.request("POST", path, json={"totp_code": self.one_time_code()})
            return last.status_code == 200

        deadline = time.monotonic() + deadline_s
        while not accepted():
            assert last.status_code in (403, 429), last.text
            assert time.monotonic() < deadline, f"no one-time code was accepted: {last.text}"
            time.sleep(_TOTP_STEP_S - time.time() % _TOTP_STEP_S + 0.05)
        body: Json = last.json()
        return body

    # the desk's API

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._api.request(method, path, **options)

    def call(self, method: str, path: str, *, expect: int | tuple[int, ...] = 200, **options: Any) -> Json:
        answer = self._api.request(method, path, **options)
        allowed = expect if isinstance(expect, tuple) else (expect,)
        assert answer.status_code in allowed, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        body: Json = answer.json() if answer.content else {}
        return body

    def _client_rows(self) -> list[Json]:
        rows: list[Json] = self.call("GET", "/api/v1/clients?page_size=5000")["items"]
        return sorted(rows, key=lambda row: str(row["mofsl_client_code"]))

    def share(self) -> int:
        """Return a share that nobody held at the start and no other test of this floor has traded."""
        return next(self._shares)

    def share_again(self) -> int:
        """As `share`, beginning again where all were taken: for presses whose quantities differ."""
        found = next(self._shares, None)
        if found is None:
            self._shares = iter(SHARES)
            found = next(self._shares)
        return found

    def trade(
        self, share: int, rows: Iterable[tuple[FloorClient | str, int]], *, side: str = "BUY", **changes: Any
    ) -> Json:
        """Return the body of preview and execute-all: at the market, in the client's own product, unless changed."""
        orders = [
            {"client_id": client if isinstance(client, str) else client.id, "quantity": quantity}
            for client, quantity in rows
        ]
        body: Json = {"exchange": "NSE", "symbol_token": share, "side": side, "trade_type": "DELIVERY"}
        return {**body, "order_type": "MARKET", "wait_s": 30, "client_orders": orders, **changes}

    def press(self, body: Json, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Execute; a key of its own unless one is given."""
        headers = {"Idempotency-Key": key or uuid4().hex, **options.pop("headers", {})}
        return self.request("POST", "/api/v1/orders/execute-all", json=body, headers=headers, **options)

    def execute(self, body: Json, *, key: str | None = None) -> Json:
        answer = self.press(body, key=key)
        assert answer.status_code in (200, 202), f"{answer.status_code} {answer.text[:2000]}"
        found: Json = answer.json()
        return found

    def exit(self, share: int, *, key: str | None = None, exchange: str = "NSE", **body: Any) -> Json:
        headers = {"Idempotency-Key": key or uuid4().hex}
        path = f"/api/v1/tokens/{exchange}:{share}/exit-all"
        return self.call("POST", path, json={"order_type": "MARKET", **body}, headers=headers, expect=(200, 202))

    def batch(self, batch_id: str) -> Json:
        return self.call("GET", f"/api/v1/batches/{batch_id}")

    def batch_when(self, batch_id: str, holds: Callable[[Json], bool], *, deadline_s: float, what: str) -> Json:
        """Return the batch once `holds` says so. Raises AssertionError with what it last was."""
        found: Json = {}

        def look() -> bool:
            nonlocal found
            found = self.batch(batch_id)
            return holds(found)

        try:
            wait_until(look, deadline_s=deadline_s, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}: {found['summary']}") from None
        return found

    def settled(self, batch_id: str, *, deadline_s: float = 30.0) -> Json:
        """Return the batch once no order is queued, sending, unknown or merely acknowledged."""

        def done(batch: Json) -> bool:
            return not {"queued", "sending", "unknown", "acknowledged"} & set(batch["summary"]["by_status"])

        return self.batch_when(batch_id, done, deadline_s=deadline_s, what="every order settled")

    def together(self, calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
        """Make all calls at once, each on a thread of its own."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    def recorded(self) -> tuple[int, int]:
        """Return how many batches and how many orders are on record."""
        batches = self.call("GET", "/api/v1/batches?page_size=1")["total"]
        return int(batches), int(self.call("GET", "/api/v1/orders?page_size=1")["total"])

    def feed_status(self) -> str:
        """Return what the desk says of its prices: live, delayed or down."""
        return str(self.call("GET", "/api/v1/desk")["feed"]["status"])

    def client_rows(self) -> dict[str, Json]:
        """Return the dashboard's rows by client code."""
        return {str(row["mofsl_client_code"]): row for row in self._client_rows()}

    # the simulator

    def ledger(self) -> Json:
        found: Json = self.simulator.get("/_sim/ledger")
        return found

    def in_ledger(self, batch: Json) -> dict[str, list[Json]]:
        """Return the broker's true orders by tag, for each result of `batch` that has a tag (empty where none came)."""
        by_tag: dict[str, list[Json]] = defaultdict(list)
        for order in self.ledger()["orders"]:
            by_tag[order["tag"]].append(order)
        return {row["tag"]: by_tag[row["tag"]] for row in batch["results"] if row["tag"]}

    def of_share(self, share: int) -> list[Json]:
        return [order for order in self.ledger()["orders"] if order["symboltoken"] == share]

    def net(self, share: int) -> dict[str, int]:
        """Return the broker's true net quantity by client code, where it is not zero."""
        found: dict[str, int] = defaultdict(int)
        for position in self.ledger()["positions"]:
            if position["symboltoken"] == share:
                found[position["clientcode"]] += position["net"]
        return {code: net for code, net in found.items() if net}

    def fault(self, action: str, value: object = None, *, path: str = "placeorder", **match: Any) -> str:
        """Set a fault and return its id; `clientcode`, `times` and so on narrow what it hits."""
        body = {"match": {"path": path, **match}, "action": action, "value": value}
        return str(self.simulator.post("/_sim/faults", body)["id"])

    def clear_faults(self) -> None:
        self.simulator.call("DELETE", "/_sim/faults")

    def last_price(self, share: int, exchange: str = "NSE") -> Decimal:
        found = self.simulator.get(f"/_sim/prices?exchange={exchange}&symboltoken={share}")
        return Decimal(str(found["ltp"]))
