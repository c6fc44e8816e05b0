"""What the desk needs of a broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

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
)
from app.domain.instruments import Exchange, Instrument, Quote


class Broker(Protocol):
    """One broker. Every call has one total deadline; nothing is retried inside.

    Writes raise BrokerRejected (definitive), BrokerUnreachable (surely not sent), SessionExpired (surely not
    placed) or OutcomeUnknown (anything else). Reads raise BrokerReadFailed or SessionExpired, and answer an empty
    tuple only when the broker said "empty" in a form that it documents. `client_code` names the account: with a
    dealer's token it travels on the wire, with an investor's own token it does not.
    """

    async def log_in(self, login: SealedLogin) -> AuthToken:
        """Open today's session. Raises LoginRefused, BrokerUnreachable or BrokerReadFailed."""

    async def log_out(self, auth_token: AuthToken) -> None: ...

    async def place_order(self, auth_token: AuthToken, instruction: OrderInstruction) -> str:
        """Send one order, once. Return the broker's order id: the request was taken, no more than that."""

    async def modify_order(self, auth_token: AuthToken, instruction: ModifyInstruction) -> None: ...

    async def cancel_order(self, auth_token: AuthToken, client_code: str, broker_order_id: str) -> None: ...

    async def order_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]: ...

    async def trade_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookTrade, ...]: ...

    async def positions(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]: ...

    async def holdings(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerHolding, ...]: ...

    async def funds(self, auth_token: AuthToken, client_code: str) -> BrokerFunds: ...

    async def profile(self, auth_token: AuthToken, client_code: str) -> BrokerProfile: ...

    async def quote(self, auth_token: AuthToken, client_code: str, exchange: Exchange, symbol_token: int) -> Quote: ...

    async def instruments(self, exchange: Exchange) -> Sequence[Instrument]:
        """Return the whole scrip master of `exchange` from the broker's CSV. Raises BrokerReadFailed."""

    async def close(self) -> None: ...
