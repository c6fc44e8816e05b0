"""Reading the audit trail, and proving that nobody changed it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from app.domain.audit import AuditRecord, is_intact
from app.domain.ports.identity import AuditFilter, AuditStore

_CHUNK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`broken_at` is the first sequence that is missing, changed or out of order; None where the chain holds."""

    checked: int
    head: tuple[int, str] | None
    broken_at: int | None
    reason: str | None = None

    @property
    def is_intact(self) -> bool:
        return self.broken_at is None


async def verify_chain(store: AuditStore, anchors: Mapping[int, str] | None = None) -> ChainVerdict:
    """Check every row against the one before it, and against `anchors` (sequence to hash) kept outside.

    The chain alone shows a change; only an anchor shows that the end was cut off, or that all was built anew.
    """
    wanted = dict(anchors or {})
    last: tuple[int, str] | None = None
    checked = 0
    while rows := await store.after(last[0] if last else 0, limit=_CHUNK_ROWS):
        for row in rows:
            expected = last[0] + 1 if last else 1
            if not is_intact(row, last):
                return ChainVerdict(checked, last, expected, "a row is missing or was changed")
            if wanted.pop(row.sequence, row.hash) != row.hash:
                return ChainVerdict(checked, last, row.sequence, "a row differs from its anchor")
            last, checked = (row.sequence, row.hash), checked + 1
    if wanted:
        return ChainVerdict(checked, last, min(wanted), "the end of the trail is missing")
    return ChainVerdict(checked, last, None)


class AuditTrail:
    def __init__(self, store: AuditStore) -> None:
        self._store = store

    async def page(self, wanted: AuditFilter, *, offset: int, limit: int) -> tuple[list[AuditRecord], int]:
        return await self._store.page(wanted, offset=offset, limit=limit)

    async def verify(self, anchors: Mapping[int, str] | None = None) -> ChainVerdict:
        return await verify_chain(self._store, anchors)

    async def every(self, wanted: AuditFilter, *, limit: int) -> AsyncIterator[AuditRecord]:
        """Yield up to `limit` matching rows, the newest first, without holding them all."""
        offset = 0
        while offset < limit:
            rows, _total = await self._store.page(wanted, offset=offset, limit=min(_CHUNK_ROWS, limit - offset))
            for row in rows:
                yield row
            if len(rows) < _CHUNK_ROWS:
                return
            offset += len(rows)
