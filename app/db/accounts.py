"""Clients, dealers and egresses as rows. Sealed values go in and never come out through here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.audit import append
from app.db.broker_sessions import upsert_session
from app.db.bulk import insert_many
from app.db.session import Database
from app.domain.audit import AuditEntry, AuditRecord
from app.domain.broker_sessions import LoginKind, SessionState
from app.domain.clients import Client, ClientCodeTaken, Dealer, DealerCodeTaken
from app.domain.credentials import CREDENTIAL_COLUMNS
from app.domain.egresses import Egress, EgressKind, EgressNameTaken
from app.domain.errors import Conflict
from app.domain.orders import FINAL
from app.domain.ports.accounts import SealedValues
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_DEALERS: Table = m.Dealer.__table__  # type: ignore[assignment]
_EGRESSES: Table = m.Egress.__table__  # type: ignore[assignment]
_ORDERS: Table = m.Order.__table__  # type: ignore[assignment]
_IS_LIVE = or_(_ORDERS.c.status.not_in([*FINAL]), _ORDERS.c.pending_op.is_not(None))
_SECRET_COLUMNS = tuple(CREDENTIAL_COLUMNS.values())
_CLIENT_COLUMNS = (
    "id",
    "name",
    "mofsl_client_code",
    "dealer_id",
    "egress_id",
    "groups",
    "is_active",
    "shard",
    "credentials_changed_at",
    "created_at",
    "updated_at",
)
_DEALER_COLUMNS = (
    "id",
    "name",
    "dealer_code",
    "egress_id",
    "is_active",
    "credentials_changed_at",
    "created_at",
    "updated_at",
)
_IN_LIST_MOST = 500  # SQLite allows 32,766 parameters; shorter lists are planned faster on both

Found = TypeVar("Found")


class SqlAccountStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlAccountTransaction]:
        async with self._database.read() as connection:
            yield SqlAccountTransaction(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlAccountTransaction]:
        async with self._database.write() as connection:
            yield SqlAccountTransaction(connection)


class SqlAccountTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # -- clients ---------------------------------------------------------------------------------------------------

    async def client(self, client_id: str, *, lock: bool = False) -> Client | None:
        statement = _client_select().where(_CLIENTS.c.id == client_id)
        if lock and self._connection.dialect.name == "postgresql":
            statement = statement.with_for_update()
        row = (await self._connection.execute(statement)).one_or_none()
        return _client(row) if row else None

    async def clients(self, *, q: str, offset: int, limit: int) -> tuple[list[Client], int]:
        by_name = (_CLIENTS.c.name, _CLIENTS.c.id)
        if not q.strip():
            total = await self._count(_CLIENTS)
            rows = await self._connection.execute(_client_select().order_by(*by_name).offset(offset).limit(limit))
            return [_client(row) for row in rows], total
        # SQLite folds only ASCII, so names are compared here, with the same result on both databases
        wanted = q.strip().casefold()
        named = await self._connection.execute(
            select(_CLIENTS.c.id, _CLIENTS.c.name, _CLIENTS.c.mofsl_client_code).order_by(*by_name)
        )
        ids = [row.id for row in named if wanted in row.name.casefold() or wanted in row.mofsl_client_code.casefold()]
        page: dict[str, Client] = {}
        for part in _parts(ids[offset : offset + limit]):
            rows = await self._connection.execute(_client_select().where(_CLIENTS.c.id.in_(part)))
            page.update((row.id, _client(row)) for row in rows)
        return [page[client_id] for client_id in ids[offset : offset + limit]], len(ids)

    async def codes_taken(self, codes: Sequence[str]) -> frozenset[str]:
        taken: set[str] = set()
        for part in _parts(codes):
            column = _CLIENTS.c.mofsl_client_code
            taken.update(await self._connection.scalars(select(column).where(column.in_(part))))
        return frozenset(taken)

    async def add_clients(self, clients: Sequence[tuple[Client, SealedValues]]) -> None:
        columns = (*_CLIENT_COLUMNS, *_SECRET_COLUMNS)
        rows = [
            (*(_client_value(client, column) for column in _CLIENT_COLUMNS), *map(sealed.get, _SECRET_COLUMNS))
            for client, sealed in clients
        ]
        try:
            await insert_many(self._connection, _CLIENTS, columns, rows)
        except Exception as error:
            if _is_taken(error):
                raise ClientCodeTaken("a client with this MOFSL client code exists already") from None
            raise

    async def update_client(self, client_id: str, changes: Mapping[str, Any]) -> None:
        taken = ClientCodeTaken("a client with this MOFSL client code exists already")
        await self._update(_CLIENTS, client_id, changes, taken)

    async def has_live_orders(self, client_id: str) -> bool:
        return bool(
            await self._connection.scalar(select(exists().where(_ORDERS.c.requested_client_id == client_id, _IS_LIVE)))
        )

    # -- dealers ---------------------------------------------------------------------------------------------------

    async def dealer(self, dealer_id: str) -> Dealer | None:
        row = (await self._connection.execute(_dealer_select().where(_DEALERS.c.id == dealer_id))).one_or_none()
        return Dealer(**row._mapping) if row else None

    async def dealers(self, *, offset: int, limit: int) -> tuple[list[Dealer], int]:
        statement = _dealer_select().order_by(_DEALERS.c.name, _DEALERS.c.id).offset(offset).limit(limit)
        rows = await self._connection.execute(statement)
        return [Dealer(**row._mapping) for row in rows], await self._count(_DEALERS)

    async def dealer_has_live_orders(self, dealer_id: str) -> bool:
        served = select(_CLIENTS.c.id).where(_CLIENTS.c.dealer_id == dealer_id)
        return bool(
            await self._connection.scalar(select(exists().where(_ORDERS.c.requested_client_id.in_(served), _IS_LIVE)))
        )

    async def dealer_ids(self, codes: Sequence[str]) -> dict[str, str]:
        return await self._ids_by(_DEALERS, "dealer_code", codes)

    async def add_dealer(self, dealer: Dealer, sealed: SealedValues) -> None:
        values = {column: getattr(dealer, column) for column in _DEALER_COLUMNS} | dict(sealed)
        await self._insert(_DEALERS, values, DealerCodeTaken("a dealer with this code exists already"))

    async def update_dealer(self, dealer_id: str, changes: Mapping[str, Any]) -> None:
        taken = DealerCodeTaken("a dealer with this code exists already")
        await self._update(_DEALERS, dealer_id, changes, taken)

    # -- egresses --------------------------------------------------------------------------------------------------

    async def egress(self, egress_id: str) -> Egress | None:
        row = (await self._connection.execute(select(_EGRESSES).where(_EGRESSES.c.id == egress_id))).one_or_none()
        return _egress(row) if row else None

    async def egresses(self, *, offset: int, limit: int) -> tuple[list[Egress], int]:
        statement = select(_EGRESSES).order_by(_EGRESSES.c.name, _EGRESSES.c.id).offset(offset).limit(limit)
        rows = await self._connection.execute(statement)
        return [_egress(row) for row in rows], await self._count(_EGRESSES)

    async def egress_ids(self, names: Sequence[str]) -> dict[str, str]:
        return await self._ids_by(_EGRESSES, "name", names)

    async def add_egress(self, egress: Egress) -> None:
        values = {column.name: getattr(egress, column.name) for column in _EGRESSES.columns}
        await self._insert(_EGRESSES, values, EgressNameTaken("an egress with this name exists already"))

    async def update_egress(self, egress_id: str, changes: Mapping[str, Any]) -> None:
        taken = EgressNameTaken("an egress with this name exists already")
        await self._update(_EGRESSES, egress_id, changes, taken)

    # -- sessions and audit ----------------------------------------------------------------------------------------

    async def end_session(self, login_id: str, kind: LoginKind, user_id: str, reason: str) -> None:
        row = {"owner_id": login_id, "owner_kind": kind, "user_id": user_id, "reason": reason}
        await upsert_session(self._connection, [row | {"state": SessionState.ABSENT}])

    async def want_logins(self, logins: Sequence[tuple[str, LoginKind, str]], at: datetime) -> None:
        rows = [
            {"owner_id": login_id, "owner_kind": kind, "user_id": user_id, "login_requested_at": at}
            for login_id, kind, user_id in logins
        ]
        await upsert_session(self._connection, rows)

    async def record(self, entry: AuditEntry, *, at: datetime) -> AuditRecord:
        return await append(self._connection, entry, at=at)

    # -- shared ----------------------------------------------------------------------------------------------------

    async def _count(self, table: Table) -> int:
        return int(await self._connection.scalar(select(func.count()).select_from(table)) or 0)

    async def _ids_by(self, table: Table, column: str, values: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in _parts(values):
            rows = await self._connection.execute(select(table.c[column], table.c.id).where(table.c[column].in_(part)))
            found.update((row[0], row[1]) for row in rows)
        return found

    async def _insert(self, table: Table, values: Mapping[str, Any], taken: Conflict) -> None:
        try:
            await self._connection.execute(insert(table).values(**values))
        except IntegrityError as error:
            raise (taken if _is_taken(error) else error) from None

    async def _update(self, table: Table, row_id: str, changes: Mapping[str, Any], taken: Conflict) -> None:
        try:
            await self._connection.execute(update(table).where(table.c.id == row_id).values(**changes))
        except IntegrityError as error:
            raise (taken if _is_taken(error) else error) from None


def _is_taken(error: Exception) -> bool:
    """Both drivers name the cause; what they quote of the row is not passed on."""
    original = getattr(error, "orig", None) or error
    text = f"{type(getattr(original, '__cause__', None) or original).__name__} {original}"
    return "UniqueViolation" in text or "UNIQUE constraint failed" in text


def _parts(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + _IN_LIST_MOST] for start in range(0, len(values), _IN_LIST_MOST)]


def _client_value(client: Client, column: str) -> Any:
    return list(client.groups) if column == "groups" else getattr(client, column)


def _client_select() -> Select[Any]:
    has_all: ColumnElement[bool] = and_(*(_CLIENTS.c[column].is_not(None) for column in _SECRET_COLUMNS))
    return select(*(_CLIENTS.c[column] for column in _CLIENT_COLUMNS), has_all.label("has_credentials"))


def _dealer_select() -> Select[Any]:
    return select(*(_DEALERS.c[column] for column in _DEALER_COLUMNS))


def _client(row: Row[Any]) -> Client:
    return Client(**{**row._mapping, "groups": tuple(row.groups), "has_credentials": bool(row.has_credentials)})


def _egress(row: Row[Any]) -> Egress:
    return Egress(**{**row._mapping, "kind": EgressKind(row.kind)})
