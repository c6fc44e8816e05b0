"""The dashboard's rows, kept in memory and brought up to date with what changed (PERFORMANCE.md, goal G15).

Nothing is read while the change mark stays. When it moves, four narrow queries fetch the driver's bare values (a row
through types and models costs ten times as much), and only rows that differ from the last ones are made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, Table, Text, cast, select, type_coerce
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.types import NullType

from app.db.session import Database
from app.db.types import Money, UtcInstant
from app.domain.broker_sessions import NO_SESSION, SessionState, SessionStatus
from app.domain.portfolio import ClientRow
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_DEALERS: Table = m.Dealer.__table__  # type: ignore[assignment]
_SESSIONS: Table = m.BrokerSession.__table__  # type: ignore[assignment]
_MARGINS: Table = m.Margin.__table__  # type: ignore[assignment]
_DIALECTS: dict[bool, Any] = {True: sqlite.dialect(), False: asyncpg.dialect()}  # type: ignore[no-untyped-call]
_STATES = {state.value: state for state in SessionState}
_NOT_ACTIVE = SessionStatus(SessionState.ABSENT, "The client is not active.")
_DEALER_NOT_ACTIVE = SessionStatus(SessionState.ABSENT, "The dealer login of this client is not active.")
_Raw = tuple[Any, ...]


def _bare(table: Table, *names: str) -> list[ColumnElement[Any]]:
    return [type_coerce(table.c[name], NullType()).label(name) for name in names]


_CLIENT_ROWS = select(
    *_bare(_CLIENTS, "id", "name", "mofsl_client_code", "is_active", "dealer_id"), cast(_CLIENTS.c.groups, Text)
).order_by(_CLIENTS.c.name, _CLIENTS.c.id)
_DEALER_ROWS = select(*_bare(_DEALERS, "id", "is_active"))
_MARGIN_ROWS = select(*_bare(_MARGINS, "client_id", "available", "profit_loss", "read_at", "failed_reason"))
_SESSION_ROWS = select(*_bare(_SESSIONS, "owner_id", "state", "reason", "expires_at"))


class SqlClientRows:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._read_at: Hashable | None = None
        dialect = _DIALECTS[database.is_sqlite]
        self._queries = [_text(query, dialect) for query in (_CLIENT_ROWS, _DEALER_ROWS, _MARGIN_ROWS, _SESSION_ROWS)]
        self._money = _reader(Money().result_processor(dialect, None))
        self._instant = _reader(UtcInstant().result_processor(dialect, None))
        self._tables: list[list[_Raw]] = [[], [], [], []]
        self._by_key: list[dict[str, _Raw]] = [{}, {}, {}, {}]
        self._made: dict[str, ClientRow] = {}
        self._rows: Sequence[ClientRow] = ()

    async def rows(self) -> Sequence[ClientRow]:
        mark = await self._database.changes.now()
        if mark is not None and mark == self._read_at:
            return self._rows
        async with self._turn:
            mark = await self._database.changes.now()  # another may have brought them up to date meanwhile
            if mark is None or mark != self._read_at:
                self._take_over(await self._read())
                self._read_at = mark
            return self._rows

    async def _read(self) -> list[list[_Raw]]:
        async with self._database.read() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if self._database.is_sqlite:
                return [list(await driver.execute_fetchall(query)) for query in self._queries]
            return [[tuple(row) for row in await driver.fetch(query)] for query in self._queries]

    def _take_over(self, tables: list[list[_Raw]]) -> None:
        changed = [before != after for before, after in zip(self._tables, tables, strict=True)]
        if not any(changed):
            return
        differing = [
            {row[0] for row in set(before) ^ set(after)} if is_changed else frozenset[str]()
            for is_changed, before, after in zip(changed, self._tables, tables, strict=True)
        ]
        for number, is_changed in enumerate(changed):
            if is_changed:
                self._by_key[number] = {row[0]: row for row in tables[number]}
        self._tables = tables
        of_client = differing[0] | differing[2]
        of_login = differing[1] | differing[3]
        made = {
            row[0]: self._row(row) if row[0] in of_client or (row[4] or row[0]) in of_login else self._made[row[0]]
            for row in tables[0]
        }  # in the order of the clients
        self._made, self._rows = made, tuple(made.values())

    def _row(self, client: _Raw) -> ClientRow:
        client_id, name, code, is_active, dealer_id, groups = client
        margin = self._by_key[2].get(client_id)
        session = self._by_key[3].get(dealer_id or client_id)
        if not is_active:
            status = _NOT_ACTIVE
        elif dealer_id is not None and not self._by_key[1][dealer_id][1]:
            status = _DEALER_NOT_ACTIVE
        elif session is None:
            status = NO_SESSION
        else:
            state = _STATES[session[1]]
            reason = None if state is SessionState.READY else session[2]
            status = SessionStatus(state, reason, self._instant(session[3]))
        return ClientRow(
            id=client_id,
            name=name,
            mofsl_client_code=code,
            is_active=bool(is_active),
            groups=() if groups == "[]" else tuple(orjson.loads(groups)),
            available_funds=self._money(margin[1]) if margin else None,
            pl=self._money(margin[2]) if margin else None,
            as_of=self._instant(margin[3]) if margin else None,
            failed_reason=margin[4] if margin else None,
            session=status,
        )


def _text(query: Select[Any], dialect: Any) -> str:
    return str(query.compile(dialect=dialect))


def _reader(process: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return process if process is not None else lambda value: value
