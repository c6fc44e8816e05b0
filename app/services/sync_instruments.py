"""Read the scrip masters at the broker and put them in place of the last ones, if they can be believed (F54)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.errors import BrokerError, DeskError
from app.domain.instrument_master import (
    LotChange,
    MasterChanges,
    MasterRecord,
    believable_rows,
    changes,
    reason_to_refuse,
)
from app.domain.instruments import TRADED_BY_THE_DESK, Exchange, Instrument
from app.domain.ports import Broker, Clock
from app.domain.ports.bus import INSTRUMENTS_CHANGED, Bus
from app.domain.ports.instruments import InstrumentStore
from app.domain.time import trading_day
from app.services.instrument_blob import canonical_bytes, version_of

log = logging.getLogger(__name__)

_LONGEST_NAME = 100  # as the columns of `tokens`; these are shown, and no order depends on them
_LONGEST_FULL_NAME = 150
_LONGEST_ISIN = 12
_LOGGED_CHANGES = 20


class SyncOutcome(StrEnum):
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # the file cannot be believed: the last master stays
    FAILED = "failed"  # the broker or the database gave nothing: the last master stays


@dataclass(frozen=True, slots=True)
class SyncReport:
    exchange: Exchange
    outcome: SyncOutcome
    row_count: int  # rows now in force
    reason: str | None = None
    unusable_rows: int = 0
    lot_changes: tuple[LotChange, ...] = ()
    reused_tokens: tuple[int, ...] = ()

    @property
    def is_in_force(self) -> bool:
        return self.outcome in (SyncOutcome.UPDATED, SyncOutcome.UNCHANGED)


async def sync_instruments(
    *,
    broker: Broker,
    store: InstrumentStore,
    clock: Clock,
    bus: Bus,
    exchanges: Iterable[Exchange] = TRADED_BY_THE_DESK,
    forced: bool = False,
) -> list[SyncReport]:
    """Sync each exchange; one that fails neither stops nor spoils the others.

    `forced` accepts a master that shrank by more than a fifth. Raises StoreUnavailable only if the loaded masters
    cannot even be read.
    """
    previous = await store.masters()
    reports = []
    for exchange in exchanges:
        last = previous.get(exchange)
        try:
            report = await _sync_one(exchange, last, broker=broker, store=store, clock=clock, forced=forced)
        except DeskError as error:
            where = "the broker" if isinstance(error, BrokerError) else "the database"
            reason = f"{where} gave no {exchange} master: {error.message}"
            report = SyncReport(exchange, SyncOutcome.FAILED, last.row_count if last else 0, reason)
        _log(report)
        reports.append(report)
    if any(report.outcome is SyncOutcome.UPDATED for report in reports):
        await bus.publish(INSTRUMENTS_CHANGED, {"exchanges": [r.exchange.value for r in reports if r.is_in_force]})
    return reports


async def _sync_one(
    exchange: Exchange,
    last: MasterRecord | None,
    *,
    broker: Broker,
    store: InstrumentStore,
    clock: Clock,
    forced: bool,
) -> SyncReport:
    received = await broker.instruments(exchange)
    now = clock.now()
    rows = await asyncio.to_thread(_usable, received)
    unusable = len(received) - len(rows)
    previous_count = last.row_count if last else 0
    reason = reason_to_refuse(exchange, rows, previous_count=previous_count, today=trading_day(now), forced=forced)
    if reason is not None:
        return SyncReport(exchange, SyncOutcome.REFUSED, previous_count, reason, unusable)
    record = await asyncio.to_thread(_record, exchange, rows, now)
    if last is not None and last.version == record.version:
        await store.confirm(record)
        return SyncReport(exchange, SyncOutcome.UNCHANGED, len(rows), None, unusable)
    known: Mapping[int, Instrument] = {row.symbol_token: row for row in await store.rows(exchange)} if last else {}
    differences: MasterChanges = changes(known, rows)
    await store.replace(record, rows)
    return SyncReport(exchange, SyncOutcome.UPDATED, len(rows), None, unusable, differences.lots, differences.reused)


def _record(exchange: Exchange, rows: Sequence[Instrument], now: datetime) -> MasterRecord:
    return MasterRecord(exchange, version_of(canonical_bytes(rows)), len(rows), now, trading_day(now))


def _usable(received: Sequence[Instrument]) -> list[Instrument]:
    return [_fitting(row) for row in believable_rows(received)]


def _fitting(row: Instrument) -> Instrument:
    isin = row.isin if row.isin is None or len(row.isin) <= _LONGEST_ISIN else None
    name, full_name = row.name[:_LONGEST_NAME], row.full_name[:_LONGEST_FULL_NAME]
    if (name, full_name, isin) == (row.name, row.full_name, row.isin):
        return row
    return replace(row, name=name, full_name=full_name, isin=isin)


def _log(report: SyncReport) -> None:
    if not report.is_in_force:
        log.error("instrument master %s %s: %s", report.exchange, report.outcome, report.reason)
        return
    log.info("instrument master %s %s: %d rows", report.exchange, report.outcome, report.row_count)
    if report.unusable_rows:
        log.warning("instrument master %s: %d rows left out as unusable", report.exchange, report.unusable_rows)
    for change in report.lot_changes[:_LOGGED_CHANGES]:
        log.warning(
            "lot size of %s:%d %s changed from %d to %d",
            report.exchange,
            change.symbol_token,
            change.name,
            change.before,
            change.after,
        )
    if len(report.lot_changes) > _LOGGED_CHANGES:
        log.warning("instrument master %s: %d lot sizes changed", report.exchange, len(report.lot_changes))
    if report.reused_tokens:
        log.warning(
            "instrument master %s: %d tokens now mean another instrument, such as %s",
            report.exchange,
            len(report.reused_tokens),
            report.reused_tokens[:5],
        )
