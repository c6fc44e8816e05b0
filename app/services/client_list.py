"""The dashboard's list of clients as finished bytes: each row is encoded when it changes, not when it is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import orjson

from app.domain.broker_sessions import SessionState, status_when
from app.domain.money import money_text
from app.domain.portfolio import STALE_AFTER, ClientRow, current_profit, reading_stale
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import ClientRowStore, LiveProfits
from app.domain.profit_views import ClientPl

_KEPT_PAGES = 8
_NEVER = datetime.max.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(slots=True)
class _Encoded:
    """A row's JSON: `head` and `middle` stand around its profit, which changes far more often than they do."""

    row: ClientRow
    valid_before: datetime  # then its session is over, or its reading is old, and the row says so
    head: bytes
    middle: bytes
    profit: ClientPl
    text: bytes


@dataclass(frozen=True, slots=True)
class _Page:
    version: int
    body: bytes


class ClientList:
    """`salt` differs in every process, so that no ETag of one is mistaken for another's."""

    def __init__(self, *, store: ClientRowStore, live: LiveProfits, clock: Clock, salt: str) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._salt = salt
        self._rows: Sequence[ClientRow] = ()
        self._profits: object = None  # the mapping that was last looked through
        self._valid_before = _NEVER
        self._encoded: dict[str, _Encoded] = {}
        self._folded: list[tuple[str, str]] | None = None
        self._version = 0
        self._pages: OrderedDict[tuple[str, int, int], _Page] = OrderedDict()

    async def page(self, *, q: str, offset: int, limit: int, known: Collection[str] = ()) -> tuple[str, bytes | None]:
        """Return the page's ETag and its JSON, or None for the JSON where the caller's ETags (`known`) name it.

        Rows are by name; `q` is part of a name or code, whatever its case. Raises StoreUnavailable.
        """
        await self._bring_up_to_date()
        etag = f'"{self._salt}-{self._version}"'
        if etag in known:
            return etag, None
        key = q.strip().casefold(), offset, limit
        page = self._pages.get(key)
        if page is None or page.version != self._version:
            page = self._pages[key] = _Page(self._version, self._body(*key))
            if len(self._pages) > _KEPT_PAGES:
                self._pages.popitem(last=False)
        return etag, page.body

    async def _bring_up_to_date(self) -> None:
        rows = await self._store.rows()
        profits = await self._live.profits()
        now = self._clock.now()
        are_rows_new = rows is not self._rows or now >= self._valid_before
        if not are_rows_new and profits is self._profits:
            return
        before = self._encoded
        if are_rows_new:
            self._encoded = {
                row.id: _unless_known(before.get(row.id), row, current_profit(row, profits), now) for row in rows
            }
            self._valid_before = min((each.valid_before for each in self._encoded.values()), default=_NEVER)
            self._rows, self._folded = rows, None
            self._version += 1
        else:
            differing = [
                (each, profit)
                for each in before.values()
                if (profit := current_profit(each.row, profits)) is not each.profit and profit != each.profit
            ]
            for each, profit in differing:
                each.profit, each.text = profit, _text(each.head, each.middle, profit)
            self._version += bool(differing)
        self._profits = profits

    def _body(self, wanted: str, offset: int, limit: int) -> bytes:
        texts = [each.text for each in self._encoded.values()]
        if wanted:  # here and not in SQL: SQLite folds only ASCII
            if self._folded is None:
                self._folded = [(row.name.casefold(), row.mofsl_client_code.casefold()) for row in self._rows]
            texts = [
                text for text, (name, code) in zip(texts, self._folded, strict=True) if wanted in name or wanted in code
            ]
        return b'{"items":[%b],"total":%d}' % (b",".join(texts[offset : offset + limit]), len(texts))


def _unless_known(known: _Encoded | None, row: ClientRow, profit: ClientPl, now: datetime) -> _Encoded:
    if known is not None and known.row is row and now < known.valid_before:
        if known.profit != profit:
            known.profit, known.text = profit, _text(known.head, known.middle, profit)
        return known
    status = status_when(row.session, now)
    stale_reason = reading_stale(row.as_of, row.failed_reason, now)
    ends = [status.expires_at] if status.state is SessionState.READY and status.expires_at is not None else []
    if stale_reason is None and row.as_of is not None:
        ends.append(row.as_of + STALE_AFTER + _TICK)
    head = {
        "id": row.id,
        "name": row.name,
        "mofsl_client_code": row.mofsl_client_code,
        "is_active": row.is_active,
        "groups": row.groups,
        "available_funds": None if row.available_funds is None else money_text(row.available_funds),
    }
    middle = {
        "session": {"state": status.state.value, "reason": status.reason},
        "as_of": row.as_of,
        "stale": stale_reason is not None,
        "stale_reason": stale_reason,
    }
    before = orjson.dumps(head)[:-1] + b',"pl":'
    behind = b"," + orjson.dumps(middle, option=orjson.OPT_UTC_Z)[1:-1]
    return _Encoded(row, min(ends, default=_NEVER), before, behind, profit, _text(before, behind, profit))


def _text(head: bytes, middle: bytes, profit: ClientPl) -> bytes:
    return head + _rupees(profit.paise) + middle + _doubt(profit.stale_reason)


def _rupees(paise: int | None) -> bytes:
    if paise is None:
        return b"null"
    whole, rest = divmod(abs(paise), 100)
    return b'"%b%d.%02d"' % (b"-" if paise < 0 else b"", whole, rest)


@lru_cache(maxsize=256)
def _doubt(reason: str | None) -> bytes:
    return b',"pl_stale":%b,"pl_reason":%b}' % (b"false" if reason is None else b"true", orjson.dumps(reason))
