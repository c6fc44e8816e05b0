"""Gather the facts of the moment and plan: the same for a preview and for the real press."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.errors import DeskError
from app.domain.instruments import Instrument, Quote
from app.domain.planning import ClientFacts, MarketFacts, Plan, Refusal, plan
from app.domain.ports.clock import Clock
from app.domain.ports.planning import Catalogue, LoginStates, MarketGate, Quotes
from app.domain.ports.trading import TradingStore
from app.domain.trading import OrderType, Trade


@dataclass(frozen=True, slots=True)
class Planner:
    store: TradingStore
    catalogue: Catalogue
    quotes: Quotes
    logins: LoginStates
    market: MarketGate
    clock: Clock
    quote_max_age_s: float

    async def plan(self, trade: Trade) -> Plan:
        """Return the plan of `trade` as things stand now. Raises StoreUnavailable; everything else is a verdict."""
        clients = await self._clients(trade)
        instrument = self.catalogue.get(trade.exchange, trade.symbol_token)
        quote, quote_refusal = await self._quote(trade, instrument)
        market = MarketFacts(
            instrument=instrument,
            quote=quote,
            quote_refusal=quote_refusal,
            market_refusal=self._market_refusal(trade, instrument),
            desk_refusal=(await self.store.gate()).refusal(is_exit=trade.is_exit),
        )
        return plan(trade, clients, market)

    async def _clients(self, trade: Trade) -> dict[str, ClientFacts]:
        known = await self.store.clients([allocation.client_id for allocation in trade.allocations])
        refusals = await self.logins.refusals({client.login_id for client in known.values()})
        if not refusals:
            return dict(known)
        return {
            client_id: replace(client, session_refusal=refusals.get(client.login_id))
            for client_id, client in known.items()
        }

    async def _quote(self, trade: Trade, instrument: Instrument | None) -> tuple[Quote | None, Refusal | None]:
        if instrument is None or trade.order_type is not OrderType.MARKET:
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
