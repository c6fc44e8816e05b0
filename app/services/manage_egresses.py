"""How requests leave for an account, and the proof of the source address that is really used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.audit import AuditEntry
from app.domain.clients import plain_name
from app.domain.egresses import Egress, EgressKind, EgressNotFound, EgressVerdict, egress_value, ip_address, judge
from app.domain.identity import Actor
from app.domain.ports.accounts import AccountStore, EgressProbe
from app.domain.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class NewEgress:
    name: str
    kind: EgressKind
    value: str | None
    registered_address: str | None


class ManageEgresses:
    def __init__(self, *, store: AccountStore, probe: EgressProbe, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._probe = probe
        self._clock = clock
        self._new_id = new_id

    async def create(self, actor: Actor, new: NewEgress) -> Egress:
        """Raises InvalidInput, EgressNameTaken."""
        now = self._clock.now()
        egress = Egress(
            id=self._new_id(),
            name=plain_name(new.name),
            kind=new.kind,
            value=egress_value(new.kind, new.value),
            registered_address=_address(new.registered_address),
            verified_at=None,
            verified_address=None,
            created_at=now,
            updated_at=now,
        )
        async with self._store.write() as tx:
            await tx.add_egress(egress)
            detail = {"name": egress.name, "kind": egress.kind.value, "registered_address": egress.registered_address}
            await tx.record(AuditEntry(actor, "egress.created", egress.id, detail), at=now)
        return egress

    async def page(self, *, offset: int = 0, limit: int = 100) -> tuple[list[Egress], int]:
        async with self._store.read() as tx:
            return await tx.egresses(offset=offset, limit=limit)

    async def change(self, actor: Actor, egress_id: str, values: Mapping[str, Any]) -> Egress:
        """Set the fields given. What was verified before no longer counts. Raises EgressNotFound, InvalidInput."""
        now = self._clock.now()
        async with self._store.write() as tx:
            before = _known(await tx.egress(egress_id))
            wanted = dict(values)
            if "name" in wanted:
                wanted["name"] = plain_name(wanted["name"])
            if "registered_address" in wanted:
                wanted["registered_address"] = _address(wanted["registered_address"])
            if wanted.keys() & {"kind", "value"}:
                wanted["kind"] = EgressKind(wanted.get("kind", before.kind))
                wanted["value"] = egress_value(wanted["kind"], wanted.get("value", before.value))
            changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
            if not changed:
                return before
            changed["updated_at"] = now
            if changed.keys() & {"kind", "value", "registered_address"}:
                changed |= {"verified_at": None, "verified_address": None}
            await tx.update_egress(egress_id, changed)
            names = sorted(changed.keys() & values.keys())
            await tx.record(AuditEntry(actor, "egress.updated", egress_id, {"fields": names}), at=now)
        return replace(before, **changed)

    async def verify(self, actor: Actor, egress_id: str) -> EgressVerdict:
        """Open one connection to the broker's host as this egress would, and say what that proves."""
        async with self._store.read() as tx:
            egress = _known(await tx.egress(egress_id))
        verdict = judge(egress, await self._probe.probe(egress))
        now = self._clock.now()
        seen = {"verified_at": now, "verified_address": verdict.local_address}
        async with self._store.write() as tx:
            if verdict.connected and verdict.matches_registered is not False:
                await tx.update_egress(egress_id, seen)
                verdict = replace(
                    verdict, egress=replace(egress, verified_at=now, verified_address=verdict.local_address)
                )
            detail = {"connected": verdict.connected, "local_address": verdict.local_address}
            await tx.record(AuditEntry(actor, "egress.verified", egress_id, detail), at=now)
        return verdict


def _address(text: str | None) -> str | None:
    return ip_address(text, field="registered_address") if text else None


def _known(egress: Egress | None) -> Egress:
    if egress is None:
        raise EgressNotFound("there is no such egress")
    return egress
