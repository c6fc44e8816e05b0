"""Administrators set limits and keep the restricted list; each change takes a second step of the last minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.domain.errors import NotAllowed, NotFound
from app.domain.identity import SignedIn
from app.domain.instruments import instrument_id, parse_instrument_id
from app.domain.limits import LimitScope, LimitSet, Restriction
from app.domain.ports.clock import Clock
from app.domain.ports.limits import LimitStore, StoredLimitSet, StoredRestriction
from app.domain.ports.planning import Catalogue
from app.services.control_desk import SecondStep


@dataclass(frozen=True, slots=True)
class ManageLimits:
    store: LimitStore
    catalogue: Catalogue
    second_step: SecondStep
    is_stepped_up: Callable[[SignedIn], bool]  # shown within the last minutes: one code serves several changes
    clock: Clock

    async def page(self, scope: LimitScope | None, *, offset: int, limit: int) -> tuple[list[StoredLimitSet], int]:
        return await self.store.page(scope, offset=offset, limit=limit)

    async def put(self, who: SignedIn, limits: LimitSet, totp_code: str | None) -> StoredLimitSet:
        """Replace one's limits whole; they count from the next press on. Raises NotAllowed, NotFound."""
        await self._require_second_step(who, totp_code)
        now = self.clock.now()
        return StoredLimitSet(await self.store.put(limits, actor=who.actor, at=now), now, who.user_id)

    async def restrictions(self) -> Sequence[StoredRestriction]:
        return await self.store.restrictions()

    async def restrict(self, who: SignedIn, named: str, reason: str, totp_code: str | None) -> StoredRestriction:
        """List `named` (EXCHANGE:symbol_token), or give it another reason. Raises NotAllowed, NotFound."""
        restriction = replace(self._restriction(named), reason=reason)
        await self._require_second_step(who, totp_code)
        now = self.clock.now()
        await self.store.restrict(restriction, actor=who.actor, at=now)
        return StoredRestriction(restriction, now, who.user_id)

    async def lift(self, who: SignedIn, named: str, totp_code: str | None) -> None:
        """Raises NotAllowed, NotFound (`not_restricted`)."""
        await self._require_second_step(who, totp_code)
        if not await self.store.lift(named, actor=who.actor, at=self.clock.now()):
            raise NotFound(f"{named} is not on the restricted list", code="not_restricted")

    def _restriction(self, named: str) -> Restriction:
        try:
            exchange, symbol_token = parse_instrument_id(named)
        except ValueError as error:
            raise NotFound(str(error), code="instrument_not_found") from error
        found = self.catalogue.get(exchange, symbol_token)
        if found is None:
            sentence = f"no instrument {instrument_id(exchange, symbol_token)} is known; sync the instruments first"
            raise NotFound(sentence, code="instrument_not_found")
        return Restriction(exchange, symbol_token, found.symbol, found.name, found.isin, "")

    async def _require_second_step(self, who: SignedIn, totp_code: str | None) -> None:
        if totp_code is not None:
            await self.second_step.step_up(who, totp_code)
        elif not self.is_stepped_up(who):
            raise NotAllowed(
                "changing limits takes a code from the authenticator: send totp_code", code="step_up_needed"
            )
