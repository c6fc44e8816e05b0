"""The audit trail, for administrators: read, filtered, and as a CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse

from app.api.deps import AuditReader, CurrentDesk, PageQuery
from app.api.strict_json import desk_router
from app.domain.audit import AuditRecord
from app.domain.csv_safety import csv_cell
from app.domain.errors import InvalidInput
from app.domain.ports.identity import AuditFilter
from app.schemas.audit import AuditEventList, AuditEventRead
from app.schemas.fields import InstantIn

router = desk_router(prefix="/api/v1/audit", tags=["Audit"])

_EXPORT_MAX_ROWS = 500_000
_COLUMNS = ("sequence", "at", "actor", "actor_id", "source_address", "action", "subject", "detail", "hash")


class AuditQuery:
    """`action` is exact, or a group such as `sign_in.`; `from` is inclusive, `to` exclusive."""

    def __init__(
        self,
        action: Annotated[str | None, Query(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]*)*$", max_length=64)] = None,
        actor_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
        subject: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
        since: Annotated[InstantIn | None, Query(alias="from")] = None,
        until: Annotated[InstantIn | None, Query(alias="to")] = None,
    ) -> None:
        if since is not None and until is not None and since > until:
            raise InvalidInput("`from` must not be after `to`", field="from")
        self.wanted = AuditFilter(action=action, actor_id=actor_id, subject=subject, since=since, until=until)


@router.get("")
async def audit_events(
    desk: CurrentDesk, _who: AuditReader, query: Annotated[AuditQuery, Depends()], paging: PageQuery
) -> AuditEventList:
    """The newest first."""
    found, total = await desk.identity.audit.page(query.wanted, offset=paging.offset, limit=paging.limit)
    return AuditEventList(items=[AuditEventRead.model_validate(record) for record in found], total=total)


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def audit_export(
    desk: CurrentDesk, _who: AuditReader, query: Annotated[AuditQuery, Depends()]
) -> StreamingResponse:
    """The same as CSV; texts that a spreadsheet would take for a formula are made harmless."""
    records = desk.identity.audit.every(query.wanted, limit=_EXPORT_MAX_ROWS)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_csv(records), media_type="text/csv", headers=headers)


async def _csv(records: AsyncIterator[AuditRecord]) -> AsyncIterator[str]:
    yield _line(_COLUMNS)
    async for record in records:
        yield _line([csv_cell(_text(getattr(record, column))) for column in _COLUMNS])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
