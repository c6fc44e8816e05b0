"""Clients: made, listed, changed and deactivated; each change audited with the names of what changed, never values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.domain.audit import AuditEntry
from app.domain.broker_sessions import LoginKind
from app.domain.clients import (
    Client,
    ClientCodeTaken,
    ClientHasLiveOrders,
    ClientNotFound,
    account_code,
    plain_groups,
    plain_name,
)
from app.domain.credentials import Secrets, checked_secrets, require_all
from app.domain.errors import InvalidInput
from app.domain.identity import Actor
from app.domain.ports.accounts import AccountStore, AccountTransaction
from app.domain.ports.broker_sessions import SESSIONS_WANTED
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sealing import SecretSealer
from app.domain.shards import shard_of
from app.services.sealing import sealed_values

NEEDED = "is needed for a client without a dealer"


@dataclass(frozen=True, slots=True)
class NewClient:
    name: str
    mofsl_client_code: str
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    dealer_id: str | None = None
    egress_id: str | None = None
    groups: Sequence[str] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ClientChange:
    """What to change: `values` holds only the fields that were given, `secrets` only new ones."""

    values: Mapping[str, Any]
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)


def checked_client(new: NewClient, *, client_id: str, now: datetime) -> tuple[Client, Secrets]:
    """Return the row and the secrets of `new`. Raises InvalidInput; looks nothing up."""
    client = Client(
        id=client_id,
        name=plain_name(new.name),
        mofsl_client_code=account_code(new.mofsl_client_code, field="mofsl_client_code"),
        dealer_id=new.dealer_id,
        egress_id=new.egress_id,
        groups=plain_groups(new.groups),
        is_active=new.is_active,
        shard=shard_of(client_id),
        credentials_changed_at=now,
        created_at=now,
        updated_at=now,
    )
    secrets = checked_secrets(new.secrets)
    if new.dealer_id is None:
        require_all(secrets, why=NEEDED)
    return replace(client, has_credentials=not secrets.missing()), secrets


class ManageClients:
    def __init__(
        self, *, store: AccountStore, sealer: SecretSealer, clock: Clock, new_id: Callable[[], str], bus: Bus
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id
        self._bus = bus

    async def create(self, actor: Actor, new: NewClient) -> Client:
        """Raises InvalidInput, ClientCodeTaken."""
        now = self._clock.now()
        client, secrets = checked_client(new, client_id=self._new_id(), now=now)
        sealed = sealed_values(self._sealer, client.id, secrets)
        async with self._store.write() as tx:
            await check_references(tx, client.dealer_id, client.egress_id)
            if await tx.codes_taken([client.mofsl_client_code]):
                raise ClientCodeTaken(f"a client with the code {client.mofsl_client_code} exists already")
            await tx.add_clients([(client, sealed)])
            detail = {"mofsl_client_code": client.mofsl_client_code, "secrets": sorted(secrets.given())}
            await tx.record(AuditEntry(actor, "client.created", client.id, detail), at=now)
        await self._wake(client.login_id)
        return client

    async def page(self, *, q: str = "", offset: int = 0, limit: int = 100) -> tuple[list[Client], int]:
        async with self._store.read() as tx:
            return await tx.clients(q=q, offset=offset, limit=limit)

    async def get(self, client_id: str) -> Client:
        """Raises ClientNotFound."""
        async with self._store.read() as tx:
            return _known(await tx.client(client_id))

    async def change(self, actor: Actor, client_id: str, change: ClientChange) -> Client:
        """Apply `change` whole. Raises ClientNotFound, InvalidInput, ClientCodeTaken, ClientHasLiveOrders."""
        wanted = _checked_values(change.values)
        secrets = checked_secrets(change.secrets)
        sealed = sealed_values(self._sealer, client_id, secrets)
        now = self._clock.now()
        async with self._store.write() as tx:
            before = _known(await tx.client(client_id, lock=True))
            changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
            if not changed and not sealed:
                return before
            await check_references(tx, changed.get("dealer_id"), changed.get("egress_id"))
            after = replace(before, **changed, updated_at=now)
            if after.dealer_id is None and not before.has_credentials:
                require_all(secrets, why=NEEDED)
            stops = before.is_active and not after.is_active
            if (stops or "mofsl_client_code" in changed) and await tx.has_live_orders(client_id):
                raise ClientHasLiveOrders("orders of this client are live: cancel or settle them first")
            needs_login = bool(sealed) or bool(changed.keys() & {"mofsl_client_code", "dealer_id", "egress_id"})
            columns = _columns(changed) | sealed | {"updated_at": now}
            if needs_login:
                columns["credentials_changed_at"] = now
            await tx.update_client(client_id, columns)
            if stops or (needs_login and before.dealer_id is None):
                await _end_own_session(tx, before, after)
            names = sorted([*changed, *secrets.given()])
            await tx.record(AuditEntry(actor, "client.updated", client_id, {"fields": names}), at=now)
            after = _known(await tx.client(client_id))
        await self._wake(after.login_id)
        return after

    async def deactivate(self, actor: Actor, client_id: str) -> Client:
        """Stop trading for a client; its history stays. Raises ClientNotFound, ClientHasLiveOrders."""
        return await self.change(actor, client_id, ClientChange({"is_active": False}))

    async def _wake(self, login_id: str) -> None:
        await self._bus.publish(SESSIONS_WANTED, {"login_id": login_id})


async def check_references(tx: AccountTransaction, dealer_id: str | None, egress_id: str | None) -> None:
    """Raises InvalidInput where a dealer or egress is named that does not exist."""
    if dealer_id is not None and await tx.dealer(dealer_id) is None:
        raise InvalidInput("names no dealer", field="dealer_id")
    if egress_id is not None and await tx.egress(egress_id) is None:
        raise InvalidInput("names no egress", field="egress_id")


async def _end_own_session(tx: AccountTransaction, before: Client, after: Client) -> None:
    if before.dealer_id is not None:
        return  # the session is its dealer's, and serves others
    if not after.is_active:
        reason = "The client is not active."
    elif after.dealer_id is not None:
        reason = "A dealer login serves this client now."
    else:
        reason = "The credentials changed; a new login is under way."
    await tx.end_session(before.id, LoginKind.CLIENT, after.mofsl_client_code, reason)


def _known(client: Client | None) -> Client:
    if client is None:
        raise ClientNotFound("there is no such client")
    return client


def _checked_values(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = dict(values)
    if "name" in checked:
        checked["name"] = plain_name(checked["name"])
    if "mofsl_client_code" in checked:
        checked["mofsl_client_code"] = account_code(checked["mofsl_client_code"], field="mofsl_client_code")
    if "groups" in checked:
        checked["groups"] = plain_groups(checked["groups"])
    return checked


def _columns(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if name == "groups" else value for name, value in changed.items()}
