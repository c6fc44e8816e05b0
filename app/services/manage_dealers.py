"""Dealer logins: one login at the broker that serves many client codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from app.domain.audit import AuditEntry
from app.domain.broker_sessions import LoginKind
from app.domain.clients import Dealer, DealerHasLiveOrders, DealerNotFound, account_code, plain_name
from app.domain.credentials import checked_secrets, require_all
from app.domain.identity import Actor
from app.domain.ports.accounts import AccountStore
from app.domain.ports.broker_sessions import SESSIONS_WANTED
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sealing import SecretSealer
from app.services.manage_clients import ClientChange, check_references
from app.services.sealing import sealed_values


@dataclass(frozen=True, slots=True)
class NewDealer:
    name: str
    dealer_code: str
    secrets: Mapping[str, str | None] = field(repr=False)
    egress_id: str | None = None


class ManageDealers:
    def __init__(
        self, *, store: AccountStore, sealer: SecretSealer, clock: Clock, new_id: Callable[[], str], bus: Bus
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id
        self._bus = bus

    async def create(self, actor: Actor, new: NewDealer) -> Dealer:
        """Raises InvalidInput, DealerCodeTaken."""
        now = self._clock.now()
        dealer = Dealer(
            id=self._new_id(),
            name=plain_name(new.name),
            dealer_code=account_code(new.dealer_code, field="dealer_code"),
            egress_id=new.egress_id,
            is_active=True,
            credentials_changed_at=now,
            created_at=now,
            updated_at=now,
        )
        secrets = checked_secrets(new.secrets)
        require_all(secrets, why="is needed for a dealer")
        sealed = sealed_values(self._sealer, dealer.id, secrets)
        async with self._store.write() as tx:
            await check_references(tx, None, dealer.egress_id)
            await tx.add_dealer(dealer, sealed)
            detail = {"dealer_code": dealer.dealer_code, "secrets": sorted(secrets.given())}
            await tx.record(AuditEntry(actor, "dealer.created", dealer.id, detail), at=now)
        await self._bus.publish(SESSIONS_WANTED, {"login_id": dealer.id})
        return dealer

    async def page(self, *, offset: int = 0, limit: int = 100) -> tuple[list[Dealer], int]:
        async with self._store.read() as tx:
            return await tx.dealers(offset=offset, limit=limit)

    async def get(self, dealer_id: str) -> Dealer:
        """Raises DealerNotFound."""
        async with self._store.read() as tx:
            return _known(await tx.dealer(dealer_id))

    async def change(self, actor: Actor, dealer_id: str, change: ClientChange) -> Dealer:
        """Raises DealerNotFound, InvalidInput, DealerCodeTaken, DealerHasLiveOrders."""
        wanted = dict(change.values)
        if "name" in wanted:
            wanted["name"] = plain_name(wanted["name"])
        if "dealer_code" in wanted:
            wanted["dealer_code"] = account_code(wanted["dealer_code"], field="dealer_code")
        secrets = checked_secrets(change.secrets)
        sealed = sealed_values(self._sealer, dealer_id, secrets)
        now = self._clock.now()
        async with self._store.write() as tx:
            before = _known(await tx.dealer(dealer_id))
            changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
            if not changed and not sealed:
                return before
            await check_references(tx, None, changed.get("egress_id"))
            stops = changed.get("is_active") is False
            if stops and await tx.dealer_has_live_orders(dealer_id):
                raise DealerHasLiveOrders("orders of clients of this dealer are live: cancel or settle them first")
            needs_login = bool(sealed) or bool(changed.keys() & {"dealer_code", "egress_id"})
            columns = {**changed, **sealed, "updated_at": now}
            if needs_login:
                columns["credentials_changed_at"] = now
            await tx.update_dealer(dealer_id, columns)
            after = replace(before, **changed, updated_at=now)
            if stops or needs_login:
                ended = "The credentials changed; a new login is under way." if after.is_active else "It is not active."
                await tx.end_session(dealer_id, LoginKind.DEALER, after.dealer_code, ended)
            names = sorted([*changed, *secrets.given()])
            await tx.record(AuditEntry(actor, "dealer.updated", dealer_id, {"fields": names}), at=now)
            after = _known(await tx.dealer(dealer_id))
        await self._bus.publish(SESSIONS_WANTED, {"login_id": dealer_id})
        return after


def _known(dealer: Dealer | None) -> Dealer:
    if dealer is None:
        raise DealerNotFound("there is no such dealer")
    return dealer
