"""MOFSL behind the `Broker` port: the raw client's answers as domain types, its troubles as domain errors."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from app.brokers import mofsl_mapping
from app.brokers.definitive_codes import DefinitiveCodes, load_definitive_codes
from app.brokers.mofsl_bands import BAND_FIELDS, read_bands
from app.brokers.mofsl_instruments import read_scrip_master
from app.brokers.mofsl_mapping import OrderKey
from app.brokers.mofsl_prices import PriceScale
from app.brokers.mofsl_scale_proof import ScaleProof
from app.brokers.mofsl_verdicts import login_error, read_error, write_error
from app.core.mofsl.answers import Row
from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.errors import MofslError
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
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
from app.domain.errors import SessionExpired
from app.domain.instruments import Exchange, Instrument, PriceBand, Quote
from app.domain.ports import Clock

_T = TypeVar("_T")
_REMEMBERED_PRICES = 100_000  # orders, all clients together


@dataclass(frozen=True, slots=True)
class MofslReadings:
    """What only a live account can confirm (ORDERS.md section 10), as settings."""

    order_book_scale: PriceScale = PriceScale.AUTO
    trade_book_scale: PriceScale = PriceScale.AUTO
    ltp_scale: PriceScale = PriceScale.SCALED
    definitive: DefinitiveCodes = field(default_factory=load_definitive_codes)


class MofslBroker:
    """Implements `app.domain.ports.Broker`. Retries nothing; every call's deadline is the wrapper's."""

    def __init__(self, wrapper: MOFSLApiWrapper, clock: Clock, readings: MofslReadings | None = None) -> None:
        self._wrapper = wrapper
        self._clock = clock
        self._readings = readings or MofslReadings()
        self._order_scale = ScaleProof("orderbook", self._readings.order_book_scale)
        self._trade_scale = ScaleProof("tradebook", self._readings.trade_book_scale)
        self._order_prices: OrderedDict[tuple[str, OrderKey], Decimal] = OrderedDict()  # by client code, in rupees

    async def log_in(self, login: SealedLogin) -> AuthToken:
        try:
            return await self._wrapper.authenticate_client(login)
        except MofslError as error:
            raise login_error(error) from None

    async def log_out(self, auth_token: AuthToken) -> None:
        """End the session; one that is over already counts as ended."""
        try:
            await _reading(self._wrapper.logout(auth_token))
        except SessionExpired:
            return

    async def place_order(self, auth_token: AuthToken, instruction: OrderInstruction) -> str:
        try:
            order_id = await self._wrapper.place_order(auth_token, instruction)
        except MofslError as error:
            raise write_error(Endpoint.PLACEORDER, error, self._readings.definitive) from None
        key = OrderKey(order_id, instruction.exchange.value, instruction.symbol_token)
        self._remember(instruction.client_code, key, instruction.price)
        return order_id

    async def modify_order(self, auth_token: AuthToken, instruction: ModifyInstruction) -> None:
        try:
            await self._wrapper.modify_order(auth_token, instruction)
        except MofslError as error:
            raise write_error(Endpoint.MODIFYORDER, error, self._readings.definitive) from None

    async def cancel_order(self, auth_token: AuthToken, client_code: str, broker_order_id: str) -> None:
        try:
            await self._wrapper.cancel_order(auth_token, broker_order_id, client_code)
        except MofslError as error:
            raise write_error(Endpoint.CANCELORDER, error, self._readings.definitive) from None

    async def order_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookOrder, ...]:
        rows = await _reading(self._wrapper.get_order_book(auth_token, client_code))
        mofsl_mapping.prove_averages(rows, self._order_scale)
        orders = mofsl_mapping.book_orders(rows, client_code, self._order_scale.scale)
        for order in orders:
            # the limit: a fill may be worse than the average of the others, and never worse than this
            key = OrderKey(order.broker_order_id, order.exchange, order.symbol_token)
            self._remember(client_code, key, order.price or order.average_price or Decimal(0))
        return orders

    async def trade_book(self, auth_token: AuthToken, client_code: str) -> tuple[BookTrade, ...]:
        """Read the executions. Where a row's scale cannot be told without its order's price, the order book is read
        as well: one call more, only until the prices of these orders are known.
        """
        rows = await _reading(self._wrapper.get_trade_book(auth_token, client_code))

        def price_of(key: OrderKey) -> Decimal | None:
            return self._order_prices.get((client_code, key))

        proof = self._trade_scale
        mofsl_mapping.prove_trades(rows, proof, price_of)
        if proof.scale is PriceScale.AUTO and self._lacks_a_price(client_code, rows):
            await self.order_book(auth_token, client_code)
            mofsl_mapping.prove_trades(rows, proof, price_of)
        return mofsl_mapping.book_trades(rows, client_code, proof.scale, price_of)

    async def positions(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        rows = await _reading(self._wrapper.get_positions(auth_token, client_code))
        return mofsl_mapping.positions(rows, client_code)

    async def holdings(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerHolding, ...]:
        rows = await _reading(self._wrapper.get_holdings(auth_token, client_code))
        return mofsl_mapping.holdings(rows, client_code)

    async def funds(self, auth_token: AuthToken, client_code: str) -> BrokerFunds:
        return mofsl_mapping.funds(await _reading(self._wrapper.get_margin_summary(auth_token, client_code)))

    async def profile(self, auth_token: AuthToken, client_code: str) -> BrokerProfile:
        return mofsl_mapping.profile(await _reading(self._wrapper.get_profile(auth_token, client_code)), client_code)

    async def quote(self, auth_token: AuthToken, client_code: str, exchange: Exchange, symbol_token: int) -> Quote:
        asked_at = self._clock.now()  # a quote is at least as old as the question
        row = await _reading(self._wrapper.get_ltp(auth_token, client_code, exchange, symbol_token))
        return mofsl_mapping.quote(row, exchange, symbol_token, self._readings.ltp_scale, asked_at)

    async def broadcast_limit(self, auth_token: AuthToken, client_code: str) -> int:
        """Return how many instruments the market feed carries for this login; implements `BroadcastLimits`."""
        return await _reading(self._wrapper.get_broadcast_limit(auth_token, client_code))

    async def instruments(self, exchange: Exchange) -> Sequence[Instrument]:
        status, body = await _reading(self._wrapper.get_instruments_csv(exchange))
        return await asyncio.to_thread(read_scrip_master, exchange, status, body)

    async def price_bands(self, auth_token: AuthToken, exchange: Exchange) -> Sequence[PriceBand]:
        """Implements `BandSource`."""
        rows = await _reading(self._wrapper.get_instrument_fields(auth_token, exchange, BAND_FIELDS))
        return await asyncio.to_thread(read_bands, exchange, rows)

    async def close(self) -> None:
        await self._wrapper.close()

    def _remember(self, client_code: str, key: OrderKey, price: Decimal) -> None:
        """Keep what tells scaled trade prices from rupees. An answer may name another order's id, so an id without its
        instrument would tell the wrong price.
        """
        if price <= 0:
            return
        prices = self._order_prices
        prices[client_code, key] = price
        if len(prices) > _REMEMBERED_PRICES:
            prices.popitem(last=False)

    def _lacks_a_price(self, client_code: str, rows: Iterable[Row]) -> bool:
        scaled = mofsl_mapping.orders_of_scaled_trades(rows)
        return any((client_code, key) not in self._order_prices for key in scaled)


async def _reading(call: Awaitable[_T]) -> _T:
    try:
        return await call
    except MofslError as error:
        raise read_error(error) from None
