"""An in-memory broker for tests of the core: deterministic, scripted, and as strict as the port says.

Nothing happens by chance and nothing by itself: orders match against prices set by `set_price`, ids count up, and each
call of a client does what its script says next (`ACCEPT` when the script is empty).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from app.brokers.simulated_ledger import LedgerOrder, SimulatedLedger
from app.domain.broker import (
    AuthToken,
    BookOrder,
    BookTrade,
    BrokerFunds,
    BrokerHolding,
    BrokerPosition,
    BrokerProfile,
    ModifyInstruction,
    OrderInstruction,
    SealedLogin,
    WireOrderType,
)
from app.domain.errors import (
    BrokerReadFailed,
    BrokerRejected,
    BrokerUnreachable,
    LoginRefused,
    OutcomeUnknown,
    SessionExpired,
)
from app.domain.instruments import Exchange, Instrument, PriceBand, Quote
from app.domain.ports import Clock
from app.domain.time import SESSION_MAX, next_session_cut


class Does(StrEnum):
    """What a call does. Reads know ACCEPT, UNREACHABLE, FAIL_READ, SESSION_DEAD and HANG; logins also REFUSE."""

    ACCEPT = "accept"
    LOSE_REPLY = "lose_reply"  # it took effect, the answer is lost
    LOSE_REQUEST = "lose_request"  # it had no effect, and nobody can tell
    HANG = "hang"  # it took effect, the answer never comes: OutcomeUnknown after the deadline
    UNREACHABLE = "unreachable"
    REFUSE = "refuse"
    SESSION_DEAD = "session_dead"
    FAIL_READ = "fail_read"


@dataclass(frozen=True, slots=True)
class Step:
    does: Does
    broker_code: str | None = None


@dataclass(slots=True)
class SimulatedAccount:
    client_code: str
    name: str
    funds: BrokerFunds
    holdings: tuple[BrokerHolding, ...] = ()
    visible_after: timedelta = timedelta(0)  # how long after its acceptance an order appears in the book
    script: dict[str, deque[Step]] = field(default_factory=lambda: defaultdict(deque))


def plain_funds(available: Decimal) -> BrokerFunds:
    particulars = ((102, "Available, cash segment", available), (201, "Cash deposit", available))
    return BrokerFunds(available, available, Decimal(0), Decimal(0), particulars)


class SimulatedBroker:
    """Implements `app.domain.ports.Broker` and adds what a test needs to script it and to see the truth (`ledger`)."""

    def __init__(
        self,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout_s: float = 10.0,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._accounts: dict[str, SimulatedAccount] = {}
        self._instruments: dict[tuple[Exchange, int], Instrument] = {}
        self._sessions: dict[str, AuthToken] = {}  # by token value
        self._logins = 0
        self.ledger = SimulatedLedger()

    # What a test arranges --------------------------------------------------------------------------------------

    def add_account(self, client_code: str, *, name: str = "", available: Decimal = Decimal(1_000_000)) -> None:
        self._accounts[client_code] = SimulatedAccount(client_code, name or client_code, plain_funds(available))

    def add_instrument(self, instrument: Instrument, price: Decimal) -> None:
        self._instruments[instrument.exchange, instrument.symbol_token] = instrument
        self.ledger.set_price(instrument.exchange, instrument.symbol_token, price, self._clock.now())

    def set_price(self, exchange: Exchange, symbol_token: int, price: Decimal) -> None:
        """Move the market; resting orders that now match are filled at `price`."""
        self.ledger.set_price(exchange, symbol_token, price, self._clock.now())

    def set_holdings(self, client_code: str, holdings: Sequence[BrokerHolding]) -> None:
        self._accounts[client_code].holdings = tuple(holdings)

    def show_orders_after(self, client_code: str, delay: timedelta) -> None:
        self._accounts[client_code].visible_after = delay

    def script(self, call: str, client_code: str, *steps: Does | Step) -> None:
        """Queue what the next calls of `call` (the port's method name) do for this client."""
        queue = self._accounts[client_code].script[call]
        queue.extend(step if isinstance(step, Step) else Step(step) for step in steps)

    def end_sessions(self) -> None:
        """Kill every session, as 06:00 does."""
        self._sessions.clear()

    # The port --------------------------------------------------------------------------------------------------

    async def log_in(self, login: SealedLogin) -> AuthToken:
        account = self._accounts.get(login.user_id)
        step = account.script["log_in"].popleft() if account and account.script["log_in"] else Step(Does.ACCEPT)
        if account is None and not login.is_dealer:
            raise LoginRefused("user id not valid", code="credentials_refused", broker_code="MO1001")
        match step.does:
            case Does.UNREACHABLE:
                raise BrokerUnreachable("not sent")
            case Does.REFUSE:
                raise LoginRefused("refused", code="credentials_refused", broker_code=step.broker_code)
            case Does.ACCEPT:
                pass
            case _:
                await self._wait_if_hanging(step)
                raise BrokerReadFailed("the login gave no answer")
        now = self._clock.now()
        self._logins += 1
        token = AuthToken(
            owner_id=login.owner_id,
            user_id=login.user_id,
            is_dealer=login.is_dealer,
            value=f"simulated-{self._logins}",
            access_token=None,
            api_key="",
            api_secret="",
            expires_at=min(now + SESSION_MAX, next_session_cut(now)),
            egress_id=login.egress_id,
        )
        self._sessions[token.value] = token
        return token

    async def log_out(self, auth_token: AuthToken) -> None:
        self._sessions.pop(auth_token.value, None)

    async def place_order(self, auth_token: AuthToken, instruction: OrderInstruction) -> str:
        step = self._next_write(auth_token, "place_order", instruction.client_code)
        if instruction.order_type is WireOrderType.MARKET:
            raise BrokerRejected("limits only", code="market_order_refused", broker_code="M01108")
        instrument = self._instruments.get((instruction.exchange, instruction.symbol_token))
        if instrument is None:
            raise BrokerRejected("unknown instrument", broker_code="MO1058")
        if instruction.quantity != instruction.lots * instrument.lot_size:
            raise BrokerRejected("not whole lots", broker_code="MO1059")
        if step.does is Does.LOSE_REQUEST:
            raise OutcomeUnknown("no answer")
        order = self.ledger.accept(instruction, self._clock.now())
        await self._lose_answer_if_scripted(step)
        return order.broker_order_id

    async def modify_order(self, auth_token: AuthToken, instruction: ModifyInstruction) -> None:
        step = self._next_write(auth_token, "modify_order", instruction.client_code)
        if step.does is Does.LOSE_REQUEST:
            raise OutcomeUnknown("no answer")
        self.ledger.modify(instruction, self._clock.now())
        await self._lose_answer_if_scripted(step)

    async def cancel_order(self, auth_token: AuthToken, client_code: str, broker_order_id: str) -> None:
        step = self._next_write(auth_token, "cancel_order", client_code)
        if step.does is Does.LOSE_REQUEST:
            raise OutcomeUnknown("no answer")
        self.ledger.cancel(client_code, broker_order_id, self._clock.now())
        await self._lose_answer_if_scripted(step)

    async def order_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        account = await self._reading(auth_token, "order_book", client_code)
        return tuple(order.as_book_row() for order in self._visible(account))

    async def trade_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookTrade, ...]:
        account = await self._reading(auth_token, "trade_book", client_code)
        return tuple(trade for order in self._visible(account) for trade in order.trades)

    async def positions(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        await self._reading(auth_token, "positions", client_code)
        return self.ledger.positions(client_code, self._instruments)

    async def holdings(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerHolding, ...]:
        return (await self._reading(auth_token, "holdings", client_code)).holdings

    async def funds(self, auth_token: AuthToken, client_code: str) -> BrokerFunds:
        return (await self._reading(auth_token, "funds", client_code)).funds

    async def profile(self, auth_token: AuthToken, client_code: str) -> BrokerProfile:
        account = await self._reading(auth_token, "profile", client_code)
        exchanges = tuple(sorted({exchange.value for exchange, _ in self._instruments}))
        return BrokerProfile(
            client_code, account.name, exchanges, ("DELIVERY", "VALUEPLUS", "NORMAL"), "Investorclient"
        )

    async def quote(self, auth_token: AuthToken, client_code: str, exchange: Exchange, symbol_token: int) -> Quote:
        await self._reading(auth_token, "quote", client_code)
        price = self.ledger.prices.get((exchange, symbol_token))
        if price is None:
            raise BrokerReadFailed("token not acceptable", broker_code="MO1058")
        return Quote(exchange, symbol_token, ltp=price, bid=price, ask=price, close=price, as_of=self._clock.now())

    async def instruments(self, exchange: Exchange) -> Sequence[Instrument]:
        found = [one for (where, _), one in self._instruments.items() if where is exchange]
        if not found:
            raise BrokerReadFailed(f"scrip master of {exchange}: the file has no rows")
        return found

    async def price_bands(self, auth_token: AuthToken, exchange: Exchange) -> Sequence[PriceBand]:
        if not self._is_live(auth_token):
            raise SessionExpired("token not recognised", broker_code="MO8001")
        return [
            PriceBand(one.symbol_token, one.lower_band, one.upper_band)
            for one in await self.instruments(exchange)
            if one.lower_band is not None and one.upper_band is not None
        ]

    async def close(self) -> None:
        self._sessions.clear()

    # ------------------------------------------------------------------------------------------------------------

    def _next_write(self, auth_token: AuthToken, call: str, client_code: str) -> Step:
        """Return the next step of the script. Raises what has no effect at the broker."""
        account = self._accounts.get(client_code)
        if account is None:
            raise BrokerRejected("client not mapped", broker_code="MO1098")
        if not auth_token.is_dealer and auth_token.user_id != client_code:
            raise BrokerRejected("the session is another client's", code="invalid_order")
        step = account.script[call].popleft() if account.script[call] else Step(Does.ACCEPT)
        if step.does is Does.UNREACHABLE:
            raise BrokerUnreachable("not sent")
        if step.does is Does.SESSION_DEAD or not self._is_live(auth_token):
            raise SessionExpired("token not recognised", broker_code="MO8001")
        if step.does is Does.REFUSE:
            raise BrokerRejected("refused", broker_code=step.broker_code)
        return step

    async def _lose_answer_if_scripted(self, step: Step) -> None:
        await self._wait_if_hanging(step)
        if step.does in {Does.LOSE_REPLY, Does.HANG}:
            raise OutcomeUnknown("no answer")

    async def _wait_if_hanging(self, step: Step) -> None:
        if step.does is Does.HANG:
            await self._sleep(self._timeout_s)

    async def _reading(self, auth_token: AuthToken, call: str, client_code: str) -> SimulatedAccount:
        account = self._accounts.get(client_code)
        if account is None:
            raise BrokerReadFailed("client not mapped", broker_code="MO1098")
        if not auth_token.is_dealer and auth_token.user_id != client_code:
            raise BrokerReadFailed("the session is another client's")
        step = account.script[call].popleft() if account.script[call] else Step(Does.ACCEPT)
        await self._wait_if_hanging(step)
        if step.does is Does.SESSION_DEAD or not self._is_live(auth_token):
            raise SessionExpired("token not recognised", broker_code="MO8001")
        if step.does is not Does.ACCEPT:
            raise BrokerReadFailed("the read failed", broker_code=step.broker_code)
        return account

    def _is_live(self, auth_token: AuthToken) -> bool:
        return auth_token.value in self._sessions and self._clock.now() < auth_token.expires_at

    def _visible(self, account: SimulatedAccount) -> list[LedgerOrder]:
        latest = self._clock.now() - account.visible_after
        return [order for order in self.ledger.of_client(account.client_code) if order.accepted_at <= latest]
