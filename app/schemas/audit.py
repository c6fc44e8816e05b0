"""The audit trail as administrators read it."""

from __future__ import annotations

from typing import Any

from app.schemas.base import InstantOut, ReadModel


class AuditEventRead(ReadModel):
    sequence: int
    at: InstantOut
    actor_id: str | None
    actor: str
    source_address: str | None
    action: str
    subject: str | None
    detail: dict[str, Any]
    previous_hash: str
    hash: str


class AuditEventList(ReadModel):
    items: list[AuditEventRead]
    total: int
