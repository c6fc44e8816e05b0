"""Many clients from one file: a verdict for every row, and all of them or none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.audit import AuditEntry
from app.domain.clients import Client, ClientCodeTaken, account_code
from app.domain.credentials import SECRET_NAMES, InvalidFields, Secrets
from app.domain.errors import InvalidInput
from app.domain.identity import Actor
from app.domain.ports.accounts import AccountStore, AccountTransaction
from app.domain.ports.broker_sessions import SESSIONS_WANTED
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.sealing import SecretSealer
from app.services.manage_clients import NewClient, checked_client
from app.services.read_client_file import FileRow, read_client_file
from app.services.sealing import sealed_values

_YES_NO = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """`mofsl_client_code` is None where the cell holds none. `errors` are (column, message)."""

    row: int
    mofsl_client_code: str | None
    errors: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        return not self.errors


@dataclass(frozen=True, slots=True)
class ImportResult:
    rows: tuple[RowVerdict, ...]
    imported: int

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.rows)


@dataclass(slots=True)
class _Checked:
    verdict: RowVerdict
    client: Client | None = None
    secrets: Secrets = field(default_factory=Secrets)


@dataclass(frozen=True, slots=True)
class _Known:
    dealers: Mapping[str, str]  # code to id
    egresses: Mapping[str, str]  # name to id
    codes: frozenset[str]  # taken already


class ImportClients:
    def __init__(
        self, *, store: AccountStore, sealer: SecretSealer, clock: Clock, new_id: Callable[[], str], bus: Bus
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id
        self._bus = bus

    async def from_file(self, actor: Actor, content: bytes, *, dry_run: bool) -> ImportResult:
        """Check every row and, unless `dry_run` or any row is wrong, add all of them in one transaction.

        Raises InvalidInput where the file as a whole cannot be read.
        """
        rows = await asyncio.to_thread(read_client_file, content)
        async with self._store.read() as tx:
            known = await _look_up(tx, rows)
        checked = await asyncio.to_thread(self._check, rows, known)
        verdicts = tuple(entry.verdict for entry in checked)
        if dry_run or not all(verdict.ok for verdict in verdicts):
            return ImportResult(verdicts, imported=0)
        sealed = await asyncio.to_thread(self._seal, checked)
        try:
            await self._add(actor, sealed)
        except ClientCodeTaken:  # somebody added one of them meanwhile
            async with self._store.read() as tx:
                known = await _look_up(tx, rows)
            verdicts = tuple(entry.verdict for entry in self._check(rows, known))
            return ImportResult(verdicts, imported=0)
        await self._bus.publish(SESSIONS_WANTED, {"logins": len(sealed)})
        return ImportResult(verdicts, imported=len(sealed))

    async def _add(self, actor: Actor, sealed: Sequence[tuple[Client, Mapping[str, str]]]) -> None:
        now = self._clock.now()
        async with self._store.write() as tx:
            await tx.add_clients(sealed)
            codes = [client.mofsl_client_code for client, _ in sealed]
            entry = AuditEntry(actor, "client.imported", None, {"count": len(codes), "mofsl_client_codes": codes})
            await tx.record(entry, at=now)

    def _seal(self, checked: Sequence[_Checked]) -> list[tuple[Client, Mapping[str, str]]]:
        return [
            (entry.client, sealed_values(self._sealer, entry.client.id, entry.secrets))
            for entry in checked
            if entry.client is not None
        ]

    def _check(self, rows: Sequence[FileRow], known: _Known) -> list[_Checked]:
        times = Counter(_code(row) for row in rows)
        return [self._check_row(row, known, times) for row in rows]

    def _check_row(self, row: FileRow, known: _Known, times: Mapping[str | None, int]) -> _Checked:
        errors = list(row.problems)
        wrong = {name for name, _ in errors}
        code = _code(row)
        if code is not None and times[code] > 1:
            errors.append(("mofsl_client_code", "is in the file more than once"))
        if code is not None and code in known.codes:
            errors.append(("mofsl_client_code", "belongs to a client that exists already"))
        is_active = _YES_NO.get(row.cells.get("is_active", "yes").lower())
        if is_active is None:
            errors.append(("is_active", "must be yes or no"))
        dealer_code, egress = row.cells.get("dealer_code"), row.cells.get("egress")
        dealer_id = known.dealers.get(dealer_code.upper()) if dealer_code else None
        egress_id = known.egresses.get(egress) if egress else None
        if dealer_code and dealer_id is None:
            errors.append(("dealer_code", "names no dealer"))
        if egress and egress_id is None:
            errors.append(("egress", "names no egress"))
        new = NewClient(
            name=row.cells.get("name", ""),
            mofsl_client_code=row.cells.get("mofsl_client_code", ""),
            secrets={name: row.cells.get(name) for name in SECRET_NAMES},
            dealer_id=dealer_id or dealer_code,
            egress_id=egress_id,
            groups=[group for group in row.cells.get("groups", "").split(";") if group.strip()],
            is_active=bool(is_active),
        )
        client, secrets, found = self._checked(new)
        errors += [error for error in found if error[0] not in wrong]
        return _Checked(RowVerdict(row.number, code, tuple(errors)), client, secrets)

    def _checked(self, new: NewClient) -> tuple[Client | None, Secrets, tuple[tuple[str, str], ...]]:
        try:
            client, secrets = checked_client(new, client_id=self._new_id(), now=self._clock.now())
        except InvalidFields as error:
            return None, Secrets(), error.fields
        except InvalidInput as error:
            return None, Secrets(), ((error.field or "row", error.message),)
        return client, secrets, ()


async def _look_up(tx: AccountTransaction, rows: Sequence[FileRow]) -> _Known:
    dealers = {row.cells["dealer_code"].upper() for row in rows if "dealer_code" in row.cells}
    egresses = {row.cells["egress"] for row in rows if "egress" in row.cells}
    codes = {code for row in rows if (code := _code(row)) is not None}
    return _Known(
        await tx.dealer_ids(sorted(dealers)),
        await tx.egress_ids(sorted(egresses)),
        await tx.codes_taken(sorted(codes)),
    )


def _code(row: FileRow) -> str | None:
    try:
        return account_code(row.cells.get("mofsl_client_code", ""), field="mofsl_client_code")
    except InvalidInput:
        return None
