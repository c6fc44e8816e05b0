"""What a preview says beside its verdicts: nothing here blocks an order, and a press never asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from app.domain.estimates import Estimate, KnownFunds, estimate, needs_funds
from app.domain.planning import Plan
from app.domain.ports.clock import Clock
from app.domain.ports.planning import Catalogue
from app.domain.trading import Trade


class FundsStore(Protocol):
    async def funds_of(self, client_ids: set[str]) -> Mapping[str, KnownFunds]:
        """Return the last good reading of each; those never read are left out. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class PlanEstimator:
    funds: FundsStore
    catalogue: Catalogue
    clock: Clock
    order_rate: int

    async def estimate(self, trade: Trade, plan: Plan) -> Estimate:
        buyers = needs_funds(plan)
        return estimate(
            plan,
            self.catalogue.get(trade.exchange, trade.symbol_token),
            await self.funds.funds_of(buyers) if buyers else {},
            order_rate=self.order_rate,
            moment=self.clock.now(),
        )
