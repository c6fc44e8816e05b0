"""Gather the facts of the moment and plan: the same for a preview and for the real press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.delivery_sales import StockReading, sells_for_delivery
from app.domain.errors import DeskError
from app.domain.instruments import CASH, Instrument, Quote
from app.domain.limit_checks import PressLimits, press_limits
from app.domain.planning import ClientFacts, MarketFacts, Plan, Refusal, plan
from app.domain.ports.clock import Clock
from app.domain.ports.planning import Catalogue, LoginStates, MarketGate, Quotes, Stock
from app.domain.ports.trading import TradingStore
from app.domain.trading import OrderType, Trade
from app.services.limit_book import LimitBook


@dataclass(frozen=True, slots=True)
class Planner:
    store: TradingStore
    catalogue: Catalogue
    quotes: Quotes
    logins: LoginStates
    market: MarketGate
    clock: Clock
    limits: LimitBook
    quote_max_age_s: float
    stock: Stock | None = None  # None: what clients hold is not kept here, and not asked

    async def plan(self, trade: Trade, *, operator_id: str, replaces_units: int = 0) -> Plan:
        """Return the plan of `trade`, pressed by `operator_id`, as things stand now.

        `replaces_units`: of an order on record that it would take the place of.
        Raises StoreUnavailable; everything else is a verdict.
        """
        clients = await self._clients(trade)
        instrument = self.catalogue.get(trade.exchange, trade.symbol_token)
        gate = await self.store.gate()
        limits = await self.limits.at(gate.limits_version)
        kept = press_limits(limits, operator_id, trade, instrument)
        quote, quote_refusal = await self._quote(trade, instrument, kept)
        market = MarketFacts(
            instrument=instrument,
            quote=quote,
            quote_refusal=quote_refusal,
            market_refusal=self._market_refusal(trade, instrument),
            desk_refusal=gate.refusal(is_exit=trade.is_exit),
            limits=kept,
            stock=await self._stock(trade, replaces_units),
        )
        return replace(plan(trade, clients, market), limits_version=limits.version, stock=market.stock or {})

    async def _stock(self, trade: Trade, replaces_units: int) -> Mapping[str, StockReading] | None:
        """An exit has read the account itself, a moment ago."""
        if self.stock is None or trade.is_exit or trade.exchange not in CASH:
            return None
        sellers = [a.client_id for a in trade.allocations if sells_for_delivery(a)]
        if not sellers:
            return None
        found = await self.stock.stock(sellers, trade.exchange, trade.symbol_token, at=self.clock.now())
        return {id_: one.less(-replaces_units) for id_, one in found.items()}

    async def _clients(self, trade: Trade) -> dict[str, ClientFacts]:
        known = await self.store.clients([allocation.client_id for allocation in trade.allocations])
        refusals = await self.logins.refusals({client.login_id for client in known.values()})
        if not refusals:
            return dict(known)
        return {
            client_id: replace(client, session_refusal=refusals.get(client.login_id))
            for client_id, client in known.items()
        }

    async def _quote(
        self, trade: Trade, instrument: Instrument | None, limits: PressLimits | None
    ) -> tuple[Quote | None, Refusal | None]:
        is_needed = trade.order_type is OrderType.MARKET or (limits is not None and limits.need_last_price(trade))
        if instrument is None or not is_needed:
            return None, None
        try:
            quote = await self.quotes.quote(trade.exchange, trade.symbol_token, max_age_s=self.quote_max_age_s)
        except DeskError as error:
            return None, (error.code, f"No fresh price of {instrument.name}, so nothing is sent: {error.message}")
        return quote, None

    def _market_refusal(self, trade: Trade, instrument: Instrument | None) -> Refusal | None:
        if instrument is None:
            return None
        return self.market.refusal(instrument, at=self.clock.now(), is_after_market=trade.is_after_market)
