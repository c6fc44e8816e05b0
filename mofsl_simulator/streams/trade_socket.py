"""The order and trade stream: authorisation, subscriptions, and a frame for every change."""

import asyncio
import hmac
from collections.abc import Callable
from itertools import count
from typing import Any

import orjson

from mofsl_simulator.accounts import Account, Dealer
from mofsl_simulator.broker import Broker
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.faults import Fault
from mofsl_simulator.orders import Fill, Order
from mofsl_simulator.sessions import Session
from mofsl_simulator.streams import order_frames
from mofsl_simulator.streams.trade_client import TradeClient, Wire
from mofsl_simulator.streams.vocabulary import PATHS, TRADE_SOCKET

_CHECK_EVERY_S = 0.2
_SUBSCRIPTIONS = {
    "TradeSubscribe": ("wants_trades", True),
    "TradeUnsubscribe": ("wants_trades", False),
    "OrderSubscribe": ("wants_orders", True),
    "OrderUnsubscribe": ("wants_orders", False),
}


class TradeSocket:
    def __init__(self, broker: Broker, *, monotonic_s: Callable[[], float]) -> None:
        self._broker = broker
        self._monotonic_s = monotonic_s
        self._numbers = count(1)
        self._clients: dict[TradeClient, None] = {}
        self._of_account: dict[str, dict[TradeClient, None]] = {}
        broker.events.on_order.append(self._order_changed)
        broker.events.on_fill.append(self._filled)
        broker.faults.on_add.append(self._cut)

    # what clients do

    def connected(self, wire: Wire) -> TradeClient:
        client = TradeClient(next(self._numbers), wire, self._broker.faults, self._monotonic_s())
        self._clients[client] = None
        return client

    def disconnected(self, client: TradeClient) -> None:
        self._clients.pop(client)
        self._speak_for(client, frozenset())

    def received(self, client: TradeClient, message: bytes) -> None:
        """Carry out one message; whatever is wrong with it is answered by its code."""
        client.last_heard_s = self._monotonic_s()
        try:
            fields = orjson.loads(message)
        except orjson.JSONDecodeError:
            fields = None
        if not isinstance(fields, dict):
            client.post(order_frames.fault("MO8000"))
        elif "action" in fields:
            self._act(client, fields)
        else:
            self._authorise(client, fields)

    def _authorise(self, client: TradeClient, fields: dict[str, Any]) -> None:
        clientid = _text(fields.get("clientid")).strip().upper()
        session = self._session(_text(fields.get("authtoken")), _text(fields.get("apikey")))
        accounts = _accounts_of(session, clientid)
        if not accounts:
            client.post(order_frames.fault("MO1001"))
            return
        client.session, client.clientid = session, clientid
        client.wants_orders = client.wants_trades = False
        self._speak_for(client, accounts)
        if self._broker.settings.trade_socket_acks != "none":
            client.post(order_frames.acknowledgement("auth success"))

    def _session(self, auth_token: str, api_key: str) -> Session | None:
        """The living, verified session of the token, if the key is its login's."""
        try:
            session = self._broker.sessions.require(auth_token)
        except Refusal:
            return None
        is_owner = hmac.compare_digest(session.login.api_key.encode(), api_key.encode())
        return session if is_owner and session.is_verified else None

    def _speak_for(self, client: TradeClient, accounts: frozenset[str]) -> None:
        for code in client.accounts:
            self._of_account[code].pop(client)
        client.accounts = accounts
        for code in accounts:
            self._of_account.setdefault(code, {})[client] = None

    def _act(self, client: TradeClient, fields: dict[str, Any]) -> None:
        action, settings = fields["action"], self._broker.settings
        if action not in (*_SUBSCRIPTIONS, "heartbeat", "logout"):
            client.post(order_frames.fault("MO2012"))
        elif client.session is None:
            if settings.trade_socket_unauthorised == "error":
                client.post(order_frames.fault("MO1001"))
        elif _text(fields.get("clientid")).strip().upper() != client.clientid:
            client.post(order_frames.fault("MO1001"))
        elif action == "logout":
            client.close()
        elif action in _SUBSCRIPTIONS:
            name, is_wanted = _SUBSCRIPTIONS[action]
            setattr(client, name, is_wanted)
            if settings.trade_socket_acks == "all":
                client.post(order_frames.acknowledgement(f"{action} success"))

    # what the market does

    def _order_changed(self, order: Order) -> None:
        text = b""
        for client in self._readers(order):
            if client.wants_orders:
                text = text or order_frames.order_text(order, self._broker.settings)
                client.post(text)

    def _filled(self, order: Order, fill: Fill) -> None:
        text = b""
        for client in self._readers(order):
            if client.wants_trades:
                text = text or order_frames.trade_text(order, fill)
                client.post(text)

    def _readers(self, order: Order) -> list[TradeClient]:
        readers = self._of_account.get(order.account.code)
        return [client for client in readers if self._is_alive(client)] if readers else []

    def _is_alive(self, client: TradeClient) -> bool:
        session = client.session
        return session is not None and session.is_alive and session.token_day == self._broker.clock.token_day()

    # what time does

    async def run(self) -> None:
        """End connections whose token died, or that say nothing for too long."""
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            self.check()

    def check(self) -> None:
        idle_s, now_s = self._broker.settings.trade_socket_idle_s, self._monotonic_s()
        for client in list(self._clients):
            if client.session is not None and not self._is_alive(client):
                client.session = None
                client.wants_orders = client.wants_trades = False
                client.post(order_frames.fault("MO1001"))
                client.close()
            elif idle_s and now_s - client.last_heard_s > idle_s:
                client.close()

    # control

    def _cut(self, fault: Fault) -> None:
        """Carry out a `cut` on what is open now."""
        if fault.action != "cut":
            return
        for client in list(self._clients):
            if fault.fits(TRADE_SOCKET, PATHS[TRADE_SOCKET], client.clientid):
                client.wire.close() if fault.value == "clean" else client.wire.reset()

    def describe(self) -> dict[str, Any]:
        """For control: connections and their subscriptions."""
        return {"connections": [client.describe() for client in self._clients]}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _accounts_of(session: Session | None, clientid: str) -> frozenset[str]:
    """Whose orders may be seen: one's own; for a dealer all mapped clients, or the one that is named."""
    login = session.login if session is not None else None
    if isinstance(login, Account) and login.code == clientid:
        return frozenset({clientid})
    if isinstance(login, Dealer):
        if clientid == login.code:
            return frozenset(login.mapped)
        return frozenset({clientid} & login.mapped)
    return frozenset()
